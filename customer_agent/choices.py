"""Questions that offer a choice, or ask for a place, a time or a count: answered from the facts."""

import re
from collections.abc import Collection, Iterable, Sequence

from shared.language.as_heard import phrase, sentences
from shared.language.statements import is_question

_OR = re.compile(r",\s*(?:or\s+)?|\s+or\s+", re.IGNORECASE)
_YES_OR_NO = re.compile(r" (?:yes|no|not) $")
_SOMEBODY = re.compile(r" (?:i|we|you|they|he|she) ")
_SMALL = frozenset({
    "a", "an", "the", "is", "are", "it", "this", "that", "for", "to", "of", "in", "on", "at", "and",
    "or", "would", "could", "can", "do", "you", "your", "we", "i", "me", "prefer", "like", "want",
    "rather", "better", "best", "suit", "suits", "which", "what", "one", "please", "with", "have",
    "help", "be", "my", "there", "maybe", "also", "will", "by", "from", "need", "more", "choose",
    "pick", "take", "th",
})  # fmt: skip
"""Words that tell no option from another."""
_ASKED_BY: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        (
            r" where (?:should|shall|to|can|could|will|would) (?:\w+ ){0,3}"
            r"(?:send|ship|deliver|bring|to) "
        ),
        ("delivery_address", "shipping_address", "address", "home"),
    ),
    (
        (
            r" where (?:do|are|is|did|would) "
            r"| (?:what|which) (?:city|town|place|area|part of town|state|country)"
        ),
        ("home", "city", "town", "address", "place", "location", "area", "state", "country"),
    ),
    (r" who (?:is|will) (?:\w+ ){1,3}(?:be )?for | (?:what|which) name ", ("name",)),
    (
        r" (?:arrive|arriving|arrival|get here|check(?:ing)? in) ",
        ("arrival", "arrival_time", "arrival_date", "check_in", "checkin"),
    ),
    (
        r" (?:leave|leaving|depart|departure|check(?:ing)? out) ",
        ("departure", "departure_date", "check_out", "checkout"),
    ),
    (r" (?:cost|costs|pay|paid|how much) ", ("price", "amount", "total", "cost")),
    (r" (?:when|(?:what|which) day) ", ("day", "date", "time", "time_of_day", "weekday")),
    (r" (?:what|which) time ", ("time_of_day", "time")),
    (
        r" how many (?:people|persons?|guests|adults|of you)| how big | party ",
        ("people", "persons", "guests", "adults", "party", "party_size"),
    ),
    (r" how many nights | how long | for how many ", ("nights", "days", "length", "duration")),
    (r" how old | your age ", ("age",)),
)
"""By what such questions ask for, under which names the facts may stand."""

_PREFERENCE = re.compile(
    r" (?:prefer|rather|better|best|which|suits?|would you like|do you (?:want|need)|for"
    r"|what (?:day|time|size|kind|colou?r)) "
)
_WHAT = re.compile(
    r"^ (?:(?:and|so|okay|then|at|for|in|on|by|from|until) )*"
    r"(?:where|when|how (?:many|much|long|old|often)|who"
    r"|(?:what|which) (?:day|time|size|kind|date|city|town|street|area|state|country|floor|brand"
    r"|model|colou?r|type|sort|year|month|part)) "
)
_VERB_FIRST = re.compile(
    r"^ (?:(?:and|so|okay|then) )*(?:shall|should|would|could|can|may|will|do|does|did|is|are|was"
    r"|have|has) "
)
_BARE = 8
"""Words of a choice that is put without more: "Cash or card?"."""
_CANCEL = (
    r"cancel|call(?:ed|ing)? off|scrap|annul|withdraw|terminat|quit|do not (?:want|need)"
    r"|no longer|forget|stop|get out|give notice"
)
_LATE = (
    r"late\b|delay|deliver|arriv|where|track|wait|turn(?:ed)? up|show(?:n|ed) up"
    r"|not (?:come|here)|never came|parcel|missing"
)
_MOVE = r"mov(?:e|ing)|re ?schedul|(?:another|different) (?:day|time)|postpone|push|instead"
_FAMILIES = tuple(
    re.compile(rf"\b(?:{words})")
    for words in (
        _CANCEL,
        _LATE,
        _MOVE,
        r"damag|broke|pieces|smash|crack|replac|faulty|defect|shatter|scratch|dent|bent",
        r"double|twice|duplicate|2 times|extra|second charge|both",
        r"bill|invoice|charg|fee\b|pa(?:y|id)\b",
        r"outage|down\b|dead|offline|no internet|no connection|nothing load|gone",
        r"slow|crawl|lag|buffer|speed|spin|freez",
        r"technician|engineer|visit|guy",
        r"plan\b|package|tariff|upgrad|downgrad|premium|basic|standard",
        r"person|human|somebody|someone|machine|robot|manager|boss|talk|speak",
        r"appointment|check ?up|book|see (?:a|the) doctor|seen",
        r"book|new appointment|come (?:in|by|over|round)\b",
        r"prescri|tablet|medicine|medication|pill|inhaler|refill",
        r"result|blood work|lab\b|test came",
        r"open|close|hours|till when",
        r"prepar|eat\b|fasting|breakfast|bring",
        r"refund|money back|credit",
    )
)
"""Words by which one thing is spoken of."""


