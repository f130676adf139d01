"""Green Hill Clinic's appointment desk: appointments, prescriptions, test results."""

from support_agent.business import Business, Identification, read_text
from support_agent.businesses.clinic.procedures import (
    book_appointment,
    cancel_appointment,
    move_appointment,
    repeat_prescription,
    tell_appointments,
    tell_hours,
    tell_preparation,
    tell_results,
    wants_person,
)
from support_agent.businesses.clinic.stock import STOCK, neighbours
from support_agent.businesses.clinic.tools import ClinicTools
from support_agent.signs import CALL_OFF, MOVE, NEED_NOT, PERSON, then
from support_agent.slots import DATE_OF_BIRTH, NAME, SPELLED_NAME, Slot, SlotKind
from support_agent.talk import Problem

PATIENT_NUMBER = Slot(
    name="patient_number",
    kind=SlotKind.CODE,
    noun="your patient number",
    under="patient number {}",
    words=("patient number", "patients number", "number"),
    lengths=(6,),
)

_VISIT = r"(?:appointments?|visit|check ?up|blood test|flu (?:shot|jab)|booking|physical)"
_TEST = r"(?:tests?|blood (?:tests?|work|count)|lab (?:tests?|work|report)|laboratory|lab)"
_NOT_MOVED = "".join(
    rf"(?<! {verb} {whose})"
    for verb in ("push", "put", "move", "bring", "shift", "take")
    for whose in ("", "my ", "the ", "that ")
)
"""Not in "push my blood test back"."""
_BACK = r"(?:come|came|say|out|fine|okay|ready|anal\w+|back|there)"
_BEFORE = (
    r"(?:before|for|to) (?:\w+ )?"
    r"(?:blood test|check ?up|flu shot|test|visit|appointment|i come in)"
)
_MINE = r"(?:my|the|that|this|an|for my) "
_ANY = r"(?: (?:an?|any|another|1|some|in a|new|free|next)){1,2}"

