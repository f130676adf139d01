"""What a session of livekit-agents tells its room of itself, in events of ours."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from livekit.protocol.agent_pb import agent_session as pb

from shared.events import (
    EnginesUsed,
    Failed,
    HandedOver,
    Heard,
    Payload,
    PeerStateChanged,
    Said,
    StateChanged,
    ToolCalled,
)
from shared.events.journal import Event
from shared.events.usage import EngineKind, Used
from shared.masking import masked
from shared.spec import Role

SESSION_TOPIC = "lk.agent.session"
"""Of the byte streams, a message each (voice/remote_session.py in livekit-agents 1.8.9)."""


class SessionEvents:
    """Takes the messages of one session, and delivers them as events of the support side.

    Args:
        deliver: Takes each event.
    """

    def __init__(self, deliver: Callable[[Event], None]) -> None:
        self._deliver = deliver
        self._usage: Event | None = None
        self.tells = False
        """Whether it has told anything."""
        self.quiet = asyncio.Event()
        """Set unless it is speaking."""
        self.quiet.set()
        self.error = ""
        """The last error of an engine that it told; empty if none."""

    def take(self, message: pb.AgentSessionMessage) -> None:
        """Take the next message."""
        if not message.HasField("event"):
            return
        self.tells = True
        at_s = seconds_of(message.event.created_at) or time.time()
        for payload in payloads(message.event):
            event = support_event(at_s, payload)
            if isinstance(payload, EnginesUsed):  # of the session so far
                self._usage = event
                continue
            if isinstance(payload, StateChanged):
                (self.quiet.clear if payload.new == "speaking" else self.quiet.set)()
            elif isinstance(payload, Failed):
                self.error = payload.error
            self._deliver(event)

    def finish(self) -> None:
        """Deliver what is known only at the end."""
        if self._usage:
            self._deliver(self._usage)


def support_event(at_s: float, payload: Payload) -> Event:
    """An event that somebody's agent told of, without secrets."""
    return Event(Role.SUPPORT, at_s, masked(payload))


def payloads(told: pb.AgentSessionEvent) -> Iterator[Payload]:
    """What one message of a session says, in events of ours; nothing of what we have none for."""
    match told.WhichOneof("event"):
        case "conversation_item_added":
            yield from _item(told.conversation_item_added.item)
        case "function_tools_executed":
            yield from _tools(told.function_tools_executed)
        case "agent_state_changed":
            changed = told.agent_state_changed
            yield StateChanged(old=_agent(changed.old_state), new=_agent(changed.new_state))
        case "user_state_changed":
            user = told.user_state_changed
            yield PeerStateChanged(old=_user(user.old_state), new=_user(user.new_state))
        case "session_usage_updated":
            usage = told.session_usage_updated.usage.model_usage
            yield EnginesUsed(models=tuple(filter(None, map(_used, usage))))
        case "error":
            yield Failed(source="session", error=told.error.message)


def _item(item: pb.ChatContext.ChatItem) -> Iterator[Payload]:
    if item.HasField("agent_handoff"):
        handoff = item.agent_handoff
        yield HandedOver(old=handoff.old_agent_id or None, new=handoff.new_agent_id)
    if not item.HasField("message"):
        return
    message = item.message
    text = " ".join(part.text for part in message.content if part.text).strip()
    measured = message.metrics
    started_s = seconds_of(measured.started_speaking_at)
    stopped_s = seconds_of(measured.stopped_speaking_at)
    if text and message.role == pb.ASSISTANT:
        yield Said(
            text=text,
            intended=text,
            interrupted=message.interrupted,
            started_at=started_s,
            stopped_at=stopped_s,
        )
    elif text and message.role == pb.USER:
        yield Heard(text=text, started_at=started_s, stopped_at=stopped_s)


def _tools(executed: pb.AgentSessionEvent.FunctionToolsExecuted) -> Iterator[Payload]:
    outputs = {output.call_id: output for output in executed.function_call_outputs}
    for call in executed.function_calls:
        output = outputs.get(call.call_id)
        yield ToolCalled(
            tool=call.name,
            arguments=_arguments(call.arguments),
            output=output.output if output else None,
            is_error=output.is_error if output else False,
        )


def _arguments(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        return {"": text}
    return given if isinstance(given, dict) else {"": given}


def _used(usage: pb.ModelUsage) -> Used | None:
    match usage.WhichOneof("usage"):
        case "llm":
            llm = usage.llm
            return Used(
                kind=EngineKind.LLM,
                provider=llm.provider,
                model=llm.model,
                local=False,
                input_tokens=llm.input_tokens,
                cached_tokens=llm.input_cached_tokens,
                output_tokens=llm.output_tokens,
            )
        case "tts":
            tts = usage.tts
            return Used(
                kind=EngineKind.TTS,
                provider=tts.provider,
                model=tts.model,
                local=False,
                characters=tts.characters_count,
                audio_s=tts.audio_duration,
            )
        case "stt":
            stt = usage.stt
            return Used(
                kind=EngineKind.STT,
                provider=stt.provider,
                model=stt.model,
                local=False,
                audio_s=stt.audio_duration,
            )
    return None


def _agent(state: int) -> str:
    return pb.AgentState.Name(state).removeprefix("AS_").lower()


def _user(state: int) -> str:
    return pb.UserState.Name(state).removeprefix("US_").lower()


def seconds_of(time_of: Timestamp) -> float | None:
    """Since the epoch; None of a time that was not given."""
    seconds = time_of.seconds + time_of.nanos / 1e9
    return seconds or None
