import numpy as np
import pytest
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString

from shared.engines import hibari, piper, whisper
from shared.engines.local_tts import (
    KEPT_S,
    LEVEL_DBFS,
    QUIET,
    SAMPLE_RATE,
    LocalTTS,
    Voice,
)
from shared.engines.pcm import Samples, from_frames, resample
from shared.language.as_heard import normalize
from shared.language.pauses import INNER_PAUSE_S, SENTENCE_PAUSE_S

TEXT = (
    "Okay, I have found your order. It left our warehouse on March ninth, and it should be with "
    "you tomorrow. Is there anything else?"
)
VOICES = [hibari.load("heart"), hibari.load("heart-low"), piper.load("joe")]
every_voice = pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)


async def speak(tts: LocalTTS, *pieces: str) -> tuple[Samples, list[TimedString]]:
    """The audio of one turn whose text comes in `pieces`, and its words."""
    async with tts.stream() as stream:
        for piece in pieces:
            stream.push_text(piece)
        stream.end_input()
        frames = [event.frame async for event in stream]
    words = [word for frame in frames for word in frame.userdata[USERDATA_TIMED_TRANSCRIPT]]
    return from_frames(frames), words


def silences_s(samples: Samples) -> list[float]:
    """The lengths of the silences inside `samples`."""
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    return [float(gap) / SAMPLE_RATE for gap in np.diff(loud) if gap > 0.1 * SAMPLE_RATE]


@every_voice
async def test_sentences_are_joined_by_one_fixed_pause(voice: Voice) -> None:
    samples, _ = await speak(LocalTTS(voice), TEXT)
    sentences = [voice.speak(sentence, 0) for sentence in TEXT.replace(". ", ".|").split("|")]
    pause = np.zeros(round(SENTENCE_PAUSE_S * SAMPLE_RATE), np.float32)
    expected = np.concatenate([sentences[0], pause, sentences[1], pause, sentences[2]])
    assert len(samples) == len(expected)
    assert np.allclose(samples, expected, atol=1 / 16_384)


@every_voice
async def test_a_turn_begins_and_ends_with_its_speech(voice: Voice) -> None:
    samples, _ = await speak(LocalTTS(voice), TEXT)
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    kept = round(KEPT_S * SAMPLE_RATE) + 1
    assert loud[0] <= kept
    assert len(samples) - loud[-1] <= kept


@every_voice
async def test_no_pause_inside_a_turn_is_taken_for_its_end(voice: Voice) -> None:
    samples, _ = await speak(LocalTTS(voice), TEXT)
    longest_s = max(INNER_PAUSE_S, SENTENCE_PAUSE_S + 2 * KEPT_S)
    assert max(silences_s(samples)) <= longest_s + 0.001


@every_voice
async def test_the_same_text_and_seed_are_the_same_bytes(voice: Voice) -> None:
    first, _ = await speak(LocalTTS(voice, seed=7), TEXT)
    second, _ = await speak(LocalTTS(voice, seed=7), TEXT)
    assert first.tobytes() == second.tobytes()


async def test_another_seed_is_another_take() -> None:
    first, _ = await speak(LocalTTS(VOICES[0], seed=7), TEXT)
    second, _ = await speak(LocalTTS(VOICES[0], seed=8), TEXT)
    assert first.tobytes() != second.tobytes()


async def test_text_in_pieces_sounds_like_text_at_once() -> None:
    whole, _ = await speak(LocalTTS(VOICES[0]), TEXT)
    pieces, _ = await speak(LocalTTS(VOICES[0]), *(f"{word} " for word in TEXT.split()))
    assert whole.tobytes() == pieces.tobytes()


@every_voice
async def test_words_come_with_their_times(voice: Voice) -> None:
    samples, words = await speak(LocalTTS(voice), TEXT)
    assert "".join(words) == TEXT
    times_s = [time_s for word in words for time_s in (word.start_time, word.end_time)]
    assert np.all(np.diff(np.array(times_s, float)) >= 0)
    assert np.max(np.array(times_s, float)) <= len(samples) / SAMPLE_RATE


async def test_the_first_word_of_a_sentence_begins_with_its_sound() -> None:
    samples, words = await speak(LocalTTS(VOICES[0]), TEXT)
    first = next(word for word in words if word == " It")
    assert isinstance(first.start_time, float)
    begin = round(first.start_time * SAMPLE_RATE)
    assert np.abs(samples[begin : begin + 480]).max() > QUIET
    assert np.abs(samples[begin - 2400 : begin - 480]).max() <= QUIET


@every_voice
async def test_voices_have_one_level_and_do_not_clip(voice: Voice) -> None:
    samples, _ = await speak(LocalTTS(voice), TEXT)
    frames = samples[: len(samples) // 240 * 240].reshape(-1, 240)
    active = frames[np.abs(frames).max(axis=1) > QUIET]
    level_dbfs = 20 * np.log10(np.sqrt(np.mean(np.square(active))))
    assert level_dbfs == pytest.approx(LEVEL_DBFS, abs=2)
    assert np.abs(samples).max() < 1.0


async def test_a_text_that_is_there_at_once_is_spoken_alike() -> None:
    tts = LocalTTS(VOICES[0])
    async with tts.synthesize(TEXT) as stream:
        frame = await stream.collect()
    streamed, _ = await speak(tts, TEXT)
    # LiveKit's own wrapping appends 10 ms of silence.
    assert from_frames([frame])[: len(streamed)].tobytes() == streamed.tobytes()
    assert len(from_frames([frame])) - len(streamed) <= SAMPLE_RATE // 100


@pytest.mark.parametrize("said", ["seven zero zero eight zero zero", "one one zero zero one one"])
async def test_a_code_that_repeats_its_digits_is_heard_as_it_is(said: str) -> None:
    samples, words = await speak(LocalTTS(VOICES[0]), f"My order number is {said}.")
    assert " ".join(str(word).strip() for word in words[4:]) == f"{said}."
    heard = whisper.load().transcribe(resample(samples, SAMPLE_RATE, whisper.SAMPLE_RATE))
    assert normalize(heard.text)[4:] == normalize(said)
