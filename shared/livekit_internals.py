"""What both roles need of LiveKit that it does not offer: its private names, in this file alone.

Each function says which names it uses, where they are in livekit-agents 1.8.9, and why nothing
public does. `tests/shared/test_livekit_internals.py` fails on a version that has moved one.
Engines are made as LiveKit's plugins are, by subclassing what LiveKit means to be subclassed
(`_run`, `_recognize_impl`, `_main_task`); that is done where they are, and tested there, too.
"""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

import onnxruntime
from livekit import rtc
from livekit.agents import AgentServer, llm, tts
from livekit.agents.llm import chat_context
from livekit.agents.voice import TranscriptSynchronizer, events
from livekit.agents.voice.room_io import RoomIO
from livekit.agents.voice.transcription._speaking_rate import (
    SpeakingRateDetector,
    SpeakingRateStream,
)
from livekit.plugins.silero import onnx_model
from pydantic import BaseModel


class Answer(Protocol):
    """What comes back from a service."""

    def stand_in_for(self, target: Any) -> Any:
        """Something that takes what `target` would take."""


Asking: TypeAlias = Callable[[], AbstractAsyncContextManager[Answer]]
"""Surrounds one request to a service."""


def ask_model_within(asking: Asking, model: llm.LLM[Any]) -> None:
    """Surround each request to `model`, and let its answer take the chunks of the reply.

    `LLMStream._run` makes a request, retries are its caller's, and fills `LLMStream._event_ch`
    (llm/llm.py). What surrounded `LLM.chat` would surround the pauses between retries, too.
    """
    chat = model.chat

    def chat_within(**request: Any) -> llm.LLMStream:
        stream = chat(**request)
        _ask_stream_within(asking, stream)
        return stream

    model.chat = chat_within  # type: ignore[method-assign]  # before any session has it


def _ask_stream_within(asking: Asking, stream: llm.LLMStream) -> None:
    run, chunks = stream._run, stream._event_ch

    async def run_within() -> None:
        async with asking() as answer:
            stream._event_ch = answer.stand_in_for(chunks)
            try:
                await run()
            finally:
                stream._event_ch = chunks

    stream._run = run_within  # type: ignore[method-assign]


def is_connected(server: AgentServer) -> bool:
    """Whether a worker that has registered once is connected to its server now.

    `AgentServer._connecting` (worker.py): there is an event for becoming registered, and nothing
    public for being so no more.
    """
    return not server._connecting


def says_server_is_lost(record: logging.LogRecord) -> bool:
    """Whether LiveKit logs, with a traceback, that a worker has given up reaching its server.

    The name of `AgentServer._connection_task` (worker.py) is in what `log_exceptions` makes of its
    exception (utils/log.py). `AgentServer.run` raises the same to whoever awaits it.
    """
    return record.getMessage() == "Error in _connection_task"


def synchronizer_of(room_io: RoomIO) -> TranscriptSynchronizer | None:
    """What cuts the transcript of an interrupted turn in a room, once the session has started.

    `RoomIO._tr_synchronizer` (voice/room_io/room_io.py): it is made in there, of no options.
    """
    return room_io._tr_synchronizer


def skip_estimates(synchronizer: TranscriptSynchronizer, synthesizer: object) -> None:
    """Have no speaking rate estimated if `synthesizer` says when each word is.

    By that rate the synchronizer places words that come without times. Needed or not, it estimates
    it from ten spectra of the speech a second, which costs more than detecting voices does.
    `TranscriptSynchronizer._opts.speaking_rate_detector` (voice/transcription/synchronizer.py) is
    no option of its constructor.
    """
    if isinstance(synthesizer, tts.TTS) and synthesizer.capabilities.aligned_transcript:
        synchronizer._opts.speaking_rate_detector = _NoDetector()
        synchronizer.rotate_segment()  # the first segment was made with the usual one


class _NoDetector(SpeakingRateDetector):
    def stream(self) -> SpeakingRateStream:
        """One that has no events."""
        return _NoEvents(self, self._opts)


class _NoEvents(SpeakingRateStream):
    def push_frame(self, frame: rtc.AudioFrame) -> None:
        """Nothing: what does not come is not estimated."""


def new_silero_session() -> onnxruntime.InferenceSession:
    """Silero's weights, loaded to run on one thread of the processor. Blocks.

    `onnx_model` of livekit-plugins-silero: the plugin exports its VAD only, which resamples with
    random dither.
    """
    return onnx_model.new_inference_session(force_cpu=True)


def new_silero_model(
    session: onnxruntime.InferenceSession, sample_rate_hz: int
) -> onnx_model.OnnxModel:
    """Silero with the state of one audio stream: a window of samples in, a probability out."""
    return onnx_model.OnnxModel(onnx_session=session, sample_rate=sample_rate_hz)


def stamp_models_by_current_clock() -> None:
    """Have LiveKit's messages and events look `time.time` up when they are made.

    Their fields bound the function when they were defined (llm/chat_context.py, voice/events.py),
    so that whoever replaces it later is not asked. A chat context is put in order by that time.
    """
    for module in (chat_context, events):
        for model in vars(module).values():
            if isinstance(model, type) and issubclass(model, BaseModel):
                _stamp_by_current_clock(model)


def _stamp_by_current_clock(model: type[BaseModel]) -> None:
    bound = [field for field in model.model_fields.values() if field.default_factory is _real_time]
    for field in bound:
        field.default_factory = _now_s
    if bound:
        model.model_rebuild(force=True)


_real_time: Any = time.time


def _now_s() -> float:
    return time.time()
