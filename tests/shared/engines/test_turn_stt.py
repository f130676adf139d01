from collections.abc import Callable

import numpy as np
import pytest
from livekit.agents.stt import SpeechEventType

from shared.engines import turn_stt, whisper
from shared.engines.completeness import FINISHED_S, UNFINISHED_S
from shared.engines.pcm import Samples
from shared.engines.recognized import Recognized
from shared.language.as_heard import normalize
from tests.shared.engines.conftest import Microphone, open_line, say

ORDER = ("Hi, my order has not arrived yet.", "The number is four seven two one nine.")


def times(microphone: Microphone, kind: SpeechEventType) -> list[float]:
    return [at for event, at in microphone.events if event.type is kind]


async def test_two_sentences_are_one_turn() -> None:
    async with open_line() as line:
        await line.silence(0.5)
        await line.push(say(*ORDER))
        await line.silence(1.0)
    assert len(line.finals()) == 1
    assert normalize(line.finals()[0]) == normalize(" ".join(ORDER))


async def test_a_turn_is_reported_in_the_order_that_a_session_needs() -> None:
    async with open_line() as line:
        await line.push(say("Is there anything else I can help you with?"))
        await line.silence(1.0)
    kinds = line.kinds()
    assert kinds[0] is SpeechEventType.START_OF_SPEECH
    assert kinds[-3:] == [
        SpeechEventType.FINAL_TRANSCRIPT,
        SpeechEventType.END_OF_SPEECH,
        SpeechEventType.RECOGNITION_USAGE,
    ]


async def test_speech_that_goes_on_before_the_turn_ends_belongs_to_it() -> None:
    async with open_line() as line:
        await line.push(say(*ORDER, pause_s=FINISHED_S - 0.1))
        await line.silence(1.0)
    assert [normalize(final) for final in line.finals()] == [normalize(" ".join(ORDER))]
    assert len(times(line, SpeechEventType.END_OF_SPEECH)) == 1


async def test_what_is_said_after_the_end_is_the_next_turn() -> None:
    async with open_line() as line:
        await line.push(say(*ORDER, pause_s=FINISHED_S + 0.4))
        await line.silence(1.0)
    assert [normalize(final) for final in line.finals()] == [normalize(part) for part in ORDER]


async def test_a_finished_turn_ends_within_half_a_second() -> None:
    spoken = say("Is there anything else I can help you with?")
    async with open_line() as line:
        await line.push(spoken)
        await line.silence(1.0)
    [ended_at] = times(line, SpeechEventType.END_OF_SPEECH)
    assert FINISHED_S - 0.05 < ended_at - len(spoken) / 24_000 < 0.5


LONG = (
    "Hi, my order has not arrived yet, and I have been waiting for it for almost two weeks now.",
    "The tracking page says that it left the warehouse, but nothing has happened after that.",
    "I would like to know where it is.",
)


@pytest.fixture
def lengths_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the audio was that was transcribed, each time."""
    lengths_s: list[float] = []
    model = whisper.load()
    transcribe = model.transcribe

    def measured(samples: Samples) -> Recognized:
        lengths_s.append(len(samples) / whisper.SAMPLE_RATE)
        return transcribe(samples)

    monkeypatch.setattr(model, "transcribe", measured)
    return lengths_s


async def test_of_a_long_turn_only_what_came_after_its_finished_parts_is_heard_at_its_end(
    lengths_s: list[float],
) -> None:
    spoken = say(*LONG)
    async with open_line() as line:
        await line.push(spoken)
        await line.silence(1.0)
    assert [normalize(final) for final in line.finals()] == [normalize(" ".join(LONG))]
    assert lengths_s[-1] < len(spoken) / 24_000 / 2
    usage = line.events[-1][0].recognition_usage
    assert usage is not None
    assert usage.audio_duration > len(spoken) / 24_000


async def test_a_long_part_that_stops_in_the_middle_is_heard_again_with_what_follows(
    lengths_s: list[float],
) -> None:
    story = "I have waited at home for more than two weeks now for the lamps and the table"
    words = (f"{story} from an order that somebody told me was number seven", "eight eight four")
    spoken = say(*words, pause_s=0.3)
    async with open_line() as line:
        await line.push(spoken)
        await line.silence(1.0)
    assert [normalize(final) for final in line.finals()] == [normalize(" ".join(words))]
    assert lengths_s[-1] > len(spoken) / 24_000, lengths_s


async def test_an_unfinished_turn_is_given_more_time() -> None:
    spoken = say("The order number is four seven")
    async with open_line() as line:
        await line.push(spoken)
        await line.silence(1.0)
    [ended_at] = times(line, SpeechEventType.END_OF_SPEECH)
    assert ended_at - len(spoken) / 24_000 > UNFINISHED_S - 0.05


async def test_an_early_transcript_that_stands_is_the_final_one() -> None:
    async with open_line() as line:
        await line.push(say(*ORDER))
        await line.silence(1.0)
    early = [
        event.alternatives[0].text
        for event, _ in line.events
        if event.type is SpeechEventType.PREFLIGHT_TRANSCRIPT
    ]
    assert early[-1:] == line.finals()


@pytest.mark.parametrize("level", [0.01, 0.2])
async def test_noise_is_no_turn(noise: Callable[[float, float], Samples], level: float) -> None:
    async with open_line() as line:
        await line.push(noise(2.0, level))
        await line.silence(1.0)
    assert line.finals() == []


async def test_a_sound_taken_for_speech_ends_without_a_transcript() -> None:
    time_s = np.arange(24_000) / 24_000
    howl = 0.3 * np.sin(2 * np.pi * (180 + 40 * np.sin(2 * np.pi * 3 * time_s)) * time_s)
    async with open_line() as line:
        await line.push(howl.astype(np.float32))
        await line.silence(1.0)
    assert line.finals() == []
    starts = times(line, SpeechEventType.START_OF_SPEECH)
    assert bool(starts) == bool(times(line, SpeechEventType.END_OF_SPEECH))


async def test_the_same_audio_is_heard_the_same() -> None:
    heard = []
    for _ in range(2):
        async with open_line() as line:
            await line.push(say(*ORDER))
            await line.silence(1.0)
        heard.append([(event.type, at) for event, at in line.events])
    assert heard[0] == heard[1]


async def test_a_turn_still_open_at_the_end_of_input_is_heard() -> None:
    async with open_line() as line:
        await line.push(say("My name is Thomas Becker."))
    assert [normalize(final) for final in line.finals()] == [
        ["my", "name", "is", "thomas", "becker"]
    ]


async def test_a_track_that_falls_silent_without_a_frame_ends_the_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turn_stt, "STALLED_S", 0.01)
    async with open_line() as line:
        await line.push(say("My name is Thomas Becker."))
        while SpeechEventType.END_OF_SPEECH not in line.kinds():
            await line.next_event()
        assert len(line.finals()) == 1
