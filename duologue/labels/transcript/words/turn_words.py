"""When each word of a call's turns was spoken, in seconds of the recording."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import soundfile
import soxr

from duologue.folder.channels import CHANNELS
from duologue.folder.folder import audio_of, write_json
from duologue.labels.activity import Loudness, loudness_of, threshold
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import (
    NoWords,
    Transcript,
    Turn,
    TurnFlaw,
    Word,
    WordSource,
)
from duologue.labels.transcript.words.readings import displayed, parts
from shared.engines.pcm import Samples
from shared.spec import Role

AROUND_S = 0.15
"""How much audio before and after a turn is aligned with it, for the model to see its silence."""
CUT_WORDS = 3
"""How many words more than its text says may really have been spoken of an interrupted turn."""


def write(folder: Path) -> None:
    """Make transcript.json of a call folder from its audio and events.jsonl."""
    call = place(transcript.make(folder), audio_of(folder), loudness_of(folder))
    write_json(folder / transcript.FILE, call)


def place(call: Transcript, audio: Path, channels: Mapping[Role, Loudness]) -> Transcript:
    """The transcript with the words of each turn, from the audio of its channel.

    Words that the synthesizer has timed itself stay as they are, and are compared.
    """
    if not (find_spec("pocketsphinx") and find_spec("hibari")):
        return _with(call, [_without(turn, NoWords.NO_ALIGNER) for turn in call.turns])
    thresholds = {role: threshold(channel.rms) for role, channel in channels.items()}
    with soundfile.SoundFile(audio) as file:
        return _with(
            call, [_placed(turn, call.turns, file, thresholds[turn.role]) for turn in call.turns]
        )


def _with(call: Transcript, turns: Sequence[Turn]) -> Transcript:
    return call.model_copy(update={"turns": tuple(turns)})


def _without(turn: Turn, why: NoWords) -> Turn:
    """The turn with the synthesizer's words, or with the reason why there are none."""
    return turn if turn.words else turn.model_copy(update={"no_words": _hindrance(turn) or why})


def _compared(turn: Turn, words: Sequence[Word]) -> Turn:
    """The turn with the words of its alignment, or with the synthesizer's and how far they are."""
    if not turn.words:
        return turn.model_copy(update={"words": tuple(words), "words_from": WordSource.ALIGNMENT})
    apart = [
        abs(one.start - other.start)
        for one, other in zip(turn.words, words, strict=True)
        if one.start is not None and other.start is not None
    ]
    return turn.model_copy(update={"words_apart_s": round(median(apart), 3) if apart else None})


def _hindrance(turn: Turn) -> NoWords | None:
    """What no aligner can help."""
    if turn.flaw is TurnFlaw.NO_AUDIO:
        return NoWords.NO_AUDIO
    return None if any(map(parts, (turn.said or "").split())) else NoWords.NOT_SAID


def _placed(
    turn: Turn, turns: Sequence[Turn], file: soundfile.SoundFile, threshold_dbfs: float
) -> Turn:
    """The turn with its words."""
    # What it imports takes 0.1 s and is part of the extra `offline`.
    from duologue.labels.transcript.words.alignment import RATE_HZ, aligner  # noqa: PLC0415
    from duologue.labels.transcript.words.silence import refine  # noqa: PLC0415

    if hindrance := _hindrance(turn):
        return _without(turn, hindrance)
    begin, end = _stretch(turn, turns)
    samples = _read(file, turn.role, begin, end)
    words = displayed(turn.said or "")
    following = _unsaid(turn)
    optional = len(words) - 1 + len(following) if turn.interrupted else 0
    spans = aligner().align(
        soxr.resample(samples, file.samplerate, RATE_HZ),
        [parts(word) for word in (*words, *following)],
        optional=optional,
    )
    if spans is None:
        return _without(turn, NoWords.NOT_MATCHED)
    spoken = [index for index, span in enumerate(spans) if span]
    refined = refine([span for span in spans if span], samples, file.samplerate, threshold_dbfs)
    times = dict(zip(spoken, refined, strict=True))
    placed = [
        Word(
            text=word,
            start=round(begin + times[index].start, 3) if index in times else None,
            end=round(begin + times[index].end, 3) if index in times else None,
        )
        for index, word in enumerate(words)
    ]
    return _compared(turn, placed)


def _unsaid(turn: Turn) -> list[str]:
    """The words that come after `said` in what was intended, if it was cut short in there."""
    said, intended = displayed(turn.said or ""), displayed(turn.intended or "")
    if turn.interrupted and intended[: len(said) - 1] == said[:-1]:
        return intended[len(said) : len(said) + CUT_WORDS]
    return []


def _stretch(turn: Turn, turns: Sequence[Turn]) -> tuple[float, float]:
    """What is aligned, in seconds: the turn and a little around it, nothing of its neighbours."""
    others = [other for other in turns if other.role is turn.role and other is not turn]
    before = max((o.end for o in others if o.start < turn.start), default=0.0)
    after = min((o.start for o in others if o.start >= turn.start), default=float("inf"))
    begin = max(turn.start - AROUND_S, min(before, turn.start), 0.0)
    return begin, min(turn.end + AROUND_S, max(after, turn.end))


def _read(file: soundfile.SoundFile, role: Role, begin: float, end: float) -> Samples:
    """The audio of one side between two times; shorter where the recording ends before."""
    first, last = (round(at * file.samplerate) for at in (begin, end))
    file.seek(min(first, file.frames))
    frames: Samples = file.read(last - first, dtype="float32", always_2d=True)
    return frames[:, CHANNELS.index(role)].copy()