def options(text: str) -> list[str]:
    """What the last list of choices in `text` has, as words; empty if there is none.

    "Is that a yes, or a no?" leaves none. Recognizers part a list from its question ("Which one
    would you like? A lamp or a rug.").

    Example:
        >>> options("Would you prefer Monday or Tuesday?")
        [' would you prefer monday ', ' tuesday ']
    """
    parts = _with_lists(sentences(text))
    asks = bool(parts) and is_question(parts[-1])
    for part in reversed(parts):
        if asks and " or " in phrase(part):
            found = [phrase(option) for option in _OR.split(part.strip(" .?!"))]
            if not any(map(_YES_OR_NO.search, found)):
                return [option for option in found if option.strip()]
    return []


def _with_lists(parts: Sequence[str]) -> list[str]:
    """Sentences, a question and the mere list after it as one, and what begins none."""
    joined: list[str] = []
    for part in parts:
        if joined and part[:1].islower():  # "test results. opening hours or a person."
            joined[-1] = f"{joined[-1].rstrip('.')}, {part}"
            continue
        words = phrase(part)
        mere = " or " in words and not _SOMEBODY.search(words)
        if mere and not is_question(part.rstrip("?")) and joined and joined[-1].endswith("?"):
            question = joined.pop().rstrip("?")
            joined.append(f"{question}, {part.rstrip('.?!')}?")
        else:
            joined.append(part)
    return joined


def _whole_numbers(words: str) -> str:
    """Words in which a number of several digits is one: the fourteenth is no four."""
    return re.sub(r"(?<=\d) (?=\d)", "", words)


def chosen(choices: Sequence[str], known: Iterable[str]) -> str:
    """The words of the one of `choices` that the first of `known` to speak of one speaks of."""
    wholes = [_whole_numbers(choice) for choice in choices]
    distinct = [
        [
            word
            for word in choice.split()
            if word not in _SMALL and sum(f" {word} " in other for other in wholes) == 1
        ]
        for choice in wholes
    ]
    for words in map(_stems, known):
        named = [[word for word in option if _stem(word) in words] for option in distinct]
        spoken_of = [option for option in named if option]
        if len(spoken_of) == 1:
            return " ".join(spoken_of[0])
    return ""


def topic(choices: Sequence[str], wish: str) -> str:
    """The one of `choices` that is most about what `wish` says; empty if none is, or several."""
    telling = {_stem(word) for word in phrase(wish).split() if word not in _SMALL}
    wished = _about(phrase(wish)), telling
    best = [
        _most(choices, [len(_about(choice) & wished[0]) for choice in choices]),
        _most(choices, [len(_stems(choice) & wished[1]) for choice in choices]),
    ]
    picked = next((one[0] for one in best if len(one) == 1), "")
    return re.sub(r"^.*\b(?:help|assist)(?: you)? with ", "", picked.strip())


def _most(choices: Sequence[str], counts: Sequence[int]) -> list[str]:
    """The choices of which most is counted; none if nothing is."""
    most = max(counts, default=0)
    return [one for one, count in zip(choices, counts, strict=True) if count == most and most]


def wants_preference(sentence: str) -> bool:
    """Whether a choice is the caller's to make, and not between a yes and a no."""
    last = phrase(sentences(sentence)[-1])
    bare = len(last.split()) <= _BARE and " or " in last and not _VERB_FIRST.match(last)
    return bare or bool(_PREFERENCE.search(phrase(sentence)))


def is_unanswerable(text: str) -> bool:
    """Whether a text asks for what is told in a word or two, such as a place, a time or a count."""
    return any(_WHAT.search(phrase(part)) for part in sentences(text) if is_question(part))


def fact_asked_for(sentence: str, facts: Collection[str]) -> str:
    """The name of the fact that tells a place, a time or a count asked for; empty if none does."""
    if not is_question(sentence):
        return ""
    words = phrase(sentence)
    names = [name for sign, names in _ASKED_BY if re.search(sign, words) for name in names]
    return next((name for name in names if name in facts), "")


def _about(words: str) -> set[int]:
    return {index for index, family in enumerate(_FAMILIES) if family.search(words)}


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in _whole_numbers(phrase(text)).split()}


def _stem(word: str) -> str:
    """A word without what its forms differ in: "nights" and "night", "cancelled" and "cancel"."""
    return re.sub(r"(?:ing|ed|es|s)$", "", word) if len(word) > 3 else word
