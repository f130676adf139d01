import asyncio
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from livekit import rtc

from duologue.call.direct.pipes import (
    HEARD_SAMPLES,
    TICK_SAMPLES,
    Downsampler,
    PipeInput,
    PipeOutput,
)
from duologue.call.direct.recording import DirectRecording
from duologue.folder.channels import Pcm
from duologue.folder.folder import AUDIO
from shared.engines.pcm import INPUT_RATE_HZ, OUTPUT_RATE_HZ
from shared.events.journal import Journal
from shared.spec import Role


def tone(frequency_hz: float, ticks: int) -> Pcm:
    seconds = np.arange(ticks * TICK_SAMPLES) / OUTPUT_RATE_HZ
    wave: Pcm = np.rint(10_000 * np.sin(2 * np.pi * frequency_hz * seconds)).astype(np.int16)
    return wave


def heard(played: Pcm) -> Pcm:
    downsampler = Downsampler()
    return np.concatenate([downsampler.push(one) for one in played.reshape(-1, TICK_SAMPLES)])


def rms(samples: npt.NDArray[np.int16]) -> float:
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64)))))


def frame(samples: Pcm) -> rtc.AudioFrame:
    return rtc.AudioFrame(samples.tobytes(), OUTPUT_RATE_HZ, 1, len(samples))


class Listener:
    """What an output says of its playback."""

    def __init__(self, output: PipeOutput) -> None:
        self.started = 0
        self.finished: list[tuple[float, bool]] = []
        output.on("playback_started", self._on_started)
        output.on("playback_finished", self._on_finished)

    def _on_started(self, _: object) -> None:
        self.started += 1

    def _on_finished(self, event: object) -> None:
        self.finished.append((event.playback_position, event.interrupted))  # type: ignore[attr-defined]  # any event


@pytest.mark.parametrize("frequency_hz", [200, 1000, 3000, 6000])
def test_speech_is_heard_as_loud_as_it_is_played(frequency_hz: float) -> None:
    played = tone(frequency_hz, 20)
    assert rms(heard(played)) == pytest.approx(rms(played), rel=0.02)


def test_a_tone_is_heard_at_its_pitch() -> None:
    spectrum = np.abs(np.fft.rfft(heard(tone(1000, 50))))
    assert np.argmax(spectrum) * INPUT_RATE_HZ / (50 * HEARD_SAMPLES) == pytest.approx(1000, abs=1)


def test_what_recognition_cannot_hear_does_not_come_as_something_else() -> None:
    assert rms(heard(tone(9500, 20))) < 0.01 * rms(tone(9500, 20))


def test_silence_stays_digital_silence() -> None:
    downsampler = Downsampler()
    downsampler.push(tone(1000, 1))
    downsampler.push(np.zeros(TICK_SAMPLES, np.int16))
    assert not downsampler.push(np.zeros(TICK_SAMPLES, np.int16)).any()


async def test_a_session_hears_one_frame_a_tick_at_the_rate_it_hears_on_livekit() -> None:
    pipe = PipeInput()
    pipe.push(tone(1000, 1))
    got = await anext(pipe)
    assert (got.sample_rate, got.samples_per_channel) == (INPUT_RATE_HZ, HEARD_SAMPLES)


async def test_what_is_given_ahead_is_played_tick_by_tick_and_then_reported() -> None:
    output = PipeOutput()
    listener = Listener(output)
    played = tone(1000, 3)[: 2 * TICK_SAMPLES + 100]
    await output.capture_frame(frame(played))
    output.flush()
    ticks = np.concatenate([output.tick() for _ in range(4)])
    assert np.array_equal(ticks[: len(played)], played)
    assert not ticks[len(played) :].any()
    assert listener.started == 1
    assert listener.finished == [(len(played) / OUTPUT_RATE_HZ, False)]


async def test_interrupted_speech_ends_where_playback_ended() -> None:
    output = PipeOutput()
    listener = Listener(output)
    await output.capture_frame(frame(tone(1000, 10)))
    output.flush()
    output.tick()
    output.tick()
    output.clear_buffer()
    assert not output.tick().any()
    await asyncio.sleep(0)
    assert listener.finished == [(2 * TICK_SAMPLES / OUTPUT_RATE_HZ, True)]


async def test_an_interruption_is_reported_only_when_nothing_more_of_the_speech_comes() -> None:
    output = PipeOutput()
    listener = Listener(output)
    await output.capture_frame(frame(tone(1000, 2)))
    output.tick()
    output.clear_buffer()
    await output.capture_frame(frame(tone(1000, 2)))
    assert not output.tick().any()
    await asyncio.sleep(0)
    assert not listener.finished
    output.flush()
    await asyncio.sleep(0)
    assert listener.finished == [(TICK_SAMPLES / OUTPUT_RATE_HZ, True)]


async def test_paused_speech_goes_on_where_it_was_paused() -> None:
    output = PipeOutput()
    played = tone(1000, 2)
    await output.capture_frame(frame(played))
    output.flush()
    first = output.tick()
    output.pause()
    assert not output.tick().any()
    output.resume()
    assert np.array_equal(np.concatenate([first, output.tick()]), played)


async def test_what_both_sides_play_at_the_same_moment_is_recorded_at_the_same_sample(
    tmp_path: Path,
) -> None:
    outputs = {role: PipeOutput() for role in Role}
    tape = DirectRecording(tmp_path, Journal("driver"), call_id="c", on_event=lambda _: None)
    clicks = np.zeros(10 * TICK_SAMPLES, np.int16)
    clicks[[100, 2345, 7000]] = 20_000
    for output in outputs.values():
        await output.capture_frame(frame(clicks))
        output.flush()
    for _ in range(12):
        tape.lay({role: output.tick() for role, output in outputs.items()})
    tape.close()
    audio, _ = soundfile.read(tmp_path / AUDIO, dtype="int16")
    for channel in audio.T:
        assert np.flatnonzero(channel).tolist() == [100, 2345, 7000]
