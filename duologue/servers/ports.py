"""Ports that are free at this moment; another process may still take one first."""

import socket
from contextlib import ExitStack

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM


def free_ports(count: int, *, kind: socket.SocketKind = TCP) -> list[int]:
    """`count` different ports that nobody has bound on any address of this machine."""
    with ExitStack() as bound:
        sockets = [bound.enter_context(socket.socket(socket.AF_INET, kind)) for _ in range(count)]
        for each in sockets:
            each.bind(("", 0))
        return [each.getsockname()[1] for each in sockets]


def is_free(port: int) -> bool:
    """Whether a server could listen on TCP `port` of the loopback address."""
    with socket.socket(socket.AF_INET, TCP) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
