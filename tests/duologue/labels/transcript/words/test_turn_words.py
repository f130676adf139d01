"""The words of turns, from a call folder's audio."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile

from duologue.folder.channels import CHANNELS
from duologue.labels.activity import loudness
from duologue.labels.transcript.transcript import NoWords, Transcript, Turn, TurnFlaw, WordSource
from duologue.labels.transcript.words import turn_words
from duologue.labels.transcript.words.turn_words import place as place_words
from shared.engines import hibari
from shared.engines.local_tts import SAMPLE_RATE
from shared.engines.pcm import Samples
from shared.spec import Role

LENGTH_S = 12
NUMBER = "My number is 47219."
REMARK = "Hold on, please."


def said(text: str) -> Samples:
    return hibari.load("heart").speak(text.replace("47219", "4 7 2 1 9"), 0)


def turn(role: Role, start: float, text: str | None, **more: object) -> Turn:
    end = start + len(said(text or "Nothing.")) / SAMPLE_RATE
    usual = {"intended": text, "said": text, "heard": None, "interrupted": False}
    return Turn.model_validate({"role": role, "start": start, "end": end, **usual, **more})


def place(folder: Path, turns: Sequence[Turn], *speech: tuple[Role, float, Samples]) -> list[Turn]:
    """The turns with words, in a recording in which both sides spoke."""
    audio = np.zeros((LENGTH_S * SAMPLE_RATE, 2), np.float32)
    for role, start, samples in speech:
        at = round(start * SAMPLE_RATE)
        audio[at : at + len(samples), CHANNELS.index(role)] = samples
    path = folder / "audio.flac"
    soundfile.write(path, audio, SAMPLE_RATE, subtype="PCM_16")
    heard = dict(zip(CHANNELS, loudness(path), strict=True))
    return list(place_words(Transcript(turns=tuple(turns)), path, heard).turns)


def test_turns_that_overlap_each_have_their_words_in_the_time_of_their_own(tmp_path: Path) -> None:
    turns = [turn(Role.CUSTOMER, 1.0, NUMBER), turn(Role.SUPPORT, 1.5, REMARK)]
    placed = place(
        tmp_path, turns, (Role.CUSTOMER, 1.0, said(NUMBER)), (Role.SUPPORT, 1.5, said(REMARK))
    )
    for each in placed:
        assert each.words_from is WordSource.ALIGNMENT
        assert each.no_words is None
        assert " ".join(word.text for word in each.words) == each.said
        times = [at for word in each.words for at in (word.start, word.end) if at is not None]
        assert len(times) == 2 * len(each.words)
        assert times == sorted(times)
        assert times == [round(at, 3) for at in times]
        assert times[0] == pytest.approx(each.start, abs=0.05)
        assert times[-1] == pytest.approx(each.end, abs=0.05)


def test_the_words_of_an_interrupted_turn_are_those_that_were_heard(tmp_path: Path) -> None:
    whole = said("My number is 47219, and I am waiting.")
    cut = whole[: round(len(whole) * 0.45)]
    interrupted = turn(
        Role.CUSTOMER,
        1.0,
        NUMBER,
        intended="My number is 47219. And I am waiting.",
        said="My number is 47219. And I",
        interrupted=True,
        end=1.0 + len(cut) / SAMPLE_RATE,
    )
    (placed,) = place(tmp_path, [interrupted], (Role.CUSTOMER, 1.0, cut))
    spoken = [word.text for word in placed.words if word.start is not None]
    assert spoken == ["My", "number", "is", "47219."]
    assert [word.text for word in placed.words if word.start is None] == ["And", "I"]


def test_turns_without_audio_or_text_say_why_they_have_no_words(tmp_path: Path) -> None:
    turns = [
        turn(Role.CUSTOMER, 1.0, None, flaw=TurnFlaw.NO_EVENT),
        turn(Role.SUPPORT, 4.0, REMARK, flaw=TurnFlaw.NO_AUDIO),
        turn(Role.CUSTOMER, 8.0, REMARK, end=8.1),
    ]
    placed = place(tmp_path, turns)
    assert [each.no_words for each in placed] == [
        NoWords.NOT_SAID,
        NoWords.NO_AUDIO,
        NoWords.NOT_MATCHED,
    ]
    assert not any(each.words for each in placed)


def test_one_turn_is_not_aligned_with_the_speech_of_the_next() -> None:
    turns = [turn(Role.CUSTOMER, 1.0, REMARK, end=2.0), turn(Role.CUSTOMER, 2.05, REMARK, end=3.0)]
    other = turn(Role.SUPPORT, 1.9, REMARK, end=2.1)
    assert turn_words._stretch(turns[0], [*turns, other]) == (0.85, 2.05)
    assert turn_words._stretch(turns[1], [*turns, other]) == (2.0, 3.15)


def test_without_an_aligner_turns_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_words, "find_spec", lambda _: None)
    (placed,) = place(tmp_path, [turn(Role.CUSTOMER, 1.0, REMARK)])
    assert placed.no_words is NoWords.NO_ALIGNER


def test_the_aligner_is_not_imported_before_it_is_used() -> None:
    loaded = "print({'pocketsphinx', 'hibari'} & set(sys.modules))"
    code = f"import sys, duologue.cli.call_command; {loaded}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_a_synthesizers_own_times_stay_and_are_compared(tmp_path: Path) -> None:
    spoken = turn(Role.CUSTOMER, 1.0, NUMBER)
    (aligned,) = place(tmp_path, [spoken], (Role.CUSTOMER, 1.0, said(NUMBER)))
    own = tuple(
        word.model_copy(update={"start": round((word.start or 0) + 0.02, 3)})
        for word in aligned.words
    )
    timed = spoken.model_copy(update={"words": own, "words_from": WordSource.SYNTHESIZER})
    (placed,) = place(tmp_path, [timed], (Role.CUSTOMER, 1.0, said(NUMBER)))
    assert placed.words == own
    assert placed.words_from is WordSource.SYNTHESIZER
    assert placed.words_apart_s == pytest.approx(0.02)
