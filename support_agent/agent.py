"""The support agent: for which business it works, and how its side of a call is built."""

from typing import TYPE_CHECKING

from shared.endings import EndReason
from shared.errors import in_a_line
from shared.events import DeskChanged, Failed
from shared.events.journal import Journal
from shared.settings import Settings
from shared.side.agent import CallAgent, Party
from shared.side.dialogue import RulesLLM
from shared.side.line import Line
from shared.side.session import create_session
from shared.spec import CallSpec, Role, SupportSheet
from support_agent.business import Business
from support_agent.desk import Changes, Desk, Rows
from support_agent.instructions import instructions
from support_agent.registry import business_folder, load_business
from support_agent.rules import dialogue
from support_agent.tool_failures import ending_the_call

if TYPE_CHECKING:
    from shared.engines import Models

_DEFAULT_BUSINESS = "shop"


class SupportAgent(CallAgent):
    """An agent at the desk of a business."""

    def __init__(self, line: Line, business: Business, desk: Desk) -> None:
        assert line.spec.support
        folder = business_folder(line.spec.support.business)

        def crashed(error: Exception) -> None:
            line.journal.emit(Failed(source="tool", error=f"{type(error).__name__}: {error}"))
            line.end(EndReason.CRASHED, error=in_a_line(error, folder))

        super().__init__(
            line,
            instructions=instructions(business, opens=line.spec.opener is Role.SUPPORT),
            tools=[*ending_the_call(business.tools_at(desk), crashed)],
        )

        def changed(changes: Changes) -> None:
            line.journal.emit(DeskChanged(changes=changes))

        changed(desk.changes())
        desk.watch(changed)


def create_party(spec: CallSpec, journal: Journal, models: "Models") -> Party:
    """The support agent's side of a call, knowing no room.

    Raises:
        SpecError: There is no such business, or the sheet's rows do not fit its desk.
    """
    assert spec.support
    business = load_business(spec.support.business)
    opens = spec.opener is Role.SUPPORT
    line = Line(Role.SUPPORT, spec, journal)
    agent = SupportAgent(line, business, business.open_desk(spec.support.desk))
    model = models.llm or RulesLLM(
        lambda: dialogue(business, opens=opens),
        models.delays.language,
        business_folder(spec.support.business),
    )
    return Party(agent, create_session(line, models, model), line)


def bare_spec(settings: Settings) -> CallSpec:
    """The call of a dispatch without metadata: anybody calls the shop."""
    return CallSpec(
        call_id="bare",
        scenario="bare dispatch",
        engines={Role.SUPPORT: settings.engines(Role.SUPPORT)},
        peers={},
        support=SupportSheet(business=_DEFAULT_BUSINESS),
    )


def check_spec(spec: CallSpec) -> None:
    """Check that the support agent can work at the desk of a call.

    Raises:
        SpecError: There is no such business, or the sheet's rows do not fit its desk.
    """
    if spec.support:
        check_desk(spec.support.business, spec.support.desk)


def identifying_tools(business: str) -> frozenset[str]:
    """The tools by which an agent of a business finds out who calls.

    Raises:
        SpecError: There is no such business.
    """
    return frozenset(way.tool for way in load_business(business).identifications)


def public_tables(business: str) -> frozenset[str]:
    """The tables of a business of which anybody may be told.

    Raises:
        SpecError: There is no such business.
    """
    return load_business(business).public


def check_desk(business: str, rows: Rows) -> None:
    """Check rows against the desk of a business, as a call would have them.

    Raises:
        SpecError: There is no such business, or the rows do not fit its desk.
    """
    load_business(business).open_desk(rows)
