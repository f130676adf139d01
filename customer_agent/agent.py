"""The customer: who calls, and how its side of a call is built."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from livekit.agents import (
    Agent,
    ModelSettings,
    RunContext,
    StopResponse,
    ToolError,
    function_tool,
    llm,
)
from livekit.agents.types import FlushSentinel

from customer_agent.conduct import Conduct
from customer_agent.instructions import instructions
from customer_agent.parting import Parting
from customer_agent.rules import Caller
from shared.customer_sheet import CustomerSheet, Fact, Goal, Persona
from shared.endings import EndReason
from shared.events.journal import Journal
from shared.settings import Settings
from shared.side.agent import CallAgent, Party
from shared.side.dialogue import RulesLLM
from shared.side.line import KEYS, Line
from shared.side.session import create_session, emit_heard
from shared.spec import CallSpec, Role

if TYPE_CHECKING:
    from shared.engines import Models

# Somebody whose order is in the stock of the shop, so that a bare dispatch is a real call.
_SOMEBODY = CustomerSheet(
    persona=Persona(name="Sofia Maxwell"),
    facts={"order_number": Fact(value="14125"), "postcode": Fact(value="68917")},
    goals=(Goal(say="Hi, I am still waiting for my order.", met_when=("arrive", "delivered")),),
)


class CustomerAgent(CallAgent):
    """A caller with a sheet."""

    def __init__(self, line: Line, sheet: CustomerSheet) -> None:
        opens = line.spec.opener is Role.CUSTOMER
        super().__init__(line, instructions=instructions(sheet, opens=opens))
        self._conduct = Conduct(line, sheet.behaviours)
        self._parting = Parting(line)

    async def on_enter(self) -> None:
        """The call begins."""
        self._conduct.begin(self.session)
        self._parting.begin(self.session)

    async def on_exit(self) -> None:
        """The call is over."""
        await self._conduct.end()
        await self._parting.end()

    async def on_user_turn_completed(
        self, turn_ctx: llm.ChatContext, new_message: llm.ChatMessage
    ) -> None:
        """Answer a turn of the agent, unless it is what is left of one that was broken into.

        Raises:
            StopResponse: It is; the agent answers what was said into it.
        """
        del turn_ctx
        self._conduct.on_turn()
        if self._conduct.broke_into(new_message):
            emit_heard(self.line, new_message)
            raise StopResponse

    async def llm_node(
        self,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool],
        model_settings: ModelSettings,
    ) -> AsyncGenerator[llm.ChatChunk | str | FlushSentinel, None]:
        """Answer, maybe after a silence; or leave without a word."""
        said = [item for item in chat_ctx.messages() if item.role == "assistant"]
        if self._conduct.hangs_up(len(said)):
            return
        await self._conduct.keep_silent(len(said))
        async for chunk in Agent.default.llm_node(self, chat_ctx, tools, model_settings):
            yield chunk

    @function_tool
    async def press_keys(self, context: RunContext[Line], keys: str) -> None:
        """Press keys of your telephone, when a menu asks you to, or to enter a number.

        Args:
            context: The call.
            keys: One or more of 0123456789*#, such as "1" or "47219#".
        """
        if wrong := [key for key in keys if key not in KEYS] or not keys:
            raise ToolError(f"there is no key {wrong}; there are 0 to 9, * and #")
        await context.userdata.press(keys)

    @function_tool
    async def hang_up(self, context: RunContext[Line], goals_met: bool) -> None:  # noqa: FBT001 - a model passes it by name
        """Hang up, with your goodbye or after it. Nothing can be said or heard after that.

        Args:
            context: The call.
            goals_met: Whether all that you called for is settled.
        """
        await context.wait_for_playout()
        context.userdata.end(EndReason.GOODBYE if goals_met else EndReason.GAVE_UP)


def create_party(spec: CallSpec, journal: Journal, models: "Models") -> Party:
    """The customer's side of a call, knowing no room."""
    assert spec.customer
    sheet = spec.customer
    opens = spec.opener is Role.CUSTOMER
    line = Line(Role.CUSTOMER, spec, journal)
    model = models.llm or RulesLLM(
        lambda: Caller(sheet, opens=opens, seed=spec.seed).dialogue(), models.delays.language
    )
    return Party(CustomerAgent(line, sheet), create_session(line, models, model), line)


def bare_spec(settings: Settings) -> CallSpec:
    """The call of a dispatch without metadata: somebody calls the shop."""
    return CallSpec(
        call_id="bare",
        scenario="bare dispatch",
        engines={Role.CUSTOMER: settings.engines(Role.CUSTOMER)},
        peers={},
        customer=_SOMEBODY,
    )
