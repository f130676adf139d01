import asyncio
import json
import os
import signal

import pytest
from pydantic import SecretStr

from duologue.servers import worker_processes
from duologue.servers.process import Program
from duologue.servers.worker_processes import Worker, answers, running_workers
from shared.address import ServerAddress
from shared.errors import ServerFailed, WorkerFailed
from shared.spec import Role
from tests.duologue.processes import all_gone, fake_worker, python

ADDRESS = ServerAddress(url="ws://127.0.0.1:7", api_key="key", api_secret=SecretStr("s" * 32))


async def test_workers_count_as_started_once_both_are_registered() -> None:
    async with running_workers(ADDRESS, argv=lambda _: fake_worker()) as workers:
        assert set(workers) == set(Role)
        pids = [worker.pid for worker in workers.values()]
    assert await all_gone(pids, within_s=5)


async def test_workers_are_stopped_when_what_uses_them_fails() -> None:
    pids: list[int] = []

    async def fail() -> None:
        async with running_workers(ADDRESS, argv=lambda _: fake_worker()) as workers:
            pids.extend(worker.pid for worker in workers.values())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await all_gone(pids, within_s=5)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("raise ValueError('no such voice')", "exit code 1: ValueError: no such voice"),
        (
            """
            import json
            said = {"event": "no", "level": "error", "error": "port 8081 is in use"}
            print(json.dumps({"logger": "duologue.worker", **said}))
            print(json.dumps({"event": "bye"}))
            print("GET / HTTP/1.0 200")
            """,
            "exit code 0: no: port 8081 is in use",
        ),
        ("raise SystemExit('no ear')", "exit code 1: no ear"),
        (
            "import os, signal; print('GET /', flush=True); os.kill(os.getpid(), signal.SIGKILL)",
            "killed by SIGKILL",
        ),
        ("", "exit code 0"),
    ],
)
async def test_a_worker_that_ends_before_it_registers_says_why(code: str, problem: str) -> None:
    with pytest.raises(WorkerFailed) as failure:
        async with running_workers(ADDRESS, roles=[Role.SUPPORT], argv=lambda _: python(code)):
            pytest.fail("it never registered")
    assert failure.value.agent_name == "support"
    assert failure.value.problem == f"it ended ({problem})"


async def test_a_worker_that_hangs_is_lost_although_it_has_not_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_processes, "CHECKED_EVERY_S", 0.02)
    monkeypatch.setattr(worker_processes, "CHECK_TIMEOUT_S", 0.5)
    async with running_workers(
        ADDRESS, roles=[Role.SUPPORT], argv=lambda _: fake_worker()
    ) as started:
        worker = started[Role.SUPPORT]
        lost = asyncio.create_task(worker.lost())
        done, _ = await asyncio.wait([lost], timeout=1.0)  # in which it answers many times
        assert not done
        os.kill(worker.pid, signal.SIGSTOP)
        assert await asyncio.wait_for(lost, 10) == "it does not answer any more"


async def test_one_worker_that_fails_ends_the_other_too() -> None:
    pids: list[int] = []

    def argv(role: Role) -> list[str]:
        if role is Role.SUPPORT:
            return python("raise SystemExit('no')")
        return fake_worker(before="print(json.dumps({'event': 'pid', 'pid': os.getpid()}))")

    def on_line(role: Role, line: str) -> None:
        if role is Role.CUSTOMER and "pid" in (fields := json.loads(line)):
            pids.append(fields["pid"])

    with pytest.raises(WorkerFailed):
        async with running_workers(ADDRESS, argv=argv, on_line=on_line):
            pytest.fail("one of them never registered")
    assert await all_gone(pids, within_s=5)


async def test_a_worker_that_never_registers_is_not_waited_for_forever() -> None:
    worker = await Worker.start(
        Role.CUSTOMER, ADDRESS, argv=lambda _: python("import signal; signal.pause()")
    )
    try:
        with pytest.raises(WorkerFailed, match=r"did not register within 0\.2 s"):
            await worker.ready(timeout_s=0.2)
    finally:
        await worker.stop()


async def test_a_worker_gets_the_server_and_nothing_that_would_mislead_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LIVEKIT_AGENT_NAME_OVERRIDE", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://proxy.invalid")
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    lines: asyncio.Queue[str] = asyncio.Queue()
    tell = "print(json.dumps({'event': 'env', **os.environ}), flush=True)"
    async with running_workers(
        ADDRESS,
        roles=[Role.SUPPORT],
        argv=lambda _: fake_worker(before=tell),
        on_line=lambda _, line: lines.put_nowait(line),
    ):
        env = json.loads(await lines.get())
    assert env["LIVEKIT_URL"] == ADDRESS.url
    assert env["LIVEKIT_API_SECRET"] == "s" * 32
    assert env["SUPPORT_PORT"] == env["CUSTOMER_PORT"] == "0"
    assert env["NO_PROXY"] == "example.com,127.0.0.1,localhost"
    assert env["HTTPS_PROXY"] == "http://proxy.invalid"
    assert env["PATH"] == os.environ["PATH"]
    assert not {"LIVEKIT_AGENT_NAME_OVERRIDE", "HTTP_PROXY", "http_proxy"} & set(env)


async def test_workers_whose_server_ends_as_they_start_are_not_waited_for() -> None:
    pids: list[int] = []

    def argv(role: Role) -> list[str]:
        return python(
            f"import os, signal; print('{role}', os.getpid(), flush=True); signal.pause()"
        )

    server = await Program.start(python("input(); raise SystemExit(7)"), env=os.environ, told=True)
    both = asyncio.Event()

    def on_line(_: Role, line: str) -> None:
        pids.append(int(line.split()[1]))
        if len(pids) == len(Role):
            both.set()

    async def kill() -> None:
        await both.wait()
        await server.tell("end")

    killing = asyncio.create_task(kill())
    with pytest.raises(ServerFailed, match=r"^livekit-server ended by itself \(7\) as the workers"):
        async with running_workers(ADDRESS, argv=argv, on_line=on_line, server=server):
            pytest.fail("none of them registered")
    await killing
    await server.stop(grace_s=0)
    assert await all_gone(pids, within_s=5)


async def test_whether_a_worker_answers_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_workers(
        ADDRESS, roles=[Role.SUPPORT], argv=lambda _: fake_worker()
    ) as started:
        worker = started[Role.SUPPORT]
        assert await answers(worker.port)
        monkeypatch.setattr(worker_processes, "CHECK_TIMEOUT_S", 0.2)
        os.kill(worker.pid, signal.SIGSTOP)
        await asyncio.to_thread(os.waitid, os.P_PID, worker.pid, os.WSTOPPED | os.WNOWAIT)
        assert not await answers(worker.port)
        os.kill(worker.pid, signal.SIGKILL)
        await worker.wait()
        assert not await answers(worker.port)
