"""How a role's session is configured, and what it tells the journal.

One configuration for both roles and every transport; only the turn settings depend on the engine
that recognizes speech (its provider's `Offer`).
"""

import json
from typing import Any, TypedDict

from livekit.agents import NOT_GIVEN, AgentSession, llm, stt, tts, voice

from shared.endings import EndReason
from shared.engines import Models
from shared.events import (
    Behaved,
    EnginesUsed,
    Failed,
    Heard,
    HeardPart,
    PeerStateChanged,
    Said,
    StateChanged,
    ToolCalled,
)
from shared.side.agent import CallAgent, TimedWord
from shared.side.dialogue import DialogueCrashed
from shared.side.line import Line
from shared.side.tally import used

CLOSE_TIMEOUT_S = 0.2
WORDLESS_S = 3.0
"""Speech of which no word comes, although the recognizer was waited for: a cough is shorter."""
PREPARED_REPLIES = 50
"""In one turn of the peer, one at each of its pauses; all but the last are thrown away."""
MAX_TOOL_STEPS = 6
"""Tool calls in a row within one turn: look a caller up by two readings, then work for them."""


def create_session(
    line: Line, models: Models, language_model: llm.LLM[Any] | None
) -> AgentSession[Line]:
    """A session for one side of one call; without a language model it only says what it is told."""
    turn = models.turn
    session = AgentSession[Line](
        stt=models.stt,
        llm=language_model or NOT_GIVEN,
        tts=models.tts,
        vad=models.vad,
        turn_handling={
            # The recognizer ends a turn, and nothing is waited for after that.
            "turn_detection": "stt",
            "endpointing": {"min_delay": 0.0, "max_delay": 0.0},
            "interruption": {
                "enabled": True,
                "mode": "vad",
                "min_duration": turn.interruption_min_s,
                "false_interruption_timeout": turn.false_interruption_s,
            },
            "preemptive_generation": {
                "enabled": turn.preemptive,
                "preemptive_tts": turn.preemptive,
                # By default a long turn, or one of many sentences, is not prepared for at all.
                "max_speech_duration": line.spec.limits.max_length_s,
                "max_retries": PREPARED_REPLIES,
            },
        },
        conn_options=models.connect,
        userdata=line,
        # Turned on by default: the first 3 s of the peer's speech would be heard as silence.
        aec_warmup_duration=None,
        # Dead air is watched by shared.side.watch, on both sides alike.
        user_away_timeout=None,
        # Whatever is still being recognized when the call is over is not worth waiting for.
        session_close_transcript_timeout=CLOSE_TIMEOUT_S,
        transcription_timeout=_wait_for_words_s(models),
        max_tool_steps=MAX_TOOL_STEPS,
        use_tts_aligned_transcript=models.tts.capabilities.aligned_transcript,
    )
    _observe(session, line)
    _observe_failures(session, line)
    _observe_usage(session, line, models)
    return session


def _wait_for_words_s(models: Models) -> float | None:
    """How long the words of what was said may take to come from a service that streams them.

    All others answer, or fail; and where there is no answer to be had, such as of a noise, a local
    recognizer has none either.
    """
    streaming = any(
        isinstance(service, stt.STT) and service.capabilities.streaming
        for service in models.services
    )
    return 2 * models.connect.stt_conn_options.timeout if streaming else None


def _observe(session: AgentSession[Line], line: Line) -> None:
    """Write what the session does into the line's journal."""
    emit = line.journal.emit

    @session.on("agent_state_changed")
    def on_state(event: voice.AgentStateChangedEvent) -> None:
        emit(StateChanged(old=event.old_state, new=event.new_state))

    @session.on("user_state_changed")
    def on_peer_state(event: voice.UserStateChangedEvent) -> None:
        emit(PeerStateChanged(old=event.old_state, new=event.new_state))

    @session.on("user_input_transcribed")
    def on_transcribed(event: voice.UserInputTranscribedEvent) -> None:
        if event.is_final:
            emit(HeardPart(text=event.transcript))

    @session.on("conversation_item_added")
    def on_item(event: voice.ConversationItemAddedEvent) -> None:
        if isinstance(event.item, llm.ChatMessage):
            _emit_message(session, line, event.item)

    _observe_work(session, line)


