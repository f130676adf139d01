"""The matrix of faults, as data: what is done to what, when, and which statuses are right then."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from duologue.call.outcome import ExitCode
from duologue.cli.cli import CANCELLED_BY_SIGNAL


class Command(StrEnum):
    CALL = "call"
    UP = "up"
    BATCH = "batch"


class Host(StrEnum):
    """Where the call is held."""

    OWN = "own"
    """On what the command starts for itself."""
    FOREIGN = "foreign"
    """On a server that others run, named by LIVEKIT_URL."""
    DIRECT = "direct"


class Target(StrEnum):
    DRIVER = "driver"
    """The command itself; `duologue up`, where that is the command."""
    WORKER = "worker"
    SERVER = "server"


class Moment(StrEnum):
    STARTING = "starting"
    DISPATCH = "dispatch"
    TALKING = "talking"
    ENDING = "ending"
    LABELLING = "labelling"


class Fault(StrEnum):
    KILL = "kill"
    STOP = "stop"
    INTERRUPT = "interrupt"
    PAUSE = "pause"
    DISK = "disk"
    HANGUP = "hangup"


@dataclass(frozen=True)
class Case:
    """One fault, at one moment of one command's work."""

    command: Command
    host: Host
    target: Target
    moment: Moment
    fault: Fault

    @property
    def name(self) -> str:
        return "-".join((self.command, self.host, self.target, self.moment, self.fault))

    @property
    def statuses(self) -> frozenset[int]:
        """The exit statuses that tell the truth about it."""
        held = {ExitCode.GOAL_REACHED, ExitCode.GOAL_NOT_REACHED}
        if self.command is Command.BATCH:
            held = {ExitCode.GOAL_REACHED}
        if self.target is Target.DRIVER:
            return frozenset(self._of_driver(held))
        if self.command is Command.UP:  # ends with its server
            ended = self.target is Target.SERVER and self.fault is not Fault.PAUSE
            return frozenset({0, ExitCode.SYSTEM} if ended else {0})
        if self.command is Command.BATCH:  # another attempt is made
            return frozenset(held)
        # A worker or server that is told to stop lets its calls come to their end.
        if self.moment is Moment.TALKING and self.fault is Fault.KILL:
            return frozenset({ExitCode.SYSTEM})
        return frozenset({*held, ExitCode.SYSTEM})

    def _of_driver(self, held: set[ExitCode]) -> set[int]:
        if self.fault is Fault.KILL:
            return {-9}
        if self.fault is Fault.PAUSE:
            return {0} if self.command is Command.UP else {*held, ExitCode.SYSTEM}
        if self.fault is Fault.DISK:
            return {ExitCode.SYSTEM}
        if self.command is Command.UP:
            return {0}
        late = self.moment in {Moment.ENDING, Moment.LABELLING}
        return {CANCELLED_BY_SIGNAL, *(held if late else ())}


TARGETS = {
    Host.OWN: [*Target],
    # `up` ends with its server, and starts its workers again.
    Host.FOREIGN: [Target.DRIVER, Target.WORKER],
    Host.DIRECT: [Target.DRIVER],
}


def cases() -> Iterator[Case]:
    """All that make sense, in an order that does not change."""
    for command in Command:
        hosts = [Host.OWN] if command is Command.UP else list(Host)
        for host in hosts:
            for target in TARGETS[host]:
                for moment in Moment:
                    for fault in Fault:
                        case = Case(command, host, target, moment, fault)
                        if _makes_sense(case):
                            yield case


def _makes_sense(case: Case) -> bool:
    if case.target is not Target.DRIVER and case.fault not in {Fault.KILL, Fault.STOP, Fault.PAUSE}:
        return False
    if case.command is Command.UP and case.fault is Fault.DISK:
        return False  # it records nothing
    if case.moment is Moment.STARTING:
        # Nothing is started by the command elsewhere; the server is there before the workers are.
        return case.host is Host.OWN and case.fault is not Fault.DISK
    if case.host is Host.DIRECT:
        return case.moment is Moment.TALKING and case.fault is not Fault.PAUSE
    return True
