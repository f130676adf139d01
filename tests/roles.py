"""Workers whose agents say given lines, or misbehave in the way the call asks for.

`python -m tests.roles customer` is a worker like `python -m customer_agent`, on the same server
code, engines and session; only its dialogue and its manners are another's.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from livekit.agents import JobContext, llm
from livekit.agents.types import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectOptions,
    NotGivenOr,
)

from duologue.call.over_livekit.recorder import IDENTITY
from shared.customer_sheet import CustomerSheet, Fact, Goal, Persona
from shared.endings import EndReason
from shared.engines import Models
from shared.events import Linked, Said
from shared.events.journal import Event, Journal
from shared.limits import Limits
from shared.settings import Settings
from shared.side.agent import CallAgent, Party
from shared.side.conversation import Factory
from shared.side.line import Line
from shared.side.session import create_session
from shared.spec import CallSpec, Expectation, Peer, Role, SupportSheet
from shared.worker import worker
from shared.worker.job import take_call

LINES = {
    Role.SUPPORT: ("Hello, how can I help you?", "I see. Goodbye."),
    Role.CUSTOMER: (
        (
            "I ordered a lamp in the spring, and a table in the summer. The lamp came with a crack "
            "in its foot. The table came with three legs. I wrote to you about both in autumn. "
            "Nobody has answered my letters, and winter is coming, and it is dark in here."
        ),
        "Goodbye.",
    ),
}


class Manners(StrEnum):
    """What a scripted worker does with its job."""

    TALK = "talk"
    RAISE = "raise"
    """Its code raises an exception, once it is in the room."""
    RAISE_EARLY = "raise early"
    """An engine raises an exception, before it is in the room."""
    SILENT = "silent"
    """Is in the room, and publishes nothing."""
    LEAVE = "leave"
    """Leaves without a word."""
    HANG = "hang"
    """Its code blocks its event loop, in the middle of the call."""
    ABSENT = "absent"
    """Takes the job, and never joins."""
    DIE = "die"
    """Its process dies as it takes the job."""


def call_spec(call_id: str = "c1", **changes: Any) -> CallSpec:
    """A call between scripted workers that both talk, unless `changes` say otherwise."""
    settings = Settings(_env_file=None)
    return CallSpec(
        call_id=call_id,
        scenario="scripted",
        engines={role: settings.engines(role) for role in Role},
        peers={role: Peer(identity=role.peer) for role in Role},
        recorder=IDENTITY,
        limits=Limits(max_length_s=60),
        customer=CustomerSheet(
            persona=Persona(name="Rosa Hall"),
            facts={"order_number": Fact(value="90210")},
            goals=(Goal(say="Where is my lamp?", met_when=("tomorrow",)),),
        ),
        support=SupportSheet(business="shop", desk={"orders": ({"number": "90210"},)}),
        expected=Expectation(desk={"orders": ({"number": "90210", "status": "returned"},)}),
    ).model_copy(update=changes)


def scenario(manners: Mapping[Role, Manners]) -> str:
    """The name of a scenario in which the roles behave so."""
    return json.dumps(manners)


def manners_of(spec: CallSpec, role: Role) -> Manners:
    """How `role` is to behave in a call."""
    try:
        return Manners(json.loads(spec.scenario).get(role, Manners.TALK))
    except json.JSONDecodeError:
        return Manners.TALK


class Script(llm.LLM[Any]):
    """A language model that says one line after the other."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__()
        self.lines = lines

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,  # noqa: ARG002 - it calls no tools
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,  # noqa: ARG002 - same
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,  # noqa: ARG002 - same
    ) -> llm.LLMStream:
        return _Line(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Line(llm.LLMStream):
    async def _run(self) -> None:
        assert isinstance(self._llm, Script)
        said = [item for item in self._chat_ctx.messages() if item.role == "assistant"]
        for line in self._llm.lines[len(said) : len(said) + 1]:
            delta = llm.ChoiceDelta(role="assistant", content=line)
            self._event_ch.send_nowait(llm.ChatChunk(id="line", delta=delta))


def create_party(spec: CallSpec, journal: Journal, models: Models) -> Party:
    """One side of a scripted call."""
    role = Role(journal.source)
    manners = manners_of(spec, role)
    if manners is Manners.RAISE:
        raise ZeroDivisionError("the agent's own mistake")
    line = Line(role, spec, journal)

    def on_event(event: Event) -> None:
        if manners is Manners.HANG and isinstance(event.payload, Linked):
            asyncio.get_running_loop().call_later(2, time.sleep, 30)
        said = event.payload
        last = role is Role.CUSTOMER and isinstance(said, Said) and said.text == LINES[role][-1]
        if last:
            line.end(EndReason.GOODBYE)

    journal.add_sink(on_event)
    session = create_session(line, models, Script(LINES[role]))
    return Party(CallAgent(line, instructions=""), session, line)


async def behave(
    context: JobContext, role: Role, spec: CallSpec, factory: Factory, settings: Settings
) -> None:
    """Take a call, or do with the job what the call asks for."""
    manners = manners_of(spec, role)
    if manners is Manners.DIE:
        os.kill(os.getpid(), signal.SIGKILL)
    elif manners is Manners.ABSENT:
        await asyncio.sleep(60)
    elif manners is Manners.SILENT:
        await context.connect()
    elif manners is Manners.LEAVE:
        await context.connect()
        await asyncio.sleep(1)
        context.shutdown()
    elif manners is Manners.RAISE_EARLY:
        settings = settings.model_copy(update={f"{role}_stt": "whisper/none"})
        await take_call(context, role, _broken(spec, role), factory, settings)
    else:
        await take_call(context, role, spec, factory, settings)


def _broken(spec: CallSpec, role: Role) -> CallSpec:
    engines = spec.engines[role].model_copy(update={"stt": "whisper/broken"})
    return spec.model_copy(update={"engines": {role: engines}})


def bare_spec(settings: Settings) -> CallSpec:
    """Any call will do."""
    del settings
    return call_spec("bare", peers={}, recorder=None)


def command(role: Role) -> list[str]:
    """What starts a scripted worker."""
    return [sys.executable, "-m", "tests.roles", role]


JUMPS = """
import signal, sys, time

real, put = time.time, [0.0]
time.time = lambda: real() + sum(put)
signal.signal(signal.SIGUSR2, lambda *_: put.append(-3600.0))

from shared.spec import Role
from tests.roles import main

sys.exit(main(Role(sys.argv[1])))
"""
"""A scripted worker whose machine's clock is put back by an hour at each SIGUSR2."""


def jumping_command(role: Role) -> list[str]:
    """What starts a scripted worker on such a machine."""
    return [sys.executable, "-c", JUMPS, role]


def main(role: Role) -> int:
    """Run the scripted worker of `role`."""
    return worker.run(role, create_party, bare_spec, take=behave)


if __name__ == "__main__":
    sys.exit(main(Role(sys.argv[1])))
