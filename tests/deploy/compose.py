"""What Docker Compose reads from `deploy/compose.yaml`, at ports that are free here."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from duologue.servers.ports import UDP, free_ports

FILE = Path(__file__).parents[2] / "deploy" / "compose.yaml"
TCP_PORTS = ("7880", "7881", "8081", "8082", "8091", "8092")
UDP_PORT = "7882"


def read_services(variables: Mapping[str, str], *, here: bool = False) -> dict[str, Any]:
    """The services by name, with `variables` filled in; `here`, at ports that are free."""
    text = FILE.read_text(encoding="utf-8")
    if here:
        free = dict(zip(TCP_PORTS, map(str, free_ports(len(TCP_PORTS))), strict=True))
        free[UDP_PORT] = str(*free_ports(1, kind=UDP))
        text = re.sub(r"\b[78]\d{3}\b", lambda port: free[port[0]], text)

    def fill(found: re.Match[str]) -> str:
        name, otherwise, value = found.groups()
        if otherwise == ":?":
            return variables[name]
        return variables.get(name) or value

    filled = re.sub(r"\$\{(\w+)(:-|:\?)([^}]*)\}", fill, text)
    assert "$" not in filled
    services: dict[str, Any] = yaml.safe_load(filled)["services"]
    return services
