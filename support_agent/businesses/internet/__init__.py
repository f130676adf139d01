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
from support_agent.signs import (
    ANOTHER_TIME,
    CALL_OFF,
    MOVE,
    NEED_NOT,
    PERSON,
    TO_ANOTHER_DAY,
    then,
)
from support_agent.slots import DATE_OF_BIRTH, NAME, SPELLED_NAME
from support_agent.talk import Problem

_LINE = r"(?:internets?|connection|network|wi fi|wifi|line|service|signal)"
_NET = r"(?:the )?(?:internet|net|network|web|wi fi|wifi)"
_IS = r"(?:is|has|been|was|are|went|goes|all|completely|totally|now)"
_VISIT = r"(?:technicians?|engineers?|visits?|appointments?|installation|your (?:guy|man|people))"
_ANOTHER = r"(?:another|different|other|later|earlier|instead|rather|next week)"
_AWAY = (
    r"(?:i(?: \w+)? not(?: \w+){0,2} (?:home|there|in|make it)|i am (?:away|out|at work|on)"
    r"|nobody is (?:in|home|there)|clash\w*|not suit)"
)
_OURS = r"(?:contract|account|internet|service|subscription|line|everything)"
_NAMED = r"(?:premium|standard|basic)"
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
    proofs=(DATE_OF_BIRTH, POSTCODE, ACCOUNT_NUMBER),
    needs_proof=frozenset({"change_plan", "credit_charge", "cancel_contract"}),
    policy=read_text(__package__, "policy.md"),
    tools=InternetTools,
    identifications=(
        Identification((ACCOUNT_NUMBER, NAME), "find_account", SPELLED_NAME),
        Identification((DATE_OF_BIRTH, NAME), "find_holder", SPELLED_NAME),
    ),
    asks=(POSTCODE,),
    problems=(
        Problem(
            "outage",
            "an outage",
            (
                r" out ?ages? ",
                rf" {_LINE}(?: {_IS})* (?:down|out|dead|off|gone) ",
                then(_LINE, r"(?:not|stopped)(?: \w+)? (?:work|working|there)", 3),
                rf" no {_LINE} | without {_LINE} | (?:lost|lose) (?:\w+ ){{0,2}}{_LINE} ",
                rf" {_LINE} (?:just )?(?:went|gone|goes) (?:out|off|down|dead) ",
                r" (?:not|never) (?:\w+ ){0,3}(?:get |go |be )?on ?line | off ?line ",
                rf" not (?:\w+ ){{0,3}}(?:connect|get (?:in|on)|reach)(?: to| on)? (?:{_NET}|any) ",
                r" nothing (?:is |will )?(?:loads?|loading|works?|working|comes through) ",
                (
                    r" (?:wrong|problem|trouble|happened) (?:\w+ )?in (?:my|the|this|our)"
                    r" (?:area|street|neighbou?rhood|region) "
                ),
                rf" cut off from {_NET} ",
                rf" happened to {_NET} | gone dead | when (?:\w+ ){{0,2}}{_NET} be back ",
                rf" not(?: \w+)? (?:have|get|got)(?: any)? {_LINE} ",
            ),
            outage,
            anybody=True,
        ),
        Problem(
            "slow_connection",
            "a slow connection",
            (
                r" slow(?:er|ed|ing|ly)? ",
                (
                    r" (?:buffer\w*|lag|lags|lagging|laggy|freez\w+|unstable|sluggish|crawl\w*"
                    r"|stutter\w*|spins?|spinning|flaky|patchy) "
                ),
                then(_LINE, r"(?:drops?|dropping|cuts? (?:out|off)|break\w* up|disappear\w*)", 4),
                r" (?:take|takes|taking) (?:\w+ )?(?:forever|ages|so long|too long|hours|minutes) ",
                r" not (?:as|so|very|that) (?:fast|quick) ",
                r" (?:fraction|half|tenth|third|quarter|th|2 th) of (?:the|my) speed ",
                r" fraction of | (?:below|less than) what you ",
                then(rf"(?:{_LINE}|speed)", r"(?:terrible|awful|bad|poor|weak|acting up)", 3),
                r" speed (?:test|\w+ awful) | barely (?:open|load) | \d get \d ",
                r" pay for (?:\w+ ){1,4}(?:and|but) (?:i )?(?:only )?get ",
            ),
            slow_connection,
        ),
        Problem(
            "move_visit",
            "a technician visit",
            (
                then(MOVE, _VISIT),
                then(_VISIT, rf"(?:{MOVE}|{_ANOTHER}|{_AWAY})", 20),
                then(rf"(?:{_AWAY}|{ANOTHER_TIME})", _VISIT, 8),
                then(CALL_OFF, _VISIT, 3),
                then(_VISIT, TO_ANOTHER_DAY, 8),
                rf" {_ANOTHER} appointment ",
                then(r"(?:when|what time)", _VISIT, 3),
                then(_VISIT, r"(?:can not|should not|must not|does not need to) come", 3),
                rf" (?:to|for|get) (?:\w+ )?{ANOTHER_TIME} ",
                then(r"(?:guy|man|some ?(?:body|one)|people)", r"(?:come|comes|coming)", 3),
            ),
            move_visit,
        ),
        Problem(
            "change_plan",
            "a change of plan",
            (
                r" (?:up|down) ?grad\w* ",
                then(_CHANGE, _PLAN),
                then(_PLAN, r"(?:up|too (?:small|big)|quicker|than)", 3),
                rf" (?:faster|quicker) {_LINE} ",
                (
                    rf" (?:to|on|want|get|have|put me|down|up|me) (?:\w+ ){{0,3}}{_NAMED}"
                    rf"(?! (?:\w+ ){{0,3}}(?:bill|charge)) "
                ),
                r" more (?:speed|megabits|bandwidth|data) ",
                r" (?:better|cheaper) (?:deal|offer|rate) ",
                r" (?:swap|which|what) plans ",
                r" boost (?:my|our|the) ",
                r" step (?:down|up) ",
                r" bigger plan ",
                r" not need all (?:that|this) speed ",
            ),
            change_plan,
        ),
        Problem(
            "bill",
            "a bill",
            (
                then(_BILL, _WRONG, 6),
                then(rf"(?:{_WRONG}|about|on|to|much is|from|a)", _BILL),
                rf" {_BILL}(?: \w+)? (?:me|us) (?:for|double|twice|too|a) ",
                rf" {_BILL}(?: \w+){{0,6}} (?:not|never|gone up|no sense) ",
                r" (?:fee|fees|charges?)(?: \w+){0,4} (?:not|never|off|on|dispute|explain) ",
                (
                    r" (?:dispute|explain|question|query|wrong|unknown|this|that|what|extra)"
                    r"(?: \w+){0,3} (?:fee|charges?) "
                ),
                r" (?:more than|what i) usual(?:ly)? | payment(?: \w+){0,4} more ",
                r" (?:being|was|were|am|got) charged | have to pay | charged me ",
                r" money back ",
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
                then(rf"(?:{_END}|{CALL_OFF}|disconnect|shut off|discontinue)", _OURS, 2),
                rf" {NEED_NOT} (?:\w+ ){{0,2}}{_OURS} ",
                r" (?:leaving|leave|quit\w*|moving abroad|moving away|unsubscribe|give notice) ",
                then(
                    r"(?:switch\w*|going|go|chang\w*|mov\w*)", r"(?:company|provider|competitor)", 3
                ),
                r" want out | stop being | done with you | not renew ",
            ),
            cancel_contract,
        ),
        Problem(
            "person",
            "a talk with a person",
            (
                then(_TALK, _PERSON),
                *PERSON,
            ),
            person,
            anybody=True,
        ),
    ),
)
