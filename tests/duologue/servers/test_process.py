import asyncio
import os
import signal

import pytest

from duologue.servers.process import LINE_LIMIT, Program
from tests.duologue.processes import all_gone, in_another_process, python

ENV = dict(os.environ)

PARENT_OF_A_SLEEPER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
{then}
"""


class Lines:
    """What a program prints, to be waited for."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue()

    def __call__(self, line: str) -> None:
        self._queue.put_nowait(line)

    async def next(self) -> str:
        return await asyncio.wait_for(self._queue.get(), 10)


async def test_lines_come_as_they_are_printed_errors_included() -> None:
    lines = Lines()
    program = await Program.start(
        python("import sys; print('out', flush=True); print('err', file=sys.stderr); input()"),
        env=ENV,
        on_line=lines,
    )
    assert [await lines.next(), await lines.next()] == ["out", "err"]
    await program.stop(grace_s=0)


async def test_what_was_printed_last_is_known_once_it_has_ended() -> None:
    program = await Program.start(python("print('first\\nlast'); raise SystemExit(7)"), env=ENV)
    assert await program.wait() == 7
    assert list(program.last_lines) == ["first", "last"]
    assert not program.running
    await program.stop(grace_s=0)


async def test_a_line_too_long_to_keep_does_not_end_the_reading() -> None:
    program = await Program.start(python(f"print('x' * {2 * LINE_LIMIT}); print('end')"), env=ENV)
    await program.wait()
    assert program.last_lines[-1] == "end"
    await program.stop(grace_s=0)


async def test_a_program_that_ended_is_not_waited_for_until_its_children_end() -> None:
    lines = Lines()
    program = await Program.start(
        python(PARENT_OF_A_SLEEPER.format(then="")), env=ENV, on_line=lines
    )
    sleeper = int(await lines.next())
    assert await asyncio.wait_for(program.wait(), 10) == 0
    await program.stop(grace_s=0)
    assert await all_gone([sleeper], within_s=5)


async def test_stopping_ends_its_children_too() -> None:
    lines = Lines()
    program = await Program.start(
        python(PARENT_OF_A_SLEEPER.format(then="time.sleep(600)")), env=ENV, on_line=lines
    )
    sleeper = int(await lines.next())
    await program.stop(grace_s=5)
    assert await all_gone([program.pid, sleeper], within_s=5)


async def test_stopping_gives_it_time_to_end_by_itself() -> None:
    lines = Lines()
    program = await Program.start(
        python("""
            import signal, sys
            def drain(*_):
                print("drained", flush=True)
                sys.exit(0)
            signal.signal(signal.SIGTERM, drain)
            print("ready", flush=True)
            signal.pause()
        """),
        env=ENV,
        on_line=lines,
    )
    await lines.next()
    await program.stop(grace_s=10)
    assert await lines.next() == "drained"


async def test_a_program_that_does_not_heed_is_killed() -> None:
    lines = Lines()
    program = await Program.start(
        python("""
            import signal
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("ready", flush=True)
            while True:
                signal.pause()
        """),
        env=ENV,
        on_line=lines,
    )
    await lines.next()
    await program.stop(grace_s=0.1)
    assert await program.wait() == -signal.SIGKILL


async def test_a_program_that_cannot_be_started_leaves_nothing() -> None:
    with pytest.raises(FileNotFoundError):
        await Program.start(["/nowhere/at-all"], env=ENV)


async def test_all_of_it_ends_when_its_parent_is_killed() -> None:
    argv = python(PARENT_OF_A_SLEEPER.format(then="time.sleep(600)"))
    parent = in_another_process(f"""
        import asyncio
        from functools import partial
        from duologue.servers.process import Program
        from shared.settings import inherited_environment

        async def main():
            say = partial(print, flush=True)
            program = await Program.start({argv!r}, env=inherited_environment(), on_line=say)
            await program.wait()

        asyncio.run(main())
    """)
    with parent:
        assert parent.stdout is not None
        sleeper = int(await asyncio.to_thread(parent.stdout.readline))
        parent.kill()
    assert await all_gone([sleeper], within_s=5)
