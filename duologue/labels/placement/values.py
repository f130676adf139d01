"""placement.json: how audio.flac was made, utterance by utterance, and by which clocks."""

from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field

from shared.spec import Role
from shared.values import Frozen


class SpeechSource(StrEnum):
    """Where an utterance in audio.flac comes from."""

    COPY = "copy"
    """Its side's own copy, placed where it is in wire.flac."""
    WIRE = "wire"
    """wire.flac: its copy did not come, or could not be aligned."""
    SILENT = "silent"
    """Nothing in it can be heard, such as when it was cut short before its first word."""
    LOST = "lost"
    """Nowhere: its copy was not placed, and wire.flac has no speech where it should be."""


class Step(Frozen):
    """A jump inside an utterance in wire.flac, which the jitter buffer made."""

    at: float
    """Seconds of the recording, in audio.flac, which has none."""
    ms: float
    """By how much what follows is later in wire.flac; negative if earlier."""


class Utterance(Frozen):
    """A stretch of speech without a hole that a side says it played (event PLAYED)."""

    role: Role
    file: str
    """In played.zip."""
    start: float
    """Seconds of the recording; where it was not placed, by its worker's clock."""
    end: float
    source: SpeechSource
    offset_ms: float | None = None
    """By how much later it was placed than its worker's clock says."""
    correlation: float | None = None
    """With wire.flac, 0 to 1; None where there is no copy, or nothing to hear in it."""
    drift_ms: float | None = None
    """By how much its tail is later in wire.flac than its head, steps left out."""
    steps: tuple[Step, ...] = ()


class WireStretch(Frozen):
    """Where a channel of audio.flac is that of wire.flac."""

    role: Role
    start: float
    end: float


class Basis(StrEnum):
    """What a worker's clock was compared by."""

    UTTERANCES = "utterances"
    """When it says it played them, and where they are in the recording."""
    EVENTS = "events"
    """When its quickest event came."""


class WorkerClock(Frozen):
    """A worker's clock against that of the machine that records."""

    by: Basis
    offset_s: float
    """What is added to a time by the worker's clock, besides what is added to one by the
    recording machine's, for seconds of the recording."""
    spread_s: float | None = None
    """So far from it are 95 of 100 utterances at most; None by fewer than two."""
    utterances: int = 0
    """By how many."""
    delay_s: float | None = None
    """By how much longer the way of its speech into the recording was than that of its quickest
    event; half of the utterances' was longer."""


class Placement(Frozen):
    """How audio.flac came about."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    exact: bool
    """It was recorded as it was played, on the direct transport: nothing had to be placed."""
    utterances: tuple[Utterance, ...] = ()
    from_wire: tuple[WireStretch, ...] = ()
    clocks: dict[Role, WorkerClock]

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def offsets_s(self) -> dict[str, float]:
        """The offsets of the workers' clocks that are known by their speech."""
        return {
            role: clock.offset_s
            for role, clock in self.clocks.items()
            if clock.by is Basis.UTTERANCES
        }
