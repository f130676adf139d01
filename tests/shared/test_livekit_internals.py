"""That the LiveKit which is installed has what `shared` uses of it, though it does not promise to.

What fails here on a new version names what has moved; CONTRIBUTING.md says what to do.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import AgentServer, AgentSession, JobExecutorType, llm
from livekit.agents.llm import chat_context
from livekit.agents.voice import TranscriptSynchronizer, events, io, room_io
from pydantic import BaseModel

import customer_agent
import duologue
import shared
import support_agent
from shared.engines.local_tts import SAMPLE_RATE, LocalTTS, Voice
from shared.livekit_internals import (
    ask_model_within,
    is_connected,
    new_silero_model,
    new_silero_session,
    says_server_is_lost,
    skip_estimates,
    stamp_models_by_current_clock,
    synchronizer_of,
)
from tests.answers import Answers
from tests.private_names import inherited_names, livekits_names, our_names, subclasses_of_livekit
from tests.roles import Script

PACKAGES = (shared, customer_agent, support_agent, duologue)
CLASSES = [cls for package in PACKAGES for cls in subclasses_of_livekit(package)]

OVERRIDDEN = {
    "_main_task": "what a voice activity detection does",
    "_metrics_monitor_task": "of its events, of which ours make no metrics",
    "_recognize_impl": "how a recognizer transcribes",
    "_run": "what a stream does",
}
"""Private methods of LiveKit's that classes of ours replace, and what they are for."""
STATE = {"_connection_state", "_local_participant"}
"""Private attributes of a room (`rtc.Room`) that one without anything native behind it sets."""


def name_of(cls: type) -> str:
    return cls.__qualname__


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
def test_what_a_class_uses_of_livekits_is_there(cls: type) -> None:
    moved = inherited_names(cls) - livekits_names(cls)
    assert not moved, f"LiveKit has moved {moved}, which {cls.__module__} uses"


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
def test_no_private_name_of_ours_covers_one_of_livekits_by_accident(cls: type) -> None:
    covered = our_names(cls) & livekits_names(cls)
    assert covered <= OVERRIDDEN.keys() | STATE, f"{cls.__module__}: give {covered} other names"


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
def test_what_a_class_overrides_is_called_as_it_was(cls: type) -> None:
    theirs = next(base for base in cls.__mro__ if base.__module__.startswith("livekit."))
    for name in our_names(cls) & OVERRIDDEN.keys():
        assert hasattr(theirs, name), f"LiveKit has moved {theirs.__qualname__}.{name}"
        ours, wanted = (inspect.signature(getattr(each, name)) for each in (cls, theirs))
        assert list(ours.parameters) == list(wanted.parameters), f"{theirs.__qualname__}.{name}"


def test_every_method_that_is_listed_is_overridden() -> None:
    found = {name for cls in CLASSES for name in our_names(cls) & livekits_names(cls)}
    assert found == OVERRIDDEN.keys() | STATE


