"""A whole call in text: both roles' rules, the real tools and desk, and a channel in between.

It takes milliseconds and hears every word, so a scenario that fails here fails for what the
business, its rows or the scenario say.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from livekit.agents import ToolError, llm

from customer_agent import Caller
from duologue.labels.verdict import Evidence, Spoken, ToolUse, Verdict, judge
from duologue.labels.verdict.evidence import json_object
from duologue.scenarios.scenario import Scenario
from shared.endings import Ending, Outcome
from shared.side.dialogue import Dialogue, Reply, ToolCall, reply
from shared.spec import Role
from support_agent import Desk, dialogue, load_business

MAX_TURNS = 60
MAX_SILENCES = 2
"""A silent line is revived by the other side, once, as `shared.side.watch` does it."""

Channel = Callable[[str], str]


@dataclass
class Side:
    """One side: its dialogue, what it remembers, and its tools."""

    dialogue: Callable[[], Dialogue[None]]
    tools: Mapping[str, Callable[..., Any]]
    chat: llm.ChatContext = field(default_factory=llm.ChatContext.empty)
    used: list[tuple[str, str, bool]] = field(default_factory=list)
    """Each tool with its output and whether that is an error."""

    async def turn(self) -> Reply:
        """What it says next; tools are called on the way, one that hangs up ends the turn."""
        for _ in range(10):
            answer = reply(self.dialogue(), self.chat, self.tools or None)
            if answer.call is None:
                break
            if answer.call.tool == "hang_up":
                return answer
            assert not answer.text
            await self._call(answer.call)
        if answer.text:
            self.chat.add_message(role="assistant", content=answer.text)
        return answer

    async def _call(self, call: ToolCall) -> None:
        try:
            result = self.tools[call.tool](**call.arguments)
            output, is_error = str(await result if isawaitable(result) else result), False
        except ToolError as error:
            output, is_error = error.message, True
        self.used.append((call.tool, output, is_error))
        call_id = f"call_{len(self.chat.items)}"
        arguments = json.dumps(call.arguments)
        self.chat.items.append(
            llm.FunctionCall(call_id=call_id, name=call.tool, arguments=arguments)
        )
        self.chat.items.append(
            llm.FunctionCallOutput(
                call_id=call_id, name=call.tool, output=output, is_error=is_error
            )
        )


@dataclass
class TextCall:
    """What came of a call."""

    turns: list[tuple[Role, str]]
    desk: Desk
    hung_up: bool
    goals_met: bool
    verdict: Verdict

    def said(self, role: Role) -> str:
        """All that one side said."""
        return " ".join(text for side, text in self.turns if side is role)

    def __str__(self) -> str:
        lines = [f"{role.value:>8}: {text}" for role, text in self.turns]
        return "\n".join([*lines, f"met={self.goals_met} {self.verdict}"])


def clear(text: str) -> str:
    """A channel that changes nothing."""
    return text


async def hold_call(
    scenario: Scenario,
    *,
    to_support: Channel = clear,
    to_customer: Channel = clear,
) -> TextCall:
    """Hold a call until the customer hangs up or nobody has anything to say.

    Args:
        scenario: What it is about.
        to_support: What the support agent hears of a text that the customer says.
        to_customer: The same the other way.

    Raises:
        SpecError: The scenario lacks what a call needs.
    """
    spec = scenario.to_spec(call_id="text", seed=0, engines={})
    assert spec.customer
    assert spec.support
    sheet = spec.customer
    business = load_business(spec.support.business)
    desk = business.open_desk(spec.support.desk)
    opens = spec.opener
    sides = {
        Role.SUPPORT: Side(
            lambda: dialogue(business, opens=opens is Role.SUPPORT),
            llm.ToolContext(business.tools_at(desk)).function_tools,
        ),
        Role.CUSTOMER: Side(lambda: Caller(sheet, opens=opens is Role.CUSTOMER).dialogue(), {}),
    }
    channels = {Role.SUPPORT: to_support, Role.CUSTOMER: to_customer}
    turns: list[tuple[Role, str]] = []
    used: list[ToolUse] = []
    speaker, silences, hung_up, met = opens, 0, False, False
    while silences < MAX_SILENCES and len(turns) < MAX_TURNS and not hung_up:
        answer = await sides[speaker].turn()
        used += [
            ToolUse(speaker, tool, json_object(output), is_error, len(turns))
            for tool, output, is_error in sides[speaker].used
        ]
        sides[speaker].used.clear()
        if answer.text:
            turns.append((speaker, answer.text))
            heard = channels[speaker.peer](answer.text)
            sides[speaker.peer].chat.add_message(role="user", content=heard)
        elif answer.call is None:
            silences += 1
        if answer.call:
            hung_up, met = True, answer.call.arguments["goals_met"]
        speaker = speaker.peer
    evidence = Evidence(
        spec=spec,
        ending=Ending(Outcome.COMPLETED if met else Outcome.GAVE_UP),
        turns=[Spoken(role, text, index + 0.5) for index, (role, text) in enumerate(turns)],
        tools=used,
        changes=desk.changes(),
    )
    verdict = judge(evidence)
    return TextCall(turns, desk, hung_up, met, verdict)
