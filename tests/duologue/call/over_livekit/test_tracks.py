"""Audio is laid where it was received, whatever the event loop did meanwhile."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from duologue.call.over_livekit.tracks import HORIZON_S, Channel, Losses, Tape
from duologue.folder.channels import RATE_HZ, Pcm
from shared.spec import Role

FRAME = 240
FRAME_S = FRAME / RATE_HZ


def frame(number: int) -> Pcm:
    """A frame of 10 ms that can be told from others."""
    return np.full(FRAME, number + 1, dtype=np.int16)


def numbers(audio: Pcm) -> list[int]:
    """Which frame lies in each 10 ms; -1 for silence."""
    return [int(sample) - 1 for sample in audio[FRAME // 2 :: FRAME]]


def record(arrivals: list[tuple[int, float]]) -> tuple[Pcm, Channel]:
    """Lay frames, each with the time it came at, and take what became of it."""
    channel = Channel()
    stream = channel.open()
    for number, arrived_s in arrivals:
        stream.push(frame(number), arrived_s)
    channel.close()
    return channel.take(channel.end), channel


def test_a_frame_ends_where_it_arrived() -> None:
    audio, _ = record([(0, 0.05), (1, 0.06)])
    assert numbers(audio) == [-1, -1, -1, -1, 0, 1]


def test_frames_that_a_stall_delivers_late_in_a_burst_keep_their_place() -> None:
    on_time = [(n, 0.01 * (n + 1)) for n in range(50)]
    burst = [(n, 1.5 + n * 1e-5) for n in range(50, 149)]
    after = [(n, 0.01 * (n + 1)) for n in range(149, 300)]
    audio, channel = record(on_time + burst + after)
    assert numbers(audio) == list(range(300))
    assert channel.losses == Losses(0, 0)


def test_frames_that_never_came_leave_silence_of_their_length_where_they_were() -> None:
    before = [(n, 0.01 * (n + 1)) for n in range(100)]
    after = [(n, 0.01 * (n + 1)) for n in range(130, 300)]
    audio, channel = record(before + after)
    assert numbers(audio) == [*range(100), *[-1] * 30, *range(130, 300)]
    assert channel.losses.inserted_s == pytest.approx(0.3)
    assert channel.losses.cut_s == 0


def test_a_single_lost_frame_is_noticed() -> None:
    arrivals = [(n, 0.01 * (n + 1)) for n in range(300) if n != 150]
    audio, channel = record(arrivals)
    assert numbers(audio) == [n if n != 150 else -1 for n in range(300)]
    assert channel.losses.inserted_s == pytest.approx(0.01)


def test_jitter_moves_nothing() -> None:
    late = np.random.default_rng(3).exponential(0.004, 1000)
    arrived = np.maximum.accumulate(0.01 * np.arange(1, 1001) + late)
    audio, channel = record(list(enumerate(arrived.tolist())))
    assert channel.losses == Losses(0, 0)
    assert abs(len(audio) - 1000 * FRAME) < 0.002 * RATE_HZ


def test_last_frames_that_are_a_little_late_move_nothing() -> None:
    arrivals = [(n, 0.01 * (n + 1) + (0.05 if n > 190 else 0)) for n in range(200)]
    audio, channel = record(arrivals)
    assert numbers(audio) == list(range(200))
    assert channel.losses == Losses(0, 0)


def test_a_hole_right_before_the_end_is_noticed() -> None:
    arrivals = [(n, 0.01 * (n + 1)) for n in range(200) if not 150 <= n < 180]
    audio, _ = record(arrivals)
    assert numbers(audio) == [*range(150), *[-1] * 30, *range(180, 200)]


def test_a_track_that_comes_back_goes_on_on_the_same_clock() -> None:
    channel = Channel()
    stream = channel.open()
    for n in range(100):
        stream.push(frame(n), 0.01 * (n + 1))
    channel.close(stream)
    stream = channel.open()
    for n in range(300, 400):
        stream.push(frame(n), 0.01 * (n + 1))
    channel.close(stream)
    audio = channel.take(channel.end)
    assert numbers(audio) == [*range(100), *[-1] * 200, *range(300, 400)]
    assert channel.losses.inserted_s == pytest.approx(2.0)


def test_a_stream_that_was_taken_over_writes_nothing_more() -> None:
    channel = Channel()
    old = channel.open()
    old.push(frame(0), 0.01)
    new = channel.open()
    new.push(frame(1), 0.02)
    old.push(frame(2), 0.03)
    channel.close(old)
    new.push(frame(3), 0.03)
    channel.close(new)
    assert numbers(channel.take(channel.end)) == [0, 1, 3]


def test_audio_whose_place_has_been_written_is_cut_and_counted() -> None:
    channel = Channel()
    channel.pad(3 * FRAME)
    stream = channel.open()
    for n in range(5):
        stream.push(frame(n), 0.01 * (n + 1))
    channel.close()
    assert numbers(channel.take(channel.end)) == [-1, -1, -1, 3, 4]
    assert channel.losses.cut_s == pytest.approx(0.03)


def play(file: Tape, feeds: dict[Role, range], seconds: float) -> None:
    """Push frames as they come, on time, writing every 0.25 s."""
    streams = {role: file.channels[role].open() for role in feeds}
    for n in range(round(seconds / FRAME_S)):
        for role, frames in feeds.items():
            if n in frames:
                streams[role].push(frame(n), FRAME_S * (n + 1))
        if n % 25 == 0:
            file.advance(FRAME_S * (n + 1))


def test_both_channels_are_as_long_as_the_call_and_in_step(tmp_path: Path) -> None:
    file = Tape(tmp_path / "wire.flac")
    play(file, {Role.CUSTOMER: range(100, 900), Role.SUPPORT: range(300, 500)}, 12)
    file.close(12.0)
    audio, rate = soundfile.read(tmp_path / "wire.flac", dtype="int16")
    assert (audio.shape, rate) == ((12 * RATE_HZ, 2), RATE_HZ)
    info = soundfile.info(tmp_path / "wire.flac")
    assert (info.format, info.subtype) == ("FLAC", "PCM_16")
    assert numbers(audio[:, 0]) == [n if 100 <= n < 900 else -1 for n in range(1200)]
    assert numbers(audio[:, 1]) == [n if 300 <= n < 500 else -1 for n in range(1200)]


def test_a_channel_without_audio_does_not_hold_up_the_file(tmp_path: Path) -> None:
    file = Tape(tmp_path / "wire.flac")
    play(file, {Role.CUSTOMER: range(10_000)}, 60)
    waiting = file.channels[Role.CUSTOMER].end - file._written
    assert waiting <= (HORIZON_S + 1) * RATE_HZ
    file.close(60.0)
    audio, _ = soundfile.read(tmp_path / "wire.flac", dtype="int16")
    assert numbers(audio[:, 0]) == list(range(6000))


def test_a_stall_longer_than_the_horizon_loses_nothing(tmp_path: Path) -> None:
    file = Tape(tmp_path / "wire.flac")
    stream = file.channels[Role.SUPPORT].open()
    for n in range(2500):
        arrived_s = FRAME_S * (n + 1)
        if 500 <= n < 1800:
            arrived_s = 18.0
        if n == 1700:
            file.advance(18.0)
        stream.push(frame(n), arrived_s)
        if n % 25 == 0 and not 500 <= n < 1800:
            file.advance(arrived_s)
    file.close(25.0)
    audio, _ = soundfile.read(tmp_path / "wire.flac", dtype="int16")
    assert numbers(audio[:, 1]) == list(range(2500))
