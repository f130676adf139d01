"""Recorded files that are played as they are, in place of a synthesized voice.

A clip is read once, where the call is driven: a file of any kind that libsndfile reads becomes
mono at the rate at which sessions play, and nothing else is done to it. Workers get it as FLAC.
"""

import hashlib
import io
import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from livekit import rtc
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString

from shared.customer_sheet import Clip, CustomerSheet
from shared.engines.local_tts import place_words
from shared.engines.pcm import OUTPUT_RATE_HZ, Samples, resample, to_pcm
from shared.errors import UsageError

MOST_S = 60.0
_MOST_BYTES = 64 * 2**20
_FRAME_S = 0.2

Clips = Mapping[str, Samples]
"""What is played, by the words that are spoken in it."""


class ClipRead(NamedTuple):
    """A clip, and what there is to play."""

    clip: Clip
    """With its digest and its length."""
    samples: Samples


def read_clip(clip: Clip) -> ClipRead:
    """Read a clip's file. Blocks.

    Raises:
        UsageError: It is missing, no audio, too long, or not the one that is meant.
    """
    try:
        found = clip.file.stat()
        if not clip.file.is_file():
            raise UsageError(f"{clip.file} is no file")
        if found.st_size > _MOST_BYTES:
            raise UsageError(f"{clip.file} is larger than {MOST_S:g} s of sound can be")
        read = _read(clip.file, found.st_mtime_ns, found.st_size)
    except FileNotFoundError:
        raise UsageError(f"{clip.file}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"{clip.file}: {error.strerror}") from None
    if clip.sha256 and clip.sha256 != read.clip.sha256:
        raise UsageError(f"{clip.file} is another file than was planned; plan the call again")
    return read


@lru_cache(maxsize=8)
def _read(file: Path, _changed_ns: int, _size: int) -> ClipRead:
    """A file as it was when it was last changed: many calls may have the same clip."""
    data = file.read_bytes()
    samples = _decoded(file, data)
    if not len(samples):
        raise UsageError(f"{file} has no sound in it")
    length_s = round(len(samples) / OUTPUT_RATE_HZ, 3)
    digest = hashlib.sha256(data).hexdigest()
    return ClipRead(Clip(file=file, sha256=digest, length_s=length_s), samples)


def _decoded(file: Path, data: bytes) -> Samples:
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as audio:
            length_s = audio.frames / audio.samplerate
            if length_s > MOST_S:
                raise UsageError(
                    f"{file} is {length_s:.0f} s long; at most {MOST_S:g} s are played"
                )
            read: Samples = audio.read(dtype="float32", always_2d=True)
            return resample(read.mean(axis=1), audio.samplerate, OUTPUT_RATE_HZ)
    except soundfile.LibsndfileError:
        raise UsageError(f"{file} is no audio that can be read, such as WAV or FLAC") from None


def read_clips(sheet: CustomerSheet | None) -> dict[str, ClipRead]:
    """All clips of a customer, by their words. Blocks.

    Raises:
        UsageError: One of them cannot be played.
    """
    goals = sheet.goals if sheet else ()
    return {goal.say: read_clip(goal.clip) for goal in goals if goal.clip}


def to_flac(samples: Samples) -> bytes:
    """What is sent to a worker."""
    file = io.BytesIO()
    pcm = np.frombuffer(to_pcm(samples), np.int16)
    soundfile.write(file, pcm, OUTPUT_RATE_HZ, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def from_flac(flac: bytes) -> Samples:
    """What a worker plays.

    Raises:
        ValueError: It is something else than was sent.
    """
    try:
        samples, rate = soundfile.read(io.BytesIO(flac), dtype="float32")
    except soundfile.LibsndfileError as error:
        raise ValueError(error.error_string) from None
    if rate != OUTPUT_RATE_HZ or samples.ndim != 1:
        raise ValueError("is not mono at the rate at which it is played")
    read: Samples = samples
    return read


async def find_clip(
    text: AsyncIterable[str], clips: Clips
) -> tuple[str | None, AsyncGenerator[str, None]]:
    """The words of the clip that a turn is, and the turn's text whatever it is.

    Text is only waited for as long as it may still become that of a clip.
    """
    taken: list[str] = []
    wanted = {_plain(words): words for words in clips}
    iterator = aiter(text)
    async for chunk in iterator:
        taken.append(chunk)
        said = _plain("".join(taken))
        if not any(words.startswith(said) for words in wanted):
            break
    found = wanted.get(_plain("".join(taken)))

    async def whole() -> AsyncGenerator[str, None]:
        for chunk in taken:
            yield chunk
        async for chunk in iterator:
            yield chunk

    return found, whole()


def _plain(text: str) -> str:
    """Words alone: a language model may put other marks between them."""
    return " ".join(re.findall(r"[\w']+", text.lower()))


def frames(words: str, samples: Samples) -> Iterator[rtc.AudioFrame]:
    """A clip as frames, of which the first says about when each word is spoken."""
    timed = [
        TimedString(
            f" {word.text}" if index else word.text, start_time=word.start_s, end_time=word.end_s
        )
        for index, word in enumerate(place_words(words, samples))
    ]
    size = round(_FRAME_S * OUTPUT_RATE_HZ)
    for start in range(0, len(samples), size):
        part = samples[start : start + size]
        yield rtc.AudioFrame(
            to_pcm(part),
            OUTPUT_RATE_HZ,
            1,
            len(part),
            userdata={} if start else {USERDATA_TIMED_TRANSCRIPT: timed},
        )