def _observe_work(session: AgentSession[Line], line: Line) -> None:
    emit = line.journal.emit

    @session.on("function_tools_executed")
    def on_tools(event: voice.FunctionToolsExecutedEvent) -> None:
        for call, output in event.zipped():
            emit(
                ToolCalled(
                    tool=call.name,
                    arguments=json.loads(call.arguments or "{}"),
                    output=output.output if output else None,
                    is_error=bool(output and output.is_error),
                )
            )


def _observe_failures(session: AgentSession[Line], line: Line) -> None:
    """End the call when an engine fails for good, and say which."""

    @session.on("error")
    def on_error(event: voice.ErrorEvent) -> None:
        line.journal.emit(
            Failed(
                source=type(event.source).__name__,
                error=str(event.error),
                recoverable=getattr(event.error, "recoverable", False),
            )
        )

    @session.on("user_transcription_timeout")
    def on_no_words(event: voice.UserTranscriptionTimeoutEvent) -> None:
        agent = session.current_agent
        heard = isinstance(agent, CallAgent) and agent.words_at >= event.vad_speech_started_at
        if not heard and event.speech_duration >= WORDLESS_S:
            line.end_failed("stt", f"no words for {event.speech_duration:.1f} s of speech")

    @session.on("close")
    def on_close(event: voice.CloseEvent) -> None:
        if event.reason is not voice.CloseReason.ERROR:
            line.end(EndReason.STOPPED)
        elif isinstance(event.error, llm.LLMError | stt.STTError | tts.TTSError):
            error = event.error.error
            if isinstance(error, DialogueCrashed):
                line.end(EndReason.CRASHED, error=str(error))
            else:
                line.end_failed(event.error.type.removesuffix("_error"), str(error))
        else:
            line.end(EndReason.ENGINE_FAILED)


def _observe_usage(session: AgentSession[Line], line: Line, models: Models) -> None:
    """Tell what the engines were used for, once nothing is asked of them any more."""

    @session.on("close")
    def on_close(_: voice.CloseEvent) -> None:
        counted = used(session.usage, models.services, models.reported_as)
        line.journal.emit(EnginesUsed(models=tuple(counted)))


def _emit_message(session: AgentSession[Line], line: Line, message: llm.ChatMessage) -> None:
    times = _times(message)
    text = message.text_content or ""
    if message.role == "assistant":
        agent = session.current_agent
        intended = agent.intended if isinstance(agent, CallAgent) else text
        timed = agent.timed if isinstance(agent, CallAgent) else []
        words: _Words = {"words": tuple(timed)} if timed else {}
        line.journal.emit(
            Said(
                text=text,
                intended=intended if message.interrupted else text,
                interrupted=message.interrupted,
                **words,
                **times,
            )
        )
        for performed in message.extra.get("performed", ()):
            line.journal.emit(Behaved(**performed, **times))
    elif message.role == "user":
        emit_heard(line, message)


def emit_heard(line: Line, message: llm.ChatMessage) -> None:
    """Tell the journal what was heard of the other side, if anything was."""
    if text := message.text_content:
        line.journal.emit(Heard(text=text, **_times(message)))


class _Words(TypedDict, total=False):
    words: tuple[TimedWord, ...]


class _Times(TypedDict):
    started_at: float | None
    stopped_at: float | None


def _times(message: llm.ChatMessage) -> _Times:
    """When it was spoken, in seconds since the epoch, as far as that is known."""
    return {
        "started_at": message.metrics.get("started_speaking_at"),
        "stopped_at": message.metrics.get("stopped_speaking_at"),
    }
