"""When each word was spoken in a stretch of audio: forced alignment by PocketSphinx.

Its acoustic model (16 kHz, frames of 10 ms) is searched along a grammar of what was said, with the
ways in which each word may be read and pronounced side by side and silence allowed between words.
"""

import threading
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pocketsphinx

from duologue.labels.transcript.words.pronunciation import spelled
from duologue.labels.transcript.words.readings import Readings
from shared.engines.pcm import Samples

RATE_HZ = 16_000
FRAME_S = 0.010
WINDOW_S = 0.025625
"""What one frame of the model looks at, from its beginning on."""
_CENTRE_S = (WINDOW_S - FRAME_S) / 2
"""Where the border between two frames is: half-way between their windows' centres."""

# Beams so wide that the right path is hardly ever lost: at the decoder's own, the lower voices lose
# it for seconds. `bestpath` rewrites times, and PocketSphinx's authors advise against it here. With
# `ds`, every second frame is compared with the model: a third less to compute, and no less exact.
_SEARCH = {"beam": 1e-100, "pbeam": 1e-100, "wbeam": 1e-80, "bestpath": False, "ds": 2}
_GRAMMAR = "said"


class Span(NamedTuple):
    """When something was spoken, in seconds of the stretch."""

    start: float
    end: float


class _Heard(NamedTuple):
    """One word of the path that was found."""

    word: str
    start: int
    """Its first frame."""
    end: int
    """The frame after its last."""


_Arc: TypeAlias = tuple[int, int, float] | tuple[int, int, float, str]


class Aligner:
    """The acoustic model, once per process. Not made for threads: `align` takes turns."""

    def __init__(self) -> None:
        self._decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL", **_SEARCH)
        self._lock = threading.Lock()
        self._known: dict[str, bool] = {}

    def align(
        self, samples: Samples, words: Sequence[tuple[Readings, ...]], *, optional: int = 0
    ) -> list[Span | None] | None:
        """When each of `words` was spoken in `samples` (RATE_HZ); the same for the same audio.

        The last `optional` words may be missing from the audio, or cut short. None stands for a
        word that is missing or has no pronunciation; no list at all, if the audio does not fit.
        """
        with self._lock:
            spoken = [self._pronounceable(parts) for parts in words]
            if not any(spoken):
                return None
            path = self._path(samples, spoken, optional)
            return _spans(path, spoken, optional) if path else None

    def _pronounceable(self, parts: tuple[Readings, ...]) -> tuple[Readings, ...]:
        """The parts with those readings that have sounds; none, if one part has none."""
        kept = tuple(
            tuple(reading for reading in part if all(map(self._has_sound, reading)))
            for part in parts
        )
        return kept if all(kept) else ()

    def _has_sound(self, word: str) -> bool:
        """Whether `word` is in the decoder's dictionary, into which it is put if it can be read."""
        known = self._known.get(word)
        if known is None:
            known = self._decoder.lookup_word(word) is not None
            if not known and (phones := spelled(word)):
                self._decoder.add_word(word, phones, False)  # noqa: FBT003 - its name is `update`
                known = True
            self._known[word] = known
        return known

    def _path(
        self, samples: Samples, spoken: Sequence[tuple[Readings, ...]], optional: int
    ) -> list[_Heard]:
        """The words that were found, fillers left out; none, if the search came to no end."""
        decoder = self._decoder
        arcs, end = _grammar(spoken, optional)
        decoder.add_fsg(_GRAMMAR, decoder.create_fsg(_GRAMMAR, 0, end, arcs))
        decoder.activate_search(_GRAMMAR)
        decoder.reinit_feat()  # else it would subtract the noise of what was aligned before
        decoder.start_utt()
        pcm = np.clip(samples * 32768.0, -32768, 32767).astype(np.int16)
        decoder.process_raw(pcm.tobytes(), full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            return []
        return [
            _Heard(_bare(each.word), each.start_frame, each.end_frame + 1)
            for each in decoder.seg()
            if each.word[0] not in "<[("
        ]


@cache
def aligner() -> Aligner:
    """The process's aligner."""
    return Aligner()


def _bare(word: str) -> str:
    """A word without the number of its pronunciation: "the(2)"."""
    return word.partition("(")[0]


def _grammar(spoken: Sequence[tuple[Readings, ...]], optional: int) -> tuple[list[_Arc], int]:
    """The arcs of a finite-state grammar that begins in state 0, and the state it ends in."""
    arcs: list[_Arc] = []
    state, free = 0, 1
    exits: list[int] = []
    for index, parts in enumerate(spoken):
        may_end = index >= len(spoken) - optional
        for part in parts:
            following, free = free, free + 1
            for reading in part:
                at = state
                for word in reading[:-1]:
                    arcs.append((at, free, 1.0, word))
                    at, free = free, free + 1
                    if may_end:
                        exits.append(at)
                last: Any = (at, following, 1.0, *reading[-1:])
                arcs.append(last)
            if may_end:
                exits.append(state)
            state = following
    arcs += [(leave, state, 1.0) for leave in exits if leave != state]
    return arcs, state


def _spans(
    path: Sequence[_Heard], spoken: Sequence[tuple[Readings, ...]], optional: int
) -> list[Span | None] | None:
    """Which stretch of the path is which word's; None if it is not a path through all of them."""
    flat = [(index, part) for index, parts in enumerate(spoken) for part in parts]
    words = [heard.word for heard in path]
    # Per part, where in the path it may end, and where it began then.
    reached: list[dict[int, int]] = [{0: 0}]
    for index, part in flat:
        may_end = index >= len(spoken) - optional
        ends: dict[int, int] = {}
        for begin in reached[-1]:
            for end in _ends(words, begin, part, may_end=may_end):
                ends.setdefault(end, begin)
        reached.append(ends)
    needed = sum(index < len(spoken) - optional for index, _ in flat)
    done = [count for count in range(needed, len(flat) + 1) if len(path) in reached[count]]
    if not done:
        return None
    spans: list[Span | None] = [None] * len(spoken)
    end = len(path)
    for count in range(done[0], 0, -1):
        index, begin = flat[count - 1][0], reached[count][end]
        if begin < end:
            later = spans[index]
            stop = later.end if later else path[end - 1].end * FRAME_S + _CENTRE_S
            spans[index] = Span(path[begin].start * FRAME_S + _CENTRE_S, stop)
        end = begin
    return spans


def _ends(words: Sequence[str], begin: int, part: Readings, *, may_end: bool) -> Iterator[int]:
    """Where in the path a part may end that begins at `begin`."""
    for reading in part:
        here = tuple(words[begin : begin + len(reading)])
        # What is cut short is the last in the path.
        if here == reading or (may_end and here == reading[: len(here)]):
            yield begin + len(here)
