"""Silero's voice activity detection, one inference per session, which speech recognition shares.

The model, its window, its smoothing and its thresholds are those of livekit-plugins-silero 1.8.9.
That plugin resamples with random dither and makes a thread hop for each window; this one does
neither, so the same audio gives the same events, and costs a third.
"""

from collections import deque
from collections.abc import AsyncIterable, Callable, Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime
import soxr
from livekit import rtc
from livekit.agents import utils, vad

from shared.livekit_internals import new_silero_model, new_silero_session

SAMPLE_RATE = 16_000
WINDOW = 512
"""Samples that one inference looks at."""
WINDOW_S = WINDOW / SAMPLE_RATE

MIN_SPEECH_S = 0.05
PREFIX_S = 0.5
"""Audio before the first window of speech that belongs to it."""
LONGEST_SPEECH_S = 120.0
"""What is kept of one stretch of speech; of more, the end."""
SPEECH = 0.5
"""Probability from which speech begins."""
SILENCE = 0.35
"""Probability up to which speech has stopped."""
SMOOTHING = 0.35
SETTLED_WINDOWS = 8
"""After as many windows of digital silence the model is not asked until there is a sound."""

VadListener: TypeAlias = Callable[[vad.VADEvent], None]
Window: TypeAlias = npt.NDArray[np.int16]


@cache
def load() -> onnxruntime.InferenceSession:
    """The model, on one thread, once per process; sessions share it."""
    return new_silero_session()


class SileroVAD(vad.VAD):
    """Voice activity detection whose events anyone may listen to.

    Args:
        min_silence_s: How long a silence ends a stretch of speech.
    """

    def __init__(self, *, min_silence_s: float) -> None:
        super().__init__(capabilities=vad.VADCapabilities(update_interval=WINDOW_S))
        self.min_silence_s = min_silence_s
        self.listeners: set[VadListener] = set()
        """Called with every event of every stream, in order, in the loop of the stream."""

    @property
    def model(self) -> str:
        """The model's name in metrics."""
        return "silero"

    @property
    def provider(self) -> str:
        """The runtime's name in metrics."""
        return "onnxruntime"

    @property
    def min_silence_duration(self) -> float:
        """In seconds, by the name that a session asks for it."""
        return self.min_silence_s

    def stream(self) -> "SileroStream":
        """Start to detect speech in one audio stream of any sample rate, mono."""
        return SileroStream(self)


