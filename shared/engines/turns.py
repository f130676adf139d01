"""The turn settings that fit a speech recognizer."""

from typing import Literal, NamedTuple


class TurnSettings(NamedTuple):
    """What a session is told about turns; `shared.session` says it to LiveKit."""

    turn_detection: Literal["stt", "vad"]
    """Who says that a turn has ended."""
    min_delay_s: float
    """Waited after that before the turn counts as over."""
    max_delay_s: float
    vad_min_silence_s: float
    """Silence that ends a stretch of speech."""
    interruption_min_s: float
    """Speech of the peer that interrupts an agent, without the silence after it. Longer than
    `vad_min_silence_s`, or a blip would, and than "right", which says that one listens."""
    false_interruption_s: float
    """An agent interrupted by what turned out to be no words goes on after this."""
    preemptive: bool
    """Whether a reply is prepared, speech included, on a transcript that may yet change."""


WHOLE_TURNS = TurnSettings(
    turn_detection="stt",
    min_delay_s=0.0,
    max_delay_s=0.0,
    vad_min_silence_s=0.3,
    interruption_min_s=0.6,
    false_interruption_s=1.5,
    preemptive=True,
)
"""For our own recognition, which ends the turns itself (`shared.engines.turn_stt`)."""

STREAMING = TurnSettings(
    turn_detection="vad",
    min_delay_s=0.6,
    max_delay_s=1.5,
    vad_min_silence_s=0.5,
    interruption_min_s=0.8,
    false_interruption_s=1.5,
    preemptive=False,
)
"""For services that transcribe while one speaks."""

PER_UTTERANCE = STREAMING._replace(vad_min_silence_s=0.6)
"""For services that are sent an utterance when it is over: a pause inside must not end it."""