@asynccontextmanager
async def without_an_answer() -> AsyncIterator[tuple[AgentServer, asyncio.Event]]:
    """A worker whose server takes its connection and says nothing, and when it has taken it."""
    reached, done = asyncio.Event(), asyncio.Event()

    async def on_connection(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await done.wait()
        writer.close()

    listening = await asyncio.start_server(on_connection, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    # A worker puts them into the environment itself, and leaves them there to other tests.
    environment = pytest.MonkeyPatch()
    environment.setenv("LIVEKIT_URL", f"ws://127.0.0.1:{port}")
    environment.setenv("LIVEKIT_API_KEY", "key")
    environment.setenv("LIVEKIT_API_SECRET", "secret" * 8)
    worker = AgentServer(
        job_executor_type=JobExecutorType.THREAD,
        num_idle_processes=0,
        host="127.0.0.1",
        port=0,
        http_proxy=None,
        max_retry=0,
    )
    worker.rtc_session(lambda _: asyncio.sleep(0), agent_name="any")
    running = asyncio.create_task(worker.run(), name="worker")
    try:
        yield worker, reached
        done.set()
        with pytest.raises(RuntimeError, match="failed to connect"):
            await running
    finally:
        done.set()
        running.cancel()
        await asyncio.wait([running])
        await worker.aclose()
        environment.undo()
        listening.close()
        await listening.wait_closed()


async def test_a_worker_that_waits_for_its_server_is_not_connected() -> None:
    async with without_an_answer() as (worker, reached):
        assert is_connected(worker)  # nothing has been begun; `id` says that it never was
        await reached.wait()
        assert not is_connected(worker)


async def test_the_traceback_of_a_lost_server_is_told_from_other_records(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR, "livekit.agents")
    async with without_an_answer() as (_, reached):
        await reached.wait()
    logged = [record for record in caplog.records if record.exc_info]
    assert logged
    for record in logged:
        assert says_server_is_lost(record), f"LiveKit says it otherwise: {record.getMessage()}"


async def test_a_session_in_a_room_has_a_synchronizer() -> None:
    session, room = AgentSession[None](), rtc.Room()
    connection = room_io.RoomIO(session, room)
    assert synchronizer_of(connection) is None
    await connection.start()
    try:
        assert isinstance(synchronizer_of(connection), TranscriptSynchronizer)
    finally:
        await connection.aclose()
        await session.aclose()


class Nowhere(io.AudioOutput):
    """Takes what is played."""

    def __init__(self) -> None:
        super().__init__(label="nowhere", capabilities=io.AudioOutputCapabilities(pause=False))

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)

    def flush(self) -> None:
        super().flush()

    def clear_buffer(self) -> None:
        pass


async def estimated(*, aligned: bool) -> list[float]:
    """The speaking rates estimated of speech whose synthesizer says when each word is, or not."""
    synthesizer = LocalTTS(Voice(lambda _, __: noise(), name="noise", provider="none"))
    synthesizer.capabilities.aligned_transcript = aligned
    synchronizer = TranscriptSynchronizer(next_in_chain_audio=Nowhere(), next_in_chain_text=None)
    skip_estimates(synchronizer, synthesizer)
    await synchronizer.barrier()
    try:
        pcm = (noise() * 32767).astype(np.int16)
        frame = rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm))
        await synchronizer.audio_output.capture_frame(frame)
        segment = synchronizer._impl
        segment.end_audio_input()
        # LiveKit's own task, which ends with the stream of estimates.
        await segment._speaking_rate_atask
        return segment._audio_data.estimated_rate.speaking_rate
    finally:
        await synchronizer.aclose()


def noise() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Two seconds of it."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 2 * SAMPLE_RATE)
    return samples.astype(np.float32)


async def test_no_speaking_rate_is_estimated_where_words_come_with_their_times() -> None:
    assert await estimated(aligned=False)
    assert not await estimated(aligned=True)


def test_silero_tells_silence_by_a_window_of_samples() -> None:
    model = new_silero_model(new_silero_session(), 16_000)
    assert model.window_size_samples == 512
    first = model(np.zeros(512, np.float32))
    model(np.random.default_rng(0).uniform(-1, 1, 512).astype(np.float32))
    model.reset()
    assert model(np.zeros(512, np.float32)) == first
    assert first < 0.1


async def test_a_language_models_request_is_surrounded_and_its_chunks_are_taken() -> None:
    answers = Answers()
    model = Script(("Hello.",))
    ask_model_within(answers.asking, model)
    stream = model.chat(chat_ctx=llm.ChatContext.empty())
    said = [chunk.delta.content async for chunk in stream if chunk.delta]
    assert said == ["Hello."]
    assert (answers.begun, answers.ended) == (1, 1)
    assert answers.taken == ["send_nowait"]


STAMPED = [
    model
    for module in (chat_context, events)
    for model in vars(module).values()
    if isinstance(model, type)
    and issubclass(model, BaseModel)
    and "created_at" in model.model_fields
]


def test_messages_and_events_are_stamped() -> None:
    assert {llm.ChatMessage, llm.FunctionCall, events.ConversationItemAddedEvent} <= {*STAMPED}


@pytest.mark.parametrize("model", STAMPED, ids=lambda model: model.__name__)
def test_a_model_is_stamped_by_the_clock_there_is(
    model: type[BaseModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp_models_by_current_clock()
    monkeypatch.setattr(time, "time", lambda: 5.0)
    assert model.model_fields["created_at"].get_default(call_default_factory=True) == 5.0
    assert model.model_construct().created_at == 5.0  # type: ignore[attr-defined]
