"""The turn settings that fit a speech recognizer.

Whatever recognizes speech says when a turn has ended, together with the turn's last words or after
them. A clock of the session's own would not know of words that are still on their way: it would
commit half a turn, and the other half would cut off the reply to it.
"""

from typing import NamedTuple


class TurnSettings(NamedTuple):
    """What a session and its recognizer are told about turns."""

    vad_min_silence_s: float
    """Silence that ends a stretch of speech."""
    interruption_min_s: float
    """Speech of the peer that interrupts an agent, without the silence after it. Longer than
    `vad_min_silence_s`, or a blip would, and than "right", which says that one listens."""
    false_interruption_s: float
    """An agent interrupted by what turned out to be no words goes on after this."""
    silence_s: float
    """Silence that ends a turn at the earliest, whatever was said; longer than any inside one."""
    preemptive: bool
    """Whether words are wanted before the turn has ended, and a reply, speech included, is prepared
    on them although they may yet change. Where words are paid for, they are not."""


WHOLE_TURNS = TurnSettings(
    vad_min_silence_s=0.3,
    interruption_min_s=0.6,
    false_interruption_s=1.5,
    silence_s=0.0,
    preemptive=True,
)
"""For local recognition, of voices that make no long pauses (`shared.engines.completeness`)."""

AFTER_SERVICE_S = 0.7
"""Silence that ends a turn of a service's voice: those pause for up to 0.6 s between sentences."""

BY_SERVICE = WHOLE_TURNS._replace(silence_s=AFTER_SERVICE_S, preemptive=False)
"""For services, which hear such voices more often than not."""
