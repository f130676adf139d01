"""What a tap hands on of what a sink says it has played."""

import io

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from livekit import rtc
from livekit.agents import voice

from shared.engines.pcm import OUTPUT_RATE_HZ
from shared.side.tap import Played, Tap

FRAME = OUTPUT_RATE_HZ // 20
PCM = np.random.default_rng(0).integers(-9000, 9000, 20 * FRAME, dtype=np.int16)
"""One second."""


class Sink(voice.io.AudioOutput):
    """An output that plays what a test says it plays."""

    def __init__(self) -> None:
        super().__init__(
            label="sink",
            capabilities=voice.io.AudioOutputCapabilities(pause=True),
            sample_rate=OUTPUT_RATE_HZ,
        )
        self.given = 0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        self.given += frame.samples_per_channel

    def flush(self) -> None:
        super().flush()

    def clear_buffer(self) -> None:
        self.given = 0

    def plays(self, *runs: tuple[float, float, float], interrupted: bool = False) -> None:
        """Report runs: when each began, at which second of the segment, for how long."""
        for started_at, offset, duration in runs:
            self.on_playback_progressed(started_at=started_at, offset=offset, duration=duration)
        position = sum(duration for _, _, duration in runs)
        self.on_playback_finished(playback_position=position, interrupted=interrupted)


async def speak(tap: Tap, pcm: npt.NDArray[np.int16] = PCM) -> None:
    """Give a tap a second of sound, frame by frame."""
    for first in range(0, len(pcm), FRAME):
        frame = rtc.AudioFrame(pcm[first : first + FRAME].tobytes(), OUTPUT_RATE_HZ, 1, FRAME)
        await tap.capture_frame(frame)
    tap.flush()


def samples(played: Played) -> list[int]:
    return [int(sample) for sample in np.frombuffer(played.pcm, np.int16)]


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def played() -> list[Played]:
    return []


@pytest.fixture
def tap(sink: Sink, played: list[Played]) -> Tap:
    return Tap(sink, played.append)


async def test_what_was_played_to_its_end_is_handed_on_as_it_was_given(
    tap: Tap, sink: Sink, played: list[Played]
) -> None:
    await speak(tap)
    assert sink.given == len(PCM)
    assert not played
    sink.plays((100.0, 0.0, 1.0))
    [whole] = played
    assert samples(whole) == PCM.tolist()
    assert (whole.started_at, whole.stopped_at) == (100.0, 101.0)
    decoded, rate = soundfile.read(io.BytesIO(whole.to_flac()), dtype="int16")
    assert (rate, decoded.tolist()) == (OUTPUT_RATE_HZ, PCM.tolist())


async def test_of_a_turn_that_was_cut_short_only_what_was_played_is_handed_on(
    tap: Tap, sink: Sink, played: list[Played]
) -> None:
    await speak(tap)
    tap.clear_buffer()
    assert sink.given == 0
    sink.plays((100.0, 0.0, 0.37), interrupted=True)
    await speak(tap, PCM[::-1])
    sink.plays((102.0, 0.0, 1.0))
    cut, whole = played
    assert samples(cut) == PCM[: round(0.37 * OUTPUT_RATE_HZ)].tolist()
    assert cut.stopped_at == pytest.approx(100.37)
    assert samples(whole) == PCM[::-1].tolist()


async def test_a_turn_that_never_began_leaves_nothing(
    tap: Tap, sink: Sink, played: list[Played]
) -> None:
    await speak(tap)
    sink.plays(interrupted=True)
    assert not played


@pytest.mark.parametrize(
    ("again_at", "offset"),
    [(102.0, 0.3), (102.0, 0.5), (100.31, 0.5)],
    ids=["paused", "paused, and dropped some", "dropped some"],
)
async def test_a_turn_with_a_hole_is_two_stretches_without_what_was_not_played(
    tap: Tap, sink: Sink, played: list[Played], again_at: float, offset: float
) -> None:
    await speak(tap)
    sink.plays((100.0, 0.0, 0.3), (again_at, offset, 1.0 - offset))
    before, after = played
    assert samples(before) == PCM[: round(0.3 * OUTPUT_RATE_HZ)].tolist()
    assert samples(after) == PCM[round(offset * OUTPUT_RATE_HZ) :].tolist()
    assert after.started_at == again_at


async def test_an_output_that_ran_dry_for_a_moment_has_played_one_stretch(
    tap: Tap, sink: Sink, played: list[Played]
) -> None:
    await speak(tap)
    sink.plays((100.0, 0.0, 0.3), (100.31, 0.3, 0.7))
    [whole] = played
    assert samples(whole) == PCM.tolist()
