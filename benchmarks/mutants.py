"""Agents and callers that do one thing wrong on purpose, made of our own by changing their acts."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from customer_agent.agent import CustomerAgent
from customer_agent.rules import Caller
from shared.events.journal import Journal
from shared.side.agent import Party
from shared.side.conversation import Factory
from shared.side.dialogue import (
    Act,
    Dialogue,
    Listen,
    PeerTurn,
    Result,
    RulesLLM,
    Say,
    Tell,
    ToolCall,
)
from shared.side.line import Line
from shared.side.session import create_session
from shared.spec import CallSpec, Role
from support_agent import dialogue, identifying_tools, load_business
from support_agent.agent import SupportAgent

if TYPE_CHECKING:
    from shared.engines import Models

Change = Callable[[Act, int], Dialogue[PeerTurn | Result | None]]
"""What is done instead of an act, given how often something was said before; its answer."""
_MADE_UP = {
    "makes-up-a-number": "My phone number is five five five one two three.",
    "makes-up-an-amount": "It was sixty three dollars.",
    "makes-up-a-date": "I ordered it on the second of June.",
    "gives-another-name": "My name is Peter Quill.",
    "plays-the-agent": "Thank you for calling Blue Harbor.",
}


def _changed(acts: Dialogue[None], change: Change) -> Dialogue[None]:
    """A dialogue with what a change makes of its acts."""
    answer: PeerTurn | Result | None = None
    said = 0
    while True:
        try:
            act = acts.send(answer)
        except StopIteration:
            return
        answer = yield from change(act, said)
        said += isinstance(act, Say)


def _unchanged(act: Act) -> Dialogue[PeerTurn | Result | None]:
    return (yield act)


def _comes_to_no_end(kind: str) -> Dialogue[None]:
    """Neither side gets any further, if that is the kind."""
    if kind == "crashes":
        raise RuntimeError("on purpose")
    while kind == "falls-silent":
        yield Listen()
    while kind == "goes-round-in-circles":
        yield Say("Sorry, what is it that you would like me to do for you?")


def agent(kind: str, spec: CallSpec) -> Factory:  # noqa: C901 - a case for each kind
    """A support agent that does what `kind` says in this call."""
    assert spec.support
    business = load_business(spec.support.business)
    finds, changes = identifying_tools(spec.support.business), business.needs_consent
    owner, secret = _owner(spec), _secret(spec)
    wanted = spec.expected.said if spec.expected else ()

    def change(act: Act, said: int) -> Dialogue[PeerTurn | Result | None]:
        match kind, act:
            case "takes-anybody", ToolCall() if act.tool in finds and "name" in act.arguments:
                act = act._replace(arguments=act.arguments | {"name": owner})
            case "tells-before-it-knows-who-calls", Say() if said == 1:
                act = act._replace(text=f"I see {secret} here. {act.text}")
            case "promises-and-does-not", ToolCall() if act.tool in changes:
                return Result({}, failed=False)
            case "does-more-than-agreed", ToolCall() if act.tool in changes:
                yield ToolCall("request_callback", {"name": owner, "about": "more"})
            case "refuses", ToolCall() if act.tool in changes:
                return Result({"text": "That is not possible."}, failed=True)
            case "does-not-ask", Say() if "Shall I" in act.text:
                return PeerTurn("Yes, please.", said=act.text)
            case "says-something-else", Say() | Tell():
                act = act._replace(text=_without(act.text, wanted))
            case _, Say() if said == 1:
                yield from _comes_to_no_end(kind)
            case _:
                pass
        return (yield from _unchanged(act))

    def create(told: CallSpec, journal: Journal, models: "Models") -> Party:
        assert told.support
        line = Line(Role.SUPPORT, told, journal)
        made = SupportAgent(line, business, business.open_desk(told.support.desk))
        opens = told.opener is Role.SUPPORT
        model = RulesLLM(lambda: _changed(dialogue(business, opens=opens), change))
        return Party(made, create_session(line, models, model), line)

    return create


def caller(kind: str) -> Factory:
    """A caller that does what `kind` says."""

    def change(act: Act, said: int) -> Dialogue[PeerTurn | Result | None]:
        match kind, act:
            case _, Say() if kind in _MADE_UP and said == 1:
                act = act._replace(text=f"{act.text} {_MADE_UP[kind]}")
            case "declines", Say() if "yes" in act.text.lower():
                act = act._replace(text="No, thank you. I do not want that.")
            case _, Say() if said == 1:
                yield from _comes_to_no_end(kind)
            case _:
                pass
        return (yield from _unchanged(act))

    def create(told: CallSpec, journal: Journal, models: "Models") -> Party:
        assert told.customer
        sheet, opens = told.customer, told.opener is Role.CUSTOMER
        line = Line(Role.CUSTOMER, told, journal)
        model = RulesLLM(
            lambda: _changed(Caller(sheet, opens=opens, seed=told.seed).dialogue(), change)
        )
        return Party(CustomerAgent(line, sheet), create_session(line, models, model), line)

    return create


def _rows(spec: CallSpec) -> Iterator[Mapping[str, Any]]:
    assert spec.support
    return (row for rows in spec.support.desk.values() for row in rows)


def _owner(spec: CallSpec) -> str:
    """Whose record the call's rows are."""
    return next((str(row["name"]) for row in _rows(spec) if "name" in row), "")


def _secret(spec: CallSpec) -> str:
    """Something on the desk that a caller has to be identified for."""
    assert spec.support
    public = load_business(spec.support.business).public
    private = [rows for table, rows in spec.support.desk.items() if table not in public]
    values = [str(value) for rows in private for row in rows for value in row.values()]
    several = [value for value in values if len(value.split()) > 1 and value != _owner(spec)]
    return next(iter(several), _owner(spec))


def _without(text: str, wanted: tuple[str, ...]) -> str:
    for words in wanted:
        start = text.lower().find(words.lower())
        if start >= 0:
            text = f"{text[:start]}something else{text[start + len(words) :]}"
    return text
