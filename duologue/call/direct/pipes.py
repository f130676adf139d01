"""The pipes between two sessions: what one plays is what the other hears, a tick at a time.

A tick is 32 ms: 768 samples of the 24 kHz that voices speak at, which are recorded as they are,
and 512 of the 16 kHz that recognition needs, and one window of voice activity detection.
"""

import asyncio
import time
from typing import Final

import numpy as np
from livekit import rtc
from livekit.agents import utils
from livekit.agents.voice import io
from numpy.lib.stride_tricks import as_strided

from duologue.folder.channels import Pcm
from shared.engines.pcm import INPUT_FRAME_MS, INPUT_RATE_HZ, OUTPUT_RATE_HZ

TICK_S: Final = INPUT_FRAME_MS / 1000
TICK_SAMPLES: Final = OUTPUT_RATE_HZ * INPUT_FRAME_MS // 1000
"""Played and recorded in one tick."""
HEARD_SAMPLES: Final = INPUT_RATE_HZ * INPUT_FRAME_MS // 1000
SILENCE: Final[Pcm] = np.zeros(TICK_SAMPLES, dtype=np.int16)
SILENCE.flags.writeable = False

_UP, _DOWN = 2, 3
_TAPS = 64
"""Per phase of the filter: 2.7 ms of audio, half of which is its delay."""
_CUTOFF = 0.46
"""Of the heard sample rate."""


class PipeInput(io.AudioInput):
    """What a session hears."""

    def __init__(self) -> None:
        super().__init__(label="pipe")
        self._frames = utils.aio.Chan[rtc.AudioFrame]()
        self._downsampler = Downsampler()

    async def __anext__(self) -> rtc.AudioFrame:
        """The next frame, at the rate that sessions are given on LiveKit, too."""
        return await self._frames.__anext__()

    def push(self, played: Pcm) -> None:
        """Take what the peer played in a tick."""
        heard = self._downsampler.push(played)
        self._frames.send_nowait(rtc.AudioFrame(heard.tobytes(), INPUT_RATE_HZ, 1, HEARD_SAMPLES))


class PipeOutput(io.AudioOutput):
    """What a session plays; it may be given ahead of its time, and is played tick by tick."""

    def __init__(self) -> None:
        super().__init__(
            label="pipe",
            capabilities=io.AudioOutputCapabilities(pause=True),
            sample_rate=OUTPUT_RATE_HZ,
        )
        self._queue = bytearray()
        self._begun = self._flushed = self._interrupted = self._paused = False
        self._played = 0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take a frame to be played after those before it."""
        await super().capture_frame(frame)
        self._begun = True
        if not self._interrupted:
            self._queue += frame.data

    def flush(self) -> None:
        """Close the segment: it is over when all of it was played."""
        super().flush()
        if self._begun:
            self._flushed = True
            self._end_soon()

    def clear_buffer(self) -> None:
        """Play nothing more of the segment."""
        if self._begun:
            self._queue.clear()
            self._interrupted = True
            self._end_soon()

    def pause(self) -> None:
        """Play nothing until resumed."""
        super().pause()
        self._paused = True

    def resume(self) -> None:
        """Go on where it was paused."""
        super().resume()
        self._paused = False

    def tick(self) -> Pcm:
        """What is played in the tick that begins now."""
        if not self._queue:
            if self._flushed:
                self._end()
            return SILENCE
        if self._paused:
            return SILENCE
        if not self._played:
            self.on_playback_started(created_at=time.time())
        size = 2 * TICK_SAMPLES
        played = np.frombuffer(bytes(self._queue[:size]), dtype=np.int16)
        del self._queue[:size]
        self._played += len(played)
        if len(played) < TICK_SAMPLES:
            return np.pad(played, (0, TICK_SAMPLES - len(played)))
        return played

    def _end_soon(self) -> None:
        """End a segment that was cut short, once whoever cuts it has done so."""
        if self._flushed and self._interrupted:
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        if not self._flushed:
            return
        played_s, interrupted = self._played / OUTPUT_RATE_HZ, self._interrupted
        self._begun = self._flushed = self._interrupted = False
        self._played = 0
        self.on_playback_finished(playback_position=played_s, interrupted=interrupted)


class Downsampler:
    """From the rate that is played to the rate that is heard, a tick in, a tick out.

    A windowed sinc in two phases, without dither: the same samples give the same samples.
    """

    def __init__(self) -> None:
        taps = np.arange(_UP * _TAPS) - (_UP * _TAPS - 1) / 2
        # At the common multiple of both rates, of which the heard one is a third.
        sinc = np.sinc(2 * _CUTOFF / _DOWN * taps) * np.blackman(_UP * _TAPS)
        on, between = (phase[::-1] / phase.sum() for phase in (sinc[0::2], sinc[1::2]))
        # Heard samples lie at 0, 1.5, 3, 4.5, ... of the played: on one and between two by turns.
        self._phases = np.stack([np.append(on, 0.0), np.append(0.0, between)], axis=1)
        self._before = np.zeros(_TAPS - 1)

    def push(self, played: Pcm) -> Pcm:
        """The heard samples of a tick."""
        if not played.any() and not self._before.any():
            return np.zeros(HEARD_SAMPLES, dtype=np.int16)
        samples = np.concatenate([self._before, played])
        self._before = samples[-(_TAPS - 1) :]
        step = samples.itemsize
        windows = as_strided(samples, (HEARD_SAMPLES // 2, _TAPS + 1), (_DOWN * step, step))
        # Copied, for where windows share their samples, a product is computed without BLAS.
        heard = (np.ascontiguousarray(windows) @ self._phases).ravel()
        pcm: Pcm = np.clip(np.rint(heard), -32768, 32767).astype(np.int16)
        return pcm
