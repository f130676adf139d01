"""What a side said that sends no events, as somebody else's agent: recognized in the recording."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import soundfile

from duologue.folder.channels import CHANNELS
from duologue.folder.folder import audio_of
from duologue.labels.activity import Talkspurt
from shared.engines.pcm import Samples, resample
from shared.spec import Role

MARGIN_S = 0.2
"""Recognized before and after a run of speech, whose first and last sound may be soft."""


class Overheard(NamedTuple):
    """A turn, in seconds of the recording, and its words; none for what is no speech."""

    start: float
    end: float
    text: str


def in_turns(spoken: Sequence[Talkspurt], other: Sequence[Talkspurt]) -> list[list[Talkspurt]]:
    """The runs of one side in turns, each of which goes on until the other side speaks after it."""
    turns: list[list[Talkspurt]] = []
    for run in spoken:
        before = turns[-1][-1] if turns else None
        if before is None or any(before.end <= each.start < run.start for each in other):
            turns.append([run])
        else:
            turns[-1].append(run)
    return turns


def overhear(folder: Path, role: Role, turns: Sequence[Sequence[Talkspurt]]) -> list[Overheard]:
    """The words of each turn, its runs recognized one by one. Blocks, about 0.1 s for each run."""
    # Only here: what it needs is not installed everywhere, nor needed for calls between our own.
    from shared.engines import whisper  # noqa: PLC0415

    model = whisper.load()
    with soundfile.SoundFile(audio_of(folder)) as audio:

        def words(run: Talkspurt) -> str:
            samples = _excerpt(audio, CHANNELS.index(role), run)
            return model.transcribe(resample(samples, audio.samplerate, whisper.SAMPLE_RATE)).text

        return [
            Overheard(turn[0].start, turn[-1].end, " ".join(filter(None, map(words, turn))))
            for turn in turns
        ]


def _excerpt(audio: soundfile.SoundFile, channel: int, run: Talkspurt) -> Samples:
    first = max(0, round((run.start - MARGIN_S) * audio.samplerate))
    last = min(audio.frames, round((run.end + MARGIN_S) * audio.samplerate))
    audio.seek(first)
    samples: Samples = audio.read(last - first, dtype="float32", always_2d=True)[:, channel]
    return samples