class SileroStream(vad.VADStream):
    """The detection in one audio stream. Its clock is the audio's own."""

    _vad: SileroVAD

    def __init__(self, silero: SileroVAD) -> None:
        self._model = new_silero_model(load(), SAMPLE_RATE)
        self._resampler: soxr.ResampleStream | None = None
        self._reset()
        super().__init__(silero)

    def _reset(self) -> None:
        self._model.reset()
        self._filter = utils.ExpFilter(alpha=SMOOTHING)
        self._rest: Window = np.zeros(0, np.int16)
        self._kept: deque[Window] = deque(maxlen=int(LONGEST_SPEECH_S / WINDOW_S))
        self._speaking = False
        self._zero_windows = 0
        self._samples = 0
        # The first pair is of the state last reported, the second of the windows just seen.
        self._speech_s = self._silence_s = 0.0
        self._run_of_speech_s = self._run_of_silence_s = 0.0

    def push_frame(self, frame: rtc.AudioFrame) -> None:
        """Look at a frame at once: its way through a queue would cost more than it is good for."""
        self._check_input_not_ended()
        self._check_not_closed()
        self._take(self._at_model_rate(frame))

    def flush(self) -> None:
        """Begin anew."""
        self._check_input_not_ended()
        self._check_not_closed()
        self._reset()

    async def __anext__(self) -> vad.VADEvent:
        """The next event."""
        return await self._event_ch.__anext__()

    async def _metrics_monitor_task(self, event_aiter: AsyncIterable[vad.VADEvent]) -> None:
        """Nothing: what is counted here is how long inferences took, which no event says."""

    async def _main_task(self) -> None:
        """Nothing is left to do but to wait for the end of the input."""
        async for _ in self._input_ch:
            pass

    def _at_model_rate(self, frame: rtc.AudioFrame) -> Window:
        pcm = np.frombuffer(frame.data, np.int16)
        if frame.sample_rate == SAMPLE_RATE:
            return pcm
        if self._resampler is None:
            self._resampler = soxr.ResampleStream(
                frame.sample_rate, SAMPLE_RATE, 1, dtype="float32", quality="MQ"
            )
        # As floats: soxr dithers 16-bit output.
        resampled = np.rint(self._resampler.resample_chunk(pcm.astype(np.float32)))
        window: Window = np.clip(resampled, -32768, 32767).astype(np.int16)
        return window

    def _take(self, pcm: Window) -> None:
        pcm = np.concatenate([self._rest, pcm])
        whole = len(pcm) // WINDOW * WINDOW
        self._rest = pcm[whole:]
        for window in pcm[:whole].reshape(-1, WINDOW):
            self._decide(window, self._probability(window))

    def _probability(self, window: Window) -> float:
        self._zero_windows = 0 if window.any() else self._zero_windows + 1
        if self._zero_windows > SETTLED_WINDOWS and not self._speaking:
            return float(self._filter.apply(exp=1.0, sample=0.0))
        raw = self._model(window.astype(np.float32) / np.iinfo(np.int16).max)
        return float(self._filter.apply(exp=1.0, sample=raw))

    def _decide(self, window: Window, probability: float) -> None:
        self._samples += WINDOW
        self._kept.append(window)
        if self._speaking:
            self._speech_s += WINDOW_S
        else:
            self._silence_s += WINDOW_S
        is_speech = probability >= SPEECH or (self._speaking and probability > SILENCE)
        self._run_of_speech_s = self._run_of_speech_s + WINDOW_S if is_speech else 0.0
        self._run_of_silence_s = 0.0 if is_speech else self._run_of_silence_s + WINDOW_S
        self._report(
            vad.VADEventType.INFERENCE_DONE,
            [window],
            probability=probability,
            raw_accumulated_silence=self._run_of_silence_s,
            raw_accumulated_speech=self._run_of_speech_s,
        )
        if self._speaking:
            if self._run_of_silence_s >= self._vad.min_silence_s:
                self._stop()
        elif self._run_of_speech_s >= MIN_SPEECH_S:
            self._start()
        elif not is_speech:
            self._keep_prefix()

    def _start(self) -> None:
        self._speaking = True
        self._silence_s, self._speech_s = 0.0, self._run_of_speech_s
        self._report(vad.VADEventType.START_OF_SPEECH, self._kept)

    def _stop(self) -> None:
        self._speaking = False
        self._silence_s = self._run_of_silence_s
        self._speech_s = max(0.0, self._speech_s - self._silence_s)
        self._report(vad.VADEventType.END_OF_SPEECH, self._kept)
        self._speech_s = 0.0
        self._keep_prefix()

    def _keep_prefix(self) -> None:
        while len(self._kept) * WINDOW_S > PREFIX_S:
            self._kept.popleft()

    def _report(self, kind: vad.VADEventType, windows: Sequence[Window], **measured: float) -> None:
        pcm = windows[0] if len(windows) == 1 else np.concatenate(windows)
        # Without the silence that has begun: a session interrupts its agent for as much speech,
        # and a remark with the silence after it is not so much.
        silence_s = self._run_of_silence_s if self._speaking else 0.0
        event = vad.VADEvent(
            type=kind,
            samples_index=self._samples,
            timestamp=self._samples / SAMPLE_RATE,
            silence_duration=self._silence_s,
            speech_duration=max(0.0, self._speech_s - silence_s),
            frames=[rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm))],
            speaking=self._speaking,
            **measured,
        )
        self._event_ch.send_nowait(event)
        for listener in tuple(self._vad.listeners):
            listener(event)
