"""By how much a worker's clock is off the recording's.

The worker says when it began to play each utterance; where that lies in the recording is known by
its sound. The difference is the clock's offset and the way through the room.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from duologue.labels.placement.values import Basis, WorkerClock
from shared.events.payload import DRIVER
from shared.spec import Role


class Sighting(NamedTuple):
    """The beginning of one utterance, by both clocks."""

    played_at: float
    """When its worker began to play it, seconds since the epoch by its clock."""
    placed_s: float
    """Where it begins in the recording, in seconds."""


def clock_of(
    role: Role, quickest: Mapping[str, float], sightings: Sequence[Sighting]
) -> WorkerClock:
    """The clock of `role`, by its speech, or by its events where none was placed.

    `quickest` has, by role, what its events say must be added to its times (`event_log.quickest`).
    """
    if not sightings:
        offset_s = quickest[role] - quickest[DRIVER]
        return WorkerClock(by=Basis.EVENTS, offset_s=round(offset_s, 6))
    offsets = np.array([one.placed_s - one.played_at for one in sightings])
    middle = float(np.median(offsets))
    spread = float(np.percentile(np.abs(offsets - middle), 95))
    return WorkerClock(
        by=Basis.UTTERANCES,
        offset_s=round(middle - quickest[DRIVER], 6),
        spread_s=round(spread, 6) if len(offsets) > 1 else None,
        utterances=len(offsets),
        delay_s=round(middle - quickest[role], 6),
    )
