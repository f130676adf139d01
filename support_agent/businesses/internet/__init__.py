"""Blue River, an internet provider: outages, slow lines, visits, plans, bills, cancellations."""

from support_agent.business import Business, Identification, read_text
from support_agent.businesses.internet.procedures import (
    bill,
    cancel_contract,
    change_plan,
    move_visit,
    outage,
    person,
    slow_connection,
)
from support_agent.businesses.internet.slots import ACCOUNT_NUMBER, POSTCODE
from support_agent.businesses.internet.stock import STOCK, neighbours
from support_agent.businesses.internet.tools import InternetTools
from support_agent.slots import DATE_OF_BIRTH, NAME
from support_agent.talk import Problem


def _then(first: str, second: str, between: int = 5) -> str:
    """A sign of two things said one after the other, with so many words between at most."""
    return rf" {first}(?: \w+){{0,{between}}} {second} "


_LINE = r"(?:internets?|connection|network|wi fi|wifi|line|service|signal)"
_IS = r"(?:is|has|been|was|are|went|goes|all|completely|totally|now)"
_VISIT = r"(?:technicians?|engineers?|visits?|appointments?)"
_MOVE = r"(?:mov(?:e|ed|ing)|re ?schedul\w*|postpon\w*|change)"
_ANOTHER = r"(?:another|different|other|later|earlier)"
_AWAY = r"i(?: \w+)? not(?: \w+){0,2} (?:home|there|in|make it)"
_PLAN = r"(?:plan[est]?|packages?|tariffs?|subscription)"
_CHANGE = rf"(?:chang\w*|switch\w*|bigger|larger|smaller|cheaper|faster|better|new|{_ANOTHER})"
_BILL = r"(?:bill\w*|buil[dt]|invoices?)"
_WRONG = r"(?:high|higher|wrong|more|much|mistake|error|strange|expensive|explain\w*|understand|up)"
_END = r"(?:end|terminate|quit|leave|stop|close)"
_TALK = r"(?:speak|speaking|talk|talking|through|connect|transfer)"
_PERSON = r"(?:persons?|human|manager|supervisor|representative|colleague|operator)"

BUSINESS = Business(
    name="Blue River",
    schema=read_text(__package__, "schema.sql"),
    stock=STOCK,
    public=frozenset({"calendar", "plans", "outages", "slots"}),
    grows=frozenset({"credits", "visits"}),
    neighbours=neighbours,
    needs_consent=frozenset(
        {"reset_router", "book_visit", "change_plan", "credit_charge", "cancel_contract"}
    ),
    policy=read_text(__package__, "policy.md"),
    tools=InternetTools,
    identifications=(
        Identification((ACCOUNT_NUMBER, NAME), "find_account"),
        Identification((DATE_OF_BIRTH, NAME), "find_holder"),
    ),
    asks=(POSTCODE,),
    problems=(
        Problem(
            "outage",
            "an outage",
            (
                r" out ?ages? ",
                rf" {_LINE}(?: {_IS})* (?:down|out|dead|off|gone) ",
                _then(_LINE, r"(?:not|stopped)(?: \w+)? (?:work|working|there)", 3),
                rf" no {_LINE} ",
                rf" not(?: \w+)? (?:have|get|got)(?: any)? {_LINE} ",
            ),
            outage,
            anybody=True,
        ),
        Problem(
            "slow_connection",
            "a slow connection",
            (
                r" slow(?:er|ed|ing)? ",
                r" (?:buffer\w*|lag|lags|lagging|freez\w+|unstable) ",
                _then(_LINE, r"(?:drops?|dropping|cuts? (?:out|off))", 3),
            ),
            slow_connection,
        ),
        Problem(
            "move_visit",
            "a technician visit",
            (
                _then(_MOVE, _VISIT),
                _then(_VISIT, rf"(?:{_MOVE}|{_ANOTHER}|{_AWAY})", 12),
                _then(r"cancel", _VISIT, 3),
                rf" {_ANOTHER} appointment ",
            ),
            move_visit,
        ),
        Problem(
            "change_plan",
            "a change of plan",
            (
                r" (?:up|down) ?grad\w* ",
                _then(_CHANGE, _PLAN),
                rf" (?:faster|quicker) {_LINE} ",
            ),
            change_plan,
        ),
        Problem(
            "bill",
            "a bill",
            (
                _then(_BILL, _WRONG, 6),
                _then(rf"(?:{_WRONG}|about)", _BILL),
                r" (?:over ?charg\w*|charged (?:me|us|too|for|extra)|(?:extra|wrong) charges?) ",
                r" pay(?:ing)? (?:too|so) much ",
            ),
            bill,
        ),
        Problem(
            "cancel_contract",
            "a cancellation",
            (
                rf" cancel(?:ing|ation)? (?!(?:\w+ ){{0,3}}{_VISIT} )",
                _then(_END, r"(?:contract|account|service)", 2),
            ),
            cancel_contract,
        ),
        Problem(
            "person",
            "a talk with a person",
            (
                _then(_TALK, _PERSON),
                r" (?:real|actual|live) (?:person|human|agent) | human being ",
            ),
            person,
            anybody=True,
        ),
    ),
)
