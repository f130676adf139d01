import socket

import pytest

from duologue.servers.ports import TCP, UDP, free_ports, is_free


@pytest.mark.parametrize("kind", [TCP, UDP])
def test_free_ports_are_different_and_can_be_bound(kind: socket.SocketKind) -> None:
    ports = free_ports(20, kind=kind)
    assert len(set(ports)) == 20
    for port in ports:
        with socket.socket(socket.AF_INET, kind) as bound:
            bound.bind(("127.0.0.1", port))


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)
