"""Plays one case: brings a command to the moment, does the fault, and looks at what is left."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import yaml
from livekit import api

from duologue.folder import folder
from duologue.servers.up_state import RunningServer
from shared.settings import Settings, inherited_environment
from tests.disks import fill
from tests.duologue.processes import REPOSITORY
from tests.faults.cases import Case, Command, Fault, Host, Moment, Target
from tests.faults.checks import wrong
from tests.faults.terminal import Terminal, events

CALL_S = 15
UNTIL_MOMENT_S = 240.0
UNTIL_END_S = 180.0
PAUSE_S = 20.0
ROOM_GONE_WITHIN_S = 60.0
LEFT_S = 15.0
"""How long what a command has started may outlive it."""
LIVEKIT = frozenset({"LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"})
SIGNS = {
    Moment.DISPATCH: ('"DISPATCHED"',),
    Moment.TALKING: ('"customer"', '"speaking"'),
    Moment.ENDING: ('"RECORDED"',),
    Moment.LABELLING: ('"OUTCOME"',),
}
"""What is in the events of a call at a moment."""
WORDS = {Target.WORKER: "customer_agent", Target.SERVER: "livekit-server"}


class Played(NamedTuple):
    """What came of a case."""

    problems: list[str]
    took_s: float
    output: str


def play(case: Case, place: Path, seed: int) -> Played:
    """Play a case in an empty folder."""
    began = time.monotonic()
    with ExitStack() as stack:
        stage = _Stage(case, place, seed, stack)
        problems = stage.play()
    return Played(problems, time.monotonic() - began, stage.output)


class _Stage:
    def __init__(self, case: Case, place: Path, seed: int, stack: ExitStack) -> None:
        self.case, self.seed, self._stack = case, seed, stack
        self.cache = place / "cache"
        self.cache.mkdir(parents=True)
        built = Settings(_env_file=None).duologue_cache / "bin"
        if built.exists():
            (self.cache / "bin").symlink_to(built)
        self.environment = inherited_environment(without=LIVEKIT) | {
            "DUOLOGUE_CACHE": str(self.cache)
        }
        self.out = place / "calls"
        self.out.mkdir()
        if case.fault is Fault.DISK:
            stack.enter_context(_small_disk(self.out))
        self.scenario = place / "short.yaml"
        shop = REPOSITORY / "duologue/scenarios/bundled/shop.yaml"
        scenario = yaml.safe_load(shop.read_text(encoding="utf-8"))["scenarios"][0]
        scenario["limits"] = {"max_length_s": CALL_S}
        document = {"name": "Short", "scenarios": [scenario]}
        self.scenario.write_text(yaml.safe_dump(document), encoding="utf-8")
        self.plan = place / "plan.yaml"
        planned = {"scenarios": [f"{self.scenario}#{scenario['label']}"], "seed": seed}
        self.plan.write_text(yaml.safe_dump(planned), encoding="utf-8")
        self.output = ""
        self.filling: Path | None = None

    def start(self, *arguments: str) -> Terminal:
        terminal = Terminal(list(arguments), self.environment)
        self._stack.callback(terminal.end)
        return terminal

    def play(self) -> list[str]:
        case, up = self.case, None
        if case.host is Host.FOREIGN or case.command is Command.UP:
            up = self.start("up")
        if up and case.moment is not Moment.STARTING:
            if not up.until(lambda: self.address() is not None, UNTIL_MOMENT_S):
                return [f"`up` did not start: {up.output[-300:]}"]
            if case.host is Host.FOREIGN:
                self.name_server()
            driver = self.start(*self.arguments())
        else:
            driver = up or self.start(*self.arguments())
        watched = up if case.command is Command.UP and up else driver
        if not driver.until(lambda: self.reached(watched), UNTIL_MOMENT_S):
            return [f"never came to the moment: {driver.output[-300:]}"]
        problem = self.fault(watched if case.target is Target.DRIVER else up or driver)
        if problem:
            return [problem]
        return list(self.problems(watched, driver, up))

    def arguments(self) -> list[str]:
        to = ["--out", str(self.out)]
        carried = "direct" if self.case.host is Host.DIRECT else "livekit"
        if self.case.command is Command.BATCH:
            return ["batch", str(self.plan), "--transport", carried, "--jobs", "1", *to]
        seed = ["--seed", str(self.seed), "--call-id", "c"]
        real = ["--clock", "real"] if self.case.host is Host.DIRECT else []
        return ["call", str(self.scenario), "--transport", carried, *real, *seed, *to]

    def address(self) -> RunningServer | None:
        file = self.cache / "up.json"
        return RunningServer.model_validate_json(file.read_bytes()) if file.exists() else None

    def name_server(self) -> None:
        server = self.address()
        assert server
        self.environment |= {
            "LIVEKIT_URL": server.url,
            "LIVEKIT_API_KEY": server.api_key,
            "LIVEKIT_API_SECRET": server.api_secret.get_secret_value(),
        }

    def reached(self, watched: Terminal) -> bool:
        watched.look()
        if self.case.moment is Moment.STARTING:
            return watched.child(WORDS[Target.WORKER]) is not None
        lines = events(self.out).splitlines()
        return any(all(sign in line for sign in SIGNS[self.case.moment]) for line in lines)

    def fault(self, watched: Terminal) -> str | None:
        """Do it; what kept it from being done."""
        fault, target = self.case.fault, self.case.target
        watched.look()
        pid = watched.process.pid if target is Target.DRIVER else watched.child(WORDS[target])
        if pid is None:
            return f"there is no {target}"
        if fault is Fault.INTERRUPT:
            watched.interrupt()
        elif fault is Fault.HANGUP:
            watched.close()
        elif fault is Fault.DISK:
            self.filling = fill(self.out)
        else:
            numbers = {Fault.KILL: signal.SIGKILL, Fault.STOP: signal.SIGTERM}
            try:
                os.kill(pid, numbers.get(fault, signal.SIGSTOP))
            except ProcessLookupError:
                return f"the {target} was gone by then"
            if fault is Fault.PAUSE:
                watched.until(lambda: False, PAUSE_S)
                with suppress(ProcessLookupError):  # who saw it hang may have ended it
                    os.kill(pid, signal.SIGCONT)
        return None

    def problems(self, watched: Terminal, driver: Terminal, up: Terminal | None) -> Iterator[str]:
        def over() -> bool:
            started = driver is up and self.address() is not None
            return started or driver.process.poll() is not None

        if not driver.until(over, UNTIL_END_S):
            yield f"neither started nor ended within {UNTIL_END_S:.0f} s"
        if up and self.case.host is Host.FOREIGN and (address := self.address()):
            yield from asyncio.run(_rooms_left(address))
        if up and self.case.target is Target.SERVER and self.case.fault is not Fault.PAUSE:
            up.until(lambda: False, LEFT_S)  # it ends with its server, by itself
        if watched is up and up.process.poll() is None:
            up.process.send_signal(signal.SIGTERM)
            if not up.until(lambda: up.process.poll() is not None, UNTIL_END_S):
                yield f"`up` did not end within {UNTIL_END_S:.0f} s"
        watched.look()
        self.output = watched.output
        for each in watched.left(LEFT_S):
            yield f"left behind: {each}"
        yield from self.kept()
        yield from wrong(self.case, watched.process.poll(), watched.output, self.out)
        if driver is not watched and "Traceback (most recent call last)" in driver.output:
            yield "a traceback of the call on `up`"

    def kept(self) -> Iterator[str]:
        """What keeps `relabel` from finishing the recordings that were kept without labels."""
        kept = [path for path in self.out.glob(".*") if folder.is_unlabelled(path)]
        if not kept:
            return
        if self.filling:
            self.filling.unlink()
        relabel = self.start("relabel", str(self.out))
        relabel.until(lambda: False, UNTIL_END_S)
        for path in kept:
            if relabel.process.poll() != 0 or path.exists():
                yield f"relabel does not finish {path.name}: {relabel.output[-300:]}"


async def _rooms_left(address: RunningServer) -> list[str]:
    """Rooms that are still there when they should be gone."""
    end = time.monotonic() + ROOM_GONE_WITHIN_S
    async with address.client() as livekit:
        while rooms := (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms:
            if time.monotonic() > end:
                return [f"room left behind: {room.name}" for room in rooms]
            await asyncio.sleep(0.2)
    return []


@contextmanager
def _small_disk(place: Path) -> Iterator[None]:
    mount = ["mount", "-t", "tmpfs", "-o", "size=65m", "tmpfs", str(place)]
    subprocess.run(mount, check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def summary(played: dict[Case, Played]) -> str:
    """Held/tried per command, host and fault, and a line for each that was not held."""
    rows: dict[tuple[str, str, str], list[bool]] = {}
    for case, result in played.items():
        rows.setdefault((case.command, case.host, case.fault), []).append(not result.problems)
    lines = [f"{'command':8}{'host':9}{'fault':11}held/tried"]
    lines += [
        f"{command:8}{host:9}{fault:11}{sum(held)}/{len(held)}"
        for (command, host, fault), held in rows.items()
    ]
    held = sum(not result.problems for result in played.values())
    lines.append(f"{'all':28}{held}/{len(played)}")
    lines += [f"{case.name}: {'; '.join(r.problems)}" for case, r in played.items() if r.problems]
    return "\n".join(lines)


def as_json(played: dict[Case, Played]) -> str:
    """The same for programs."""
    return json.dumps(
        [
            {"case": case.name, "held": not r.problems, "problems": r.problems, "took_s": r.took_s}
            for case, r in played.items()
        ],
        indent=2,
    )
