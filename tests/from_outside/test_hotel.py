"""A package of somebody else's, really installed: a business, a voice and a metric, by name."""

import asyncio
import csv
import json
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from duologue.folder.folder import CALL
from duologue.labels import metrics
from duologue.servers.server import running_server
from duologue.servers.worker_processes import running_workers
from shared.settings import Settings, inherited_environment
from shared.spec import Role

PACKAGE = Path(__file__).parent / "hotel_package"
REPOSITORY = Path(__file__).parents[2]
VOICE = "concierge/evening"
STAGE = """
from pathlib import Path
from duologue.deploy.staging import stage
from shared.spec import Role
stage(Role.SUPPORT, Path(), businesses=["hotel"])
"""
"""Stages into the current folder; the command would into the clone that it runs from."""
LABELS = ("breakfast-hours", "room-kept", "booking-cancelled")

pytestmark = pytest.mark.timeout(600)


class Guest:
    """Whoever has the package installed beside Duologue, and works in a folder of its own."""

    def __init__(self, folder: Path, site: Path) -> None:
        self.folder, self.site = folder, site

    def run(self, *arguments: str, **variables: str) -> str:
        """What Python prints; it must succeed."""
        packages = {"PYTHONPATH": f"{self.site}:{REPOSITORY}", "COLUMNS": "200"}
        done = subprocess.run(
            [sys.executable, "-P", *arguments],
            cwd=self.folder,
            env=inherited_environment() | packages | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def duologue(self, *arguments: str, **variables: str) -> str:
        """What a command prints; it must succeed."""
        return self.run("-m", "duologue", *arguments, **variables)

    def call(self, name: str) -> dict[str, Any]:
        """call.json of a call."""
        loaded: dict[str, Any] = json.loads((self.folder / "calls" / name / CALL).read_text())
        return loaded

    def apologies(self, name: str) -> int:
        """What the package's metric says of a call."""
        other = metrics.read(self.folder / "calls" / name).others["apologies"]
        assert (other.failed, other.description) == (
            None,
            "How often the support agent says sorry, in times per call.",
        )
        assert isinstance(other.value, int)
        return other.value


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Guest:
    folder = tmp_path_factory.mktemp("guest")
    source, site = folder / "source", folder / "site"
    shutil.copytree(PACKAGE, source)
    install = ["uv", "pip", "install", "--offline", "--no-deps", "--no-build-isolation", "-q"]
    place = ["--python", sys.executable, "--target", str(site), str(source)]
    subprocess.run([sys.executable, "-m", *install, *place], check=True)
    shutil.rmtree(source)
    return Guest(folder, site)


def test_it_is_listed_with_the_package_it_comes_from_and_nothing_is_wrong_with_it(
    guest: Guest,
) -> None:
    assert ["hotel", "grand-hotel", "2.0"] in [
        line.split() for line in guest.duologue("business", "list").splitlines()
    ]
    assert guest.duologue("business", "check", "hotel").startswith("hotel: ok")


def test_a_batch_of_direct_calls_uses_all_three_by_name(guest: Guest) -> None:
    plan = ("plan", "--business", "hotel", "--support-tts", VOICE, "--out", "plan.jsonl")
    assert "3 calls" in guest.duologue(*plan)
    guest.duologue("batch", "plan.jsonl", "--out", "calls", "--jobs", "1")
    names = [f"{label}-00000" for label in LABELS]
    assert {guest.call(name)["outcome"] for name in names} == {"completed"}
    assert {guest.call(name)["engines"]["support"]["tts"]["engine"] for name in names} == {VOICE}
    assert {guest.call(name)["spec"]["support"]["business"] for name in names} == {"hotel"}
    assert [guest.apologies(name) > 0 for name in names] == [False, False, True]
    table = csv.DictReader(StringIO(guest.duologue("summary", "calls", "--csv")))
    assert {row["call_id"]: row["task_success"] for row in table} == dict.fromkeys(names, "True")
    assert "apologies: p50 0" in guest.duologue("summary", "calls")


async def test_a_call_over_livekit_to_a_staged_support_agent_uses_all_three_by_name(
    guest: Guest, settings: Settings
) -> None:
    guest.run("-c", STAGE)
    packages = {
        Role.SUPPORT: str(guest.folder / "build" / "support"),  # and nothing of the guest's
        Role.CUSTOMER: f"{guest.site}:{REPOSITORY}",
    }

    def start(role: Role) -> list[str]:
        path = f"PYTHONPATH={packages[role]}"
        return ["env", path, sys.executable, "-P", "-m", f"{role}_agent"]

    async with (
        running_server(settings, lambda _: None) as server,
        running_workers(server.address, argv=start),
    ):
        told = await asyncio.to_thread(
            guest.duologue,
            *("call", "room-kept", "--business", "hotel", "--customer-tts", VOICE),
            *("--call-id", "staged"),
            LIVEKIT_URL=server.address.url,
            LIVEKIT_API_KEY=server.address.api_key,
            LIVEKIT_API_SECRET=server.address.api_secret.get_secret_value(),
        )
    assert "goal reached" in told
    assert guest.call("staged")["transport"] == "livekit"
    assert guest.call("staged")["engines"]["customer"]["tts"]["engine"] == VOICE
    assert guest.apologies("staged") == 0
