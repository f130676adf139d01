"""How callers put what they want, whatever the business: parts of the signs of its problems.

Each is a regular expression for normalized words (`support_agent.talk.Problem.signs`).
"""


def then(first: str, second: str, between: int = 5) -> str:
    """A sign of two things said one after the other, with so many words between at most."""
    return rf" {first}(?: \w+){{0,{between}}} {second} "


CALL_OFF = (
    r"(?:cancel\w*|cansel\w*|call(?:ed|ing)?(?: \w+){0,4}? off|scrap\w*|annul\w*|withdraw\w*"
    r"|undo|revoke|drop\w*|delet\w*|remov\w*|forget(?: about)?|kill|void|back out of|get rid of"
    r"|take back|(?:get|want|opt) out of|scratch)"
)
"""Undoing something that was ordered, booked or agreed on."""
NEED_NOT = (
    r"(?:(?:do|does|did|will|shall) not (?:want|need|require)|no longer (?:want|need)"
    r"|(?:not|never) be needing|never meant|decided against|no (?:more )?(?:need|use) for)"
)
"""Not wanting it any more."""
MOVE = (
    r"(?:mov(?:e|ed|ing)|shift\w*|switch\w*|chang(?:e|ed|ing)|swap\w*|re ?schedul\w*|rearrang\w*"
    r"|postpon\w*|delay\w*|put off|put(?:ting)? back|push(?:ed|ing)?|bring(?:ing)? forward"
    r"|bring(?! to )|bump)"
)
"""Having something at another time."""
ANOTHER_TIME = (
    r"(?:another|different|other|later|earlier|new|better|next) (?:free |open )?"
    r"(?:day|date|time|slot|week|appointment|morning|afternoon)"
)
TO_ANOTHER_DAY = (
    r"(?:can|could|may|make|have) (?:it|that|this|we|you|they)(?: \w+){0,3}"
    r" (?:on|to|for|monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow)"
)
"""Wanting what was just named at a day that is named too: "can that be on Monday"."""
_SOMEBODY = (
    r"(?:persons?|people|humans?|being|some ?(?:body|one)(?: real| else)?|nurse|doctor|colleagues?"
    r"|manager|supervisor|boss|representative|agent|operator|reception\w*|staff|front desk"
    r"|(?:customer )?service|team|member)"
)
PERSON = (
    (
        r"(?<!not want to)(?<!not need to)"
        rf" (?:speak|talk|chat)(?:ing)? (?:to|with) (?:\w+ ){{0,3}}{_SOMEBODY} "
    ),
    rf" {_SOMEBODY}(?: \w+){{0,3}} (?:i can|to|for me to) (?:speak|talk)(?: to| with)? ",
    r" have a word with ",
    r" (?:real|actual|live|human) (?:person|human|agent|being)",
    r" human ",
    (
        r" (?:get|give|put|connect|transfer|pass|hand|want|prefer|let) (?:me )?(?:\w+ ){0,4}"
        r"(?:person|people|human|agent|manager|supervisor|boss|representative|operator"
        r"|receptionist|reception|colleague|customer service) "
    ),
    r" (?:put|connect|hand|pass|transfer) me (?:through|over|on to|with|to (?:a|the|some)) ",
    (
        r" (?:put|get|have) (?:some ?(?:body|one)|a nurse|the nurse|an agent) (?:\w+ )?"
        r"(?:on|to) the (?:line|phone) "
    ),
    r" get me some ?(?:body|one) ",
    r" (?:some ?(?:body|one)|colleague)(?: \w+){0,5} (?:real|take over|pick up|talk to me) ",
    r" (?:not|than|a) (?:\w+ ){0,4}(?:machine|robot|computer|bot) ",
    r"^ (?:an? )?(?:operator|agent|representative|receptionist|manager)(?: please)? $",
)
"""Wanting a person instead of us."""