BUSINESS = Business(
    name="Green Hill Clinic",
    schema=read_text(__package__, "schema.sql"),
    stock=STOCK,
    public=frozenset({"clinic", "hours", "services"}),
    neighbours=neighbours,
    needs_consent=frozenset(
        {"move_appointment", "cancel_appointment", "book_appointment", "repeat_prescription"}
    ),
    policy=read_text(__package__, "policy.md"),
    tools=ClinicTools,
    identifications=(
        Identification((DATE_OF_BIRTH, NAME), "find_patient", SPELLED_NAME),
        Identification((PATIENT_NUMBER, NAME), "find_patient_by_number", SPELLED_NAME),
    ),
    problems=(
        Problem(
            "book_appointment",
            "a new appointment",
            (
                rf" (?:book|make|arrange|schedule|set up|get|need|want|like)(?:{_ANY})? {_VISIT} ",
                rf" (?:can|could|may) i (?:have|get)(?:{_ANY})? {_VISIT} ",
                rf" (?:do you have|is there|are there)(?:{_ANY}) {_VISIT} ",
                rf" come in for(?:{_ANY})? {_VISIT} ",
                (
                    r" (?<!when i am )(?<!not need to )(?<!when do i )(?:see|seen by)"
                    r" (?:a|the|my) doctor "
                ),
                r" (?:fit|squeeze|get|book) me in (?!for another)",
                r" need to see (?:some ?(?:body|one)|you) | (?:been seen|been to see you) ",
                r" (?:vaccinated|vaccination|(?:flu|my) jab|blood (?:taken|drawn|checked|tested)) ",
                rf" (?:after|need|want) (?:an? )?{_VISIT} ",
                rf" (?:give|put) me (?:down for )?an? {_VISIT} ",
                r" (?:got|have) anything (?:free|open) | any openings | earliest appointment ",
                rf" (?:slot|time) for (?:a|an) {_VISIT} | my flu jab | schedule a ",
                r" (?:when|how soon) (?:can|could|may) i come | have a look at me ",
                r" says (?:that )?i need a ",
            ),
            book_appointment,
        ),
        Problem(
            "move_appointment",
            "moving an appointment",
            (
                r" (?:re ?schedul\w*|rearrang\w*|postpon\w*|put (?:\w+ ){0,3}off) ",
                then(MOVE, _VISIT, 4),
                then(
                    _VISIT,
                    r"(?:clash\w*|forward|back|be (?:on|a week)|another (?:day|time|date))",
                    8,
                ),
                r"(?<!try) (?:another|different|new|an earlier|a later) (?:day|date|time) ",
                r" (?:move|shift|switch|change) it ",
                r" something (?:\w+ )?(?:came|come) up ",
                r" (?:come|do|be) (?:later|(?:\w+ )?instead|another|tomorrow instead) ",
                r" not (?:make|do) it(?: \w+){0,3} (?:can|could|but) ",
                r" does not (?:work for|suit) me ",
                r" can not make (?:it|my) (?:\w+ ){0,4}can ",
                r" rather come | i would (?:need it to be|rather) | when my appointment is ",
                r" can (?:\w+ ){0,4}(?:be|come) (?:on )?(?:a |an )?(?:\w+ )?(?:later|another day) ",
                rf" (?:mov(?:e|ed|ing)|shift|chang(?:e|ed|ing))(?: \w+){{0,4}} {_VISIT} ",
                rf" {_VISIT}(?: \w+){{0,9}} (?:move|shift|change) (?:it|that|this) ",
                rf" (?:day|date|time|earlier slot|later slot|other slot) for (?:my|the) {_VISIT} ",
            ),
            move_appointment,
        ),
        Problem(
            "cancel_appointment",
            "cancelling an appointment",
            (
                r" can[cs]el\w* ",
                rf" {CALL_OFF} (?:\w+ ){{0,3}}{_VISIT} ",
                rf" {NEED_NOT}(?: \w+){{0,4}} (?:{_VISIT}|doctor) ",
                r" (?:not|never) (?:be )?coming (?:in )?(?:on|tomorrow|today|at all) ",
                r" off the list ",
                rf" (?:give|hand) {_MINE}{_VISIT} to | let us forget | get rid of ",
                rf" not want another | withdraw from | have an {_VISIT} (?:\w+ ){{0,5}}get rid ",
                rf" (?:cancer|council|counsel|call off)(?: \w+){{0,3}} {_VISIT} ",
            ),
            cancel_appointment,
        ),
        Problem(
            "tell_appointments",
            "the time of an appointment",
            (
                rf" (?:when|(?:what|which) (?:time|day)) (?:is|was|are)(?: \w+){{0,4}} {_VISIT} ",
                rf" (?:when|(?:what|which) (?:time|day))(?: \w+){{1,5}} {_VISIT} (?:is|was) ",
                rf" {_VISIT} (?:when|what (?:time|day)) (?:is|was) (?:it|that) ",
                rf"(?<!change the)(?<!move the) (?:time|date|day) of {_MINE}{_VISIT} ",
                (
                    r" when (?:(?:am|was|is|do|did) )?i (?:am |was |have |had )?"
                    r"(?:due|supposed|to come|have to|see|seeing|booked|come) "
                ),
                r" what time do i (?:have|need) | when i am (?:seeing|booked|due|supposed) ",
                rf" (?:do|have) i (?:have|got) (?:an? |any|anything )(?:{_VISIT}|booked) ",
                (
                    rf" (?:look up|check|confirm|lost the card with|remind me of)"
                    rf" (?:\w+ ){{0,3}}{_VISIT} "
                ),
                rf" is my {_VISIT} (?:on|at) | how soon is | got anything booked ",
                r" (?:what|which) day (?:is|was) | (?:at )?what time is my ",
            ),
            tell_appointments,
        ),
        Problem(
            "repeat_prescription",
            "a prescription",
            (
                r" (?:pre|per|sub|de)scri\w* ",
                r" (?:refill\w*|medicines?|medications?|tablets?|pills?) ",
                r" (?:run|running|ran|am|are|nearly|almost) out of ",
                r" (?:pain ?killers?|meds|inhaler|insulin|cream|drops|script|pack of) ",
                (
                    r" (?:tablets?|pills?|medicine|medication)(?: \w+){0,3} (?:left"
                    r"|gone|empty|finished) "
                ),
            ),
            repeat_prescription,
        ),
        Problem(
            "test_results",
            "test results",
            (
                r" results? | findings | my values | positive | outcome ",
                then(rf"{_NOT_MOVED}(?:my|the) {_TEST}", rf"(?:said|done|{_BACK})", 3),
                then(rf"(?:were|was|are|have|did|is)(?: \w+){{0,2}} {_TEST}", _BACK, 3),
                r" (?:heard|hear|news|word) (?:\w+ ){0,3}(?:lab|laboratory|test) ",
                r" what they found ",
                rf" waiting (?:for|on) (?:my|the) (?:results?|{_TEST}) ",
                rf" (?:any ?thing|some ?thing|word)(?: \w+){{0,2}} back(?: \w+){{0,3}} {_TEST} ",
                r" how (?:was|were|did) (?:my|the) (?:\w+ )?tests? | came of it ",
                rf" had (?:a |my )?{_TEST}(?: \w+){{0,6}} know ",
                r" what did (?:\w+ ){1,3}(?:test|tests|work) say ",
                then(
                    rf"{_NOT_MOVED}(?:blood|allergy|lab) (?:tests?|work)",
                    r"(?:back|ready)",
                    3,
                ),
            ),
            tell_results,
        ),
        Problem(
            "opening_hours",
            "opening hours",
            (
                r" (?:opening|office|business) (?:hours?|ours?|times?) ",
                (
                    r" (?:when|how late|how long|what time|are|is|do)(?: \w+){0,4}"
                    r" (?:open|closed?|shut|closing) "
                ),
                r" (?:your|business|what|which) hours | closing time ",
                r" (?:till|until) (?:when|what time) ",
                (
                    r" (?:are you|is any ?(?:body|one)|do you work)(?: \w+){0,2}"
                    r" (?:there|on|in)(?: \w+){0,2} (?:week ?end|saturday|sunday|holidays?) "
                ),
                r" are you (?:there|shut|in) ",
            ),
            tell_hours,
            anybody=True,
        ),
        Problem(
            "preparation",
            "how to prepare for one",
            (
                r" (?:prepar\w*|fasting|empty stomach|skip breakfast|sober) ",
                r" (?:to|must i|i) fast(?! ) | have to fast | need to fast ",
                then(r"(?:eat|eating|drink|coffee|breakfast|bring|wear|pills)", _BEFORE, 4),
                (
                    r" (?:may|can|should|must|allowed to|could) (?:i )?(?:not )?"
                    r"(?:eat|drink|wear|have (?:breakfast|coffee)) "
                ),
                r" (?:have|need|what) (?:\w+ ){0,4}(?:to|i) bring | bring anything | take along ",
                then(r"(?:keep in mind|watch out for|(?:need|have|am i) to do)", _BEFORE, 2),
                r" get ready ",
                r" must i not eat | watch out for | keep in mind ",
                rf" (?:eat|drink|bring|wear)(?: \w+){{0,6}} (?:before|to|for) (?:\w+ )?{_VISIT} ",
            ),
            tell_preparation,
            anybody=True,
        ),
        Problem(
            "wants_person",
            "speaking to a person",
            PERSON,
            wants_person,
            anybody=True,
        ),
    ),
)
