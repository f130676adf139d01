import json
import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from duologue.servers import up_state
from duologue.servers.server import Server
from shared.errors import UsageError
from shared.settings import Settings
from shared.spec import Role
from tests.duologue.processes import in_another_process


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, duologue_cache=tmp_path / "cache")


def rewrite(own: Settings, **changes: object) -> None:
    """Write the state file as if something else about it were true."""
    found = up_state.read(own)
    assert found is not None
    changed = found.model_copy(update=changes)
    values = changed.model_dump() | {"api_secret": changed.api_secret.get_secret_value()}
    up_state.state_file(own).write_text(json.dumps(values))


def test_there_is_no_state_before_anything_ran(own: Settings) -> None:
    assert up_state.read(own) is None
    assert not own.duologue_cache.exists()


def test_what_was_kept_is_read_and_gone_afterwards(own: Settings, server: Server) -> None:
    with up_state.kept(own, server.address) as file:
        found = up_state.read(own)
        assert found is not None
        assert found.pid == os.getpid()
        assert found.url == server.address.url
        assert found.api_secret == server.address.api_secret
        assert list(own.duologue_cache.iterdir()) == [file]
    assert up_state.read(own) is None
    assert not list(own.duologue_cache.iterdir())


def test_where_its_workers_answer_is_told_of_the_server_that_they_are_at(
    own: Settings, server: Server
) -> None:
    ports = {Role.CUSTOMER: 4001, Role.SUPPORT: 4002}
    assert up_state.worker_ports(own, server.address) == {}
    with up_state.kept(own, server.address) as file:
        assert up_state.worker_ports(own, server.address) == dict.fromkeys(Role)
        up_state.tell_workers(file, server.address, ports)
        assert up_state.worker_ports(own, server.address) == ports
        elsewhere = server.address.model_copy(update={"url": "ws://127.0.0.1:1"})
        assert up_state.worker_ports(own, elsewhere) == {}
        rewrite(own, url=elsewhere.url)  # which does not answer
        assert up_state.worker_ports(own, elsewhere) == ports
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert list(own.duologue_cache.iterdir()) == [file]


def test_only_its_owner_can_read_it(own: Settings, server: Server) -> None:
    previous = os.umask(0)
    try:
        with up_state.kept(own, server.address) as file:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    finally:
        os.umask(previous)


def test_it_is_gone_after_a_failure_too(own: Settings, server: Server) -> None:
    with pytest.raises(ZeroDivisionError), up_state.kept(own, server.address):
        raise ZeroDivisionError
    assert not up_state.state_file(own).exists()


def test_a_second_one_is_refused_and_the_first_stays(own: Settings, server: Server) -> None:
    with up_state.kept(own, server.address):
        with (
            pytest.raises(UsageError, match=f"process {os.getpid()}"),
            up_state.kept(own, server.address),
        ):
            pytest.fail("it was kept twice")
        assert up_state.read(own) is not None


def test_one_whose_process_is_dead_is_removed(own: Settings, server: Server) -> None:
    ended = in_another_process("print('bye')")
    with ended:
        ended.communicate()
    with up_state.kept(own, server.address) as file:
        rewrite(own, pid=ended.pid)
        assert up_state.read(own) is None
        assert not file.exists()


def test_one_whose_server_does_not_answer_is_removed(own: Settings, server: Server) -> None:
    with up_state.kept(own, server.address) as file:
        rewrite(own, url="ws://127.0.0.1:1")
        assert up_state.read(own) is None
        assert not file.exists()


@pytest.mark.parametrize("content", ["", "{", '{"url": "ws://127.0.0.1:1"}'])
def test_one_that_makes_no_sense_is_removed(own: Settings, content: str) -> None:
    own.duologue_cache.mkdir()
    up_state.state_file(own).write_text(content)
    assert up_state.read(own) is None
    assert not up_state.state_file(own).exists()


def test_one_that_cannot_be_read_is_named(own: Settings) -> None:
    up_state.state_file(own).mkdir(parents=True)
    with pytest.raises(
        UsageError, match=r"up.json cannot be read \(Is a directory\); set DUOLOGUE"
    ):
        up_state.read(own)


def test_a_cache_that_is_a_file_has_none_and_takes_none(own: Settings, server: Server) -> None:
    own.duologue_cache.touch()
    assert up_state.read(own) is None
    with (
        pytest.raises(UsageError, match=r"cache cannot be written \(File exists\); set DUOLOGUE"),
        up_state.kept(own, server.address),
    ):
        pass


def test_its_secret_is_not_shown(own: Settings, server: Server) -> None:
    with up_state.kept(own, server.address):
        found = up_state.read(own)
    assert isinstance(found, up_state.RunningServer)
    assert isinstance(found.api_secret, SecretStr)
    assert found.api_secret.get_secret_value() not in f"{found} {found!r}"
