import numpy as np
import pytest
from livekit import rtc
from livekit.agents import vad
from livekit.agents.vad import VADEvent, VADEventType
from livekit.plugins import silero as plugin

from shared.engines import silero
from shared.engines.pcm import Samples, resample, to_pcm
from tests.shared.engines.conftest import say

CHANGES = (VADEventType.START_OF_SPEECH, VADEventType.END_OF_SPEECH)


def call() -> Samples:
    """Two turns with a silence between them."""
    silence = np.zeros(24_000, np.float32)
    return np.concatenate([silence, say("Goodbye, and thank you."), silence, say("Bye."), silence])


async def detect(detector: vad.VAD, rate: int) -> list[VADEvent]:
    stream = detector.stream()
    pcm = to_pcm(resample(call(), 24_000, rate))
    step = rate // 50 * 2
    for start in range(0, len(pcm) - step, step):
        stream.push_frame(rtc.AudioFrame(pcm[start : start + step], rate, 1, step // 2))
    stream.end_input()
    events = [event async for event in stream]
    await stream.aclose()
    return events


def changes(events: list[VADEvent]) -> list[tuple[VADEventType, float]]:
    return [(event.type, round(event.timestamp, 3)) for event in events if event.type in CHANGES]


async def test_it_detects_what_the_plugin_detects() -> None:
    ours = await detect(silero.SileroVAD(min_silence_s=0.3), silero.SAMPLE_RATE)
    theirs = await detect(plugin.VAD.load(min_silence_duration=0.3), silero.SAMPLE_RATE)
    assert len(changes(ours)) == 4
    assert [kind for kind, _ in changes(ours)] == [kind for kind, _ in changes(theirs)]
    # The plugin looks at digital silence, too, after which its state is a little different.
    apart = np.subtract([at for _, at in changes(ours)], [at for _, at in changes(theirs)])
    assert np.abs(apart).max() < 1.5 * silero.WINDOW_S


@pytest.mark.parametrize("rate", [24_000, 48_000])
async def test_other_sample_rates_give_the_same_turns(rate: int) -> None:
    direct = changes(await detect(silero.SileroVAD(min_silence_s=0.3), silero.SAMPLE_RATE))
    resampled = changes(await detect(silero.SileroVAD(min_silence_s=0.3), rate))
    assert [kind for kind, _ in resampled] == [kind for kind, _ in direct]
    assert np.allclose([at for _, at in resampled], [at for _, at in direct], atol=0.07)


async def test_the_same_audio_gives_the_same_probabilities() -> None:
    runs = [await detect(silero.SileroVAD(min_silence_s=0.3), 48_000) for _ in range(2)]
    first, second = ([event.probability for event in events] for events in runs)
    assert first == second


async def test_the_speech_comes_with_the_end_of_it() -> None:
    events = await detect(silero.SileroVAD(min_silence_s=0.3), silero.SAMPLE_RATE)
    ends = [event for event in events if event.type is VADEventType.END_OF_SPEECH]
    for end in ends:
        [frame] = end.frames
        expected_s = silero.PREFIX_S + end.speech_duration + end.silence_duration
        assert frame.duration == pytest.approx(expected_s, abs=0.1)


async def test_every_event_is_told_to_listeners() -> None:
    detector = silero.SileroVAD(min_silence_s=0.3)
    heard: list[VADEvent] = []
    detector.listeners.add(heard.append)
    assert await detect(detector, silero.SAMPLE_RATE) == heard
