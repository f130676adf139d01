"""Speech recognition that hears whole turns, and says when they end.

It keeps a turn's audio, transcribes it at the first silence, forgets that if speech goes on, and
reports the transcript and the end of speech together once the silence has lasted long enough for
what was said. Of a long turn, what reads as finished is not transcribed again: else the answer to
the longest turns would come last. Used with `turn_detection: "stt"` and no endpointing delay,
nothing is answered before its speaker has finished.

Silences are measured in audio, not by a clock: the same audio gives the same turns on a slow
machine, on a fast one, and in virtual time. Speech that goes on while a slow machine is still
transcribing belongs to the same turn.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Never

from livekit import rtc
from livekit.agents import APIConnectOptions, LanguageCode, stt, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer
from livekit.agents.vad import VADEvent, VADEventType

from shared.engines.completeness import FINISHED_S, end_of_turn_silence_s
from shared.engines.recognized import Recognized, joined
from shared.engines.silero import LONGEST_SPEECH_S, WINDOW_S, SileroVAD
from shared.engines.turn_settings import WHOLE_TURNS, TurnSettings

EARLY_S = 3 * WINDOW_S
"""Silence after which a turn is transcribed at the earliest."""
PREPARE_S = 0.25
"""Silence by which its words are wanted, and from which on a reply is prepared: a little more than
the pause between two sentences of our own voices, so that neither is done for half a turn where
transcribing is quick."""
PART_S = 6.0
"""A turn that is so long at a pause is transcribed there even if it should go on."""
PART_PAUSE_S = 5 * WINDOW_S
"""Silence that is such a pause: there is some between any two sentences, seldom inside one."""
ASKED_S = 0.5
"""Silence from which on a service is asked for the words, which costs something each time."""
STALLED_S = 1.0
"""A turn ends when no audio came for so long: a muted track may send nothing at all."""
LOOK_S = 0.1
"""How often it is looked for audio meanwhile."""
ROUNDING_S = 1e-6


class TurnSTT(stt.STT[Never]):
    """Streaming recognition of whole turns, on the session's own voice activity detection.

    Args:
        recognizer: What transcribes a turn, or a part of one, that is there as a whole.
        silero: The VAD that the session is given, too. The audio comes with its events.
        turn: The silence that ends a turn, and whether words are wanted before it.
        conn_options: How long the recognizer is waited for, and how often it is asked again.
    """

    def __init__(
        self,
        recognizer: stt.STT[Any],
        silero: SileroVAD,
        *,
        turn: TurnSettings = WHOLE_TURNS,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=False))
        self.recognizer, self.silero, self.turn = recognizer, silero, turn
        self._conn_options = conn_options
        self.took_s = PREPARE_S - EARLY_S
        """How long the last transcribing took."""
        self.asked_s = 0.0
        """Seconds of audio that were transcribed, each as often as it was, and not yet reported."""

    @property
    def model(self) -> str:
        """The model's name in metrics."""
        return self.recognizer.model

    @property
    def provider(self) -> str:
        """The recognizer's name in metrics."""
        return self.recognizer.provider

    async def _recognize_impl(
        self,
        buffer: AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        return await self.recognizer.recognize(buffer, language=language, conn_options=conn_options)

    async def transcribe(self, windows: Sequence[rtc.AudioFrame]) -> Recognized:
        """The words in `windows`, one after the other."""
        began_s = time.perf_counter()
        self.asked_s += sum(window.duration for window in windows)
        event = await self.recognizer.recognize([*windows], conn_options=self._conn_options)
        self.took_s = time.perf_counter() - began_s
        heard = event.alternatives[0]
        return Recognized(heard.text, heard.confidence)

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> "TurnStream":
        """Start to hear turns in what the VAD is fed."""
        del language, conn_options  # the recognizer is asked again, not the stream begun anew
        return TurnStream(self)


class HeardSoFar(NamedTuple):
    """What a turn was understood as at one of its pauses."""

    parts: tuple[Recognized, ...]
    """What was finished at an earlier pause."""
    windows: tuple[rtc.AudioFrame, ...]
    """The audio after that."""
    last: Recognized
    """The words in it."""

    @property
    def transcript(self) -> Recognized:
        """Of the whole turn."""
        return joined((*self.parts, self.last))

    def keep(self) -> tuple[tuple[Recognized, ...], tuple[rtc.AudioFrame, ...]]:
        """What stands if the turn goes on: finished parts, and audio that has to be heard again."""
        if self.last.text and end_of_turn_silence_s(self.last.text) == FINISHED_S:
            return (*self.parts, self.last), ()
        return self.parts, self.windows


class TurnStream(stt.RecognizeStream):
    """The turns of one participant."""

    _stt: TurnSTT

    def __init__(self, turn_stt: TurnSTT) -> None:
        self._events = utils.aio.Chan[VADEvent]()
        self._late = True
        """No event has come yet: the first one may be in the middle of a turn."""
        self._turn_s = 0.0
        """The length of the turn that is open; zero between turns."""
        self._before: asyncio.Task[HeardSoFar] | None = None
        """Hears the turn up to `_turn`."""
        self._turn: deque[rtc.AudioFrame] = deque(maxlen=int(LONGEST_SPEECH_S / WINDOW_S))
        self._transcribing: asyncio.Task[HeardSoFar] | None = None
        """Hears the turn up to `_later`."""
        self._later: list[rtc.AudioFrame] = []
        self._heard: Recognized | None = None
        self._tasks: set[asyncio.Task[HeardSoFar]] = set()
        super().__init__(stt=turn_stt, conn_options=APIConnectOptions(max_retry=0))

    def push_frame(self, frame: rtc.AudioFrame) -> None:
        """Nothing: the same audio comes with the VAD's events."""

    def end_input(self) -> None:
        """End the turn that is open, if one is, and the stream."""
        super().end_input()
        self._events.close()

    async def _run(self) -> None:
        self._stt.silero.listeners.add(self._listen)
        try:
            while (event := await self._next_event()) is not None:
                if event.type is VADEventType.START_OF_SPEECH:
                    self._start(event)
                elif event.type is VADEventType.INFERENCE_DONE and self._turn_s:
                    self._go_on(event)
            if self._turn_s:
                await self._end_now()
        finally:
            self._stt.silero.listeners.discard(self._listen)
            await utils.aio.cancel_and_wait(*self._tasks)

    def _listen(self, event: VADEvent) -> None:
        if self._late:
            # What stands in for a recognizer that failed hears what is left of the turn.
            self._late = False
            if event.speaking and event.type is VADEventType.INFERENCE_DONE:
                event = replace(event, type=VADEventType.START_OF_SPEECH)
        # Between turns there is nothing to do about one window more.
        idle = not self._turn_s and self._events.empty()
        if self._events.closed or (idle and event.type is VADEventType.INFERENCE_DONE):
            return
        self._events.send_nowait(event)

    async def _next_event(self) -> VADEvent | None:
        """The VAD's next event; None when there will be none."""
        looks = 0
        while True:
            try:
                async with asyncio.timeout(LOOK_S if self._turn_s else None):
                    return await self._events.recv()
            except TimeoutError:
                # Looks count, not time: what holds this loop up holds up the windows, too.
                looks += 1
                if looks * LOOK_S >= STALLED_S:
                    await self._end_now()
            except utils.aio.ChanClosed:
                return None

    def _start(self, event: VADEvent) -> None:
        if not self._turn_s:
            self._take(event)
        start = stt.SpeechEvent(type=stt.SpeechEventType.START_OF_SPEECH)
        start.speech_start_time = time.time() - event.speech_duration
        self._event_ch.send_nowait(start)

    def _go_on(self, event: VADEvent) -> None:
        """Take in one more window of an open turn."""
        self._take(event)
        silence_s = event.raw_accumulated_silence + ROUNDING_S
        if silence_s < EARLY_S:
            self._speech_goes_on()
        elif self._transcribing is None:
            if silence_s >= self._transcribed_from_s():
                self._transcribing = self._transcribe()
        elif self._transcribing.done() and silence_s >= PREPARE_S:
            if self._heard is None:
                self._heard = self._transcribing.result().transcript
                if self._heard.text:
                    kind = stt.SpeechEventType.PREFLIGHT_TRANSCRIPT
                    self._event_ch.send_nowait(_event(kind, self._heard))
            wanted_s = max(self._stt.turn.silence_s, end_of_turn_silence_s(self._heard.text))
            if silence_s >= wanted_s:
                self._end(self._heard, silence_s)

    def _take(self, event: VADEvent) -> None:
        (self._later if self._transcribing else self._turn).extend(event.frames)
        self._turn_s += sum(frame.duration for frame in event.frames)

    def _transcribed_from_s(self) -> float:
        """The silence after which the words are wanted, less what it takes to get them."""
        if not self._stt.turn.preemptive:
            return ASKED_S
        wanted_s = PREPARE_S - self._stt.took_s
        return min(wanted_s, PART_PAUSE_S) if self._is_part() else wanted_s

    def _is_part(self) -> bool:
        return self._stt.turn.preemptive and sum(frame.duration for frame in self._turn) >= PART_S

    def _transcribe(self) -> asyncio.Task[HeardSoFar]:
        hearing = self._hear(self._before, tuple(self._turn))
        task = asyncio.create_task(hearing, name="transcribe")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _hear(
        self, before: asyncio.Task[HeardSoFar] | None, windows: tuple[rtc.AudioFrame, ...]
    ) -> HeardSoFar:
        # Shielded: what is heard again when speech goes on is this, not what was before it.
        parts, again = (await asyncio.shield(before)).keep() if before else ((), ())
        windows = (*again, *windows)
        return HeardSoFar(parts, windows, await self._stt.transcribe(windows))

    def _speech_goes_on(self) -> None:
        """What was heard is only a part of the turn; a short one is heard again with the rest."""
        if self._transcribing is None:
            return
        if self._is_part():
            self._before = self._transcribing
            self._turn.clear()
        else:
            self._transcribing.cancel()
        self._turn.extend(self._later)
        self._later.clear()
        self._transcribing = self._heard = None

    async def _end_now(self) -> None:
        self._end((await (self._transcribing or self._transcribe())).transcript, 0.0)

    def _end(self, heard: Recognized, silence_s: float) -> None:
        ended_at = time.time() - silence_s
        if heard.text:
            final = _event(stt.SpeechEventType.FINAL_TRANSCRIPT, heard)
            final.speech_end_time = ended_at
            self._event_ch.send_nowait(final)
        end = stt.SpeechEvent(type=stt.SpeechEventType.END_OF_SPEECH, speech_end_time=ended_at)
        self._event_ch.send_nowait(end)
        usage = stt.RecognitionUsage(audio_duration=self._stt.asked_s)
        self._stt.asked_s = 0.0
        self._event_ch.send_nowait(
            stt.SpeechEvent(type=stt.SpeechEventType.RECOGNITION_USAGE, recognition_usage=usage)
        )
        self._turn_s = 0.0
        self._turn.clear()
        self._later.clear()
        self._before = self._transcribing = self._heard = None


def _event(kind: stt.SpeechEventType, heard: Recognized) -> stt.SpeechEvent:
    data = stt.SpeechData(language=LanguageCode("en"), text=heard.text, confidence=heard.confidence)
    return stt.SpeechEvent(type=kind, alternatives=[data])
