"""Slots: the facts a support agent asks callers for, and how it finds them in what it heard."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from shared.language.as_heard import codes, dates, normalize, phrase, sentences
from shared.language.spelling import letters_aloud, spelled
from shared.language.to_say import digits_aloud, full_date_aloud


class SlotKind(StrEnum):
    """What a slot's value is."""

    CODE = "code"
    """Digits."""
    NAME = "name"
    """A person's name."""
    DATE = "date"
    """A date with its year, such as one of birth; its value is ISO 8601."""
    SPELLING = "spelling"
    """The letters of a name."""


class Slot(NamedTuple):
    """One fact that identifies a caller."""

    name: str
    """The tool's argument."""
    kind: SlotKind
    noun: str
    """As the agent asks for it: "your order number"."""
    under: str
    """As it is read back, with `{}` for the value: "order number {}"; without, it is not."""
    words: tuple[str, ...] = ()
    """What callers call it."""
    lengths: tuple[int, ...] = ()
    """Of a code: how many digits it may have, the usual number first."""

    def read_back(self, value: str) -> str:
        """The value in a sentence about it."""
        return self.under.format(self.aloud(value))

    def aloud(self, value: str) -> str:
        """The value as it is spoken."""
        match self.kind:
            case SlotKind.SPELLING:
                return letters_aloud(value)
            case SlotKind.DATE:
                return full_date_aloud(value)
            case SlotKind.CODE:
                return digits_aloud(value)
            case SlotKind.NAME:
                return value


NAME = Slot(name="name", kind=SlotKind.NAME, noun="your full name", under="under that name")
DATE_OF_BIRTH = Slot(
    name="date_of_birth",
    kind=SlotKind.DATE,
    noun="your date of birth",
    under="anybody born on {}",
)
FIRST_NAME = Slot(
    name="first_name", kind=SlotKind.SPELLING, noun="your first name", under="spelled {}"
)
LAST_NAME = Slot(
    name="last_name", kind=SlotKind.SPELLING, noun="your last name", under="spelled {}"
)
SPELLED_NAME = (FIRST_NAME, LAST_NAME)
"""What is asked of somebody whose name was not quite heard."""

_NAME_LEAD = re.compile(
    r"^(?:(?:um+|uh+|er+|oh|ah|well|so|hi|hello|yes|yeah|sure|okay|ok|no|sorry|of course|certainly"
    r"|please|thanks|thank you|it's|it is|its|this is|that's|that is|that would be|i'm|i am"
    r"|(?:my |the )?(?:full |first |last )?name(?:'s| is)?|is|under)\b[\s,.:]*)+",
    re.IGNORECASE,
)
_NAME_INTRODUCED = re.compile(
    r"\b(?:my (?:full )?name(?:'s| is)|the name(?:'s| is)|this is|i am called|i'm called)\s+"
    r"(?P<name>[^.?!;\d]+)",
    re.IGNORECASE,
)
_NAME_ENDS = re.compile(
    r"\b(?:and|my|the|order|number|calling|speaking|here|with|from|about|but|i|it|that|spelled|"
    r"please|thanks?)\b|[.?!;\d]|\b[a-z]\b[\s,-]+[a-z]\b(?!\s+(?-i:[A-Z][a-z]))",
    re.IGNORECASE,
)
_NO_NAME = frozenset({
    "not", "never", "happy", "angry", "annoyed", "upset", "enough", "acceptable", "unacceptable",
    "ridiculous", "unbelievable", "incredible", "outrageous", "outrage", "absurd", "disgraceful",
    "disgrace", "terrible", "horrible", "awful", "nonsense", "rubbish", "joke", "joking", "kidding",
    "insane", "crazy", "stupid", "annoying", "frustrating", "pathetic", "impossible", "useless",
    "hopeless", "seriously", "honestly", "really", "again", "already", "waste", "time", "hurry",
    "are", "you", "we", "they", "do", "does", "did", "can", "could", "have", "has", "had", "was",
    "were", "why", "what", "how", "when", "where", "wait", "stop", "god", "hell", "damn", "wow",
    "great", "wonderful", "brilliant", "fantastic", "quick", "quickly", "whatever", "anyway",
    "told", "gave", "said", "just", "another", "too", "very", "so", "much", "need", "want",
    "waiting", "hold", "listen", "look", "thing",
})  # fmt: skip
"""Words of a complaint or a question, which nobody is called, whatever is asked for."""
_LONGEST = 12
"""Digits of a code that was heard several times as long as it is."""
_INITIAL = re.compile(r"(?<=\b[A-Z])\.\s*(?=[A-Z])")
_TITLE = re.compile(r"\b(Dr|Mr|Mrs|Ms|St|Prof)\.", re.IGNORECASE)
_UNKNOWN = re.compile(
    r" (?:do not (?:have|know|remember|recall)|no idea|not sure|lost|can not (?:find|remember|say)"
    r"|not have|forgot|forgotten|unknown|not known) "
)


_MISHEARD = 6
"""So many words may be made of a name."""


def is_unknown(text: str) -> bool:
    """Whether a caller says not to know or have what was asked for."""
    return bool(_UNKNOWN.search(phrase(text)))


def read_slots(
    text: str, slots: Sequence[Slot], asked: Sequence[Slot] = ()
) -> dict[str, tuple[str, ...]]:
    """What `text` says of `slots`: by name, the values it may say, best first.

    A value of a slot that was `asked` for needs no introduction; others do ("my name is ...").
    """
    values = _read_codes(text, slots, asked)
    for slot in slots:
        if slot.kind is SlotKind.NAME and (name := _read_name(text, asked=slot in asked)):
            values[slot.name] = (name,)
        elif slot.kind is SlotKind.DATE and (heard := dates(text)):
            values[slot.name] = heard
        elif (
            slot in asked
            and slot.kind is SlotKind.SPELLING
            and (letters := spelled(text, asked=True))
        ):
            values[slot.name] = (letters,)
    return values


def _read_codes(
    text: str, slots: Sequence[Slot], asked: Sequence[Slot]
) -> dict[str, tuple[str, ...]]:
    code_slots = [slot for slot in slots if slot.kind is SlotKind.CODE]
    expected = next((slot for slot in asked if slot.kind is SlotKind.CODE), None)
    named = [
        slot for slot in code_slots if any(phrase(word) in phrase(text) for word in slot.words)
    ]
    if expected is None and len(named) == 1:
        expected = named[0]
    usual = tuple(dict.fromkeys(n for slot in code_slots for n in slot.lengths))
    values: dict[str, tuple[str, ...]] = {}
    too_long = range(1 + max(usual, default=0), _LONGEST + 1)
    for code in codes(text, usual) or codes(text, too_long):
        slot = _owner(code.before, code_slots) or expected
        if slot and (readings := _code_readings(code.digits, slot.lengths)):
            values[slot.name] = readings
    return values


def _code_readings(heard: Sequence[str], lengths: Sequence[int]) -> tuple[str, ...]:
    """What a run of digits says, as far as it is a code of one of `lengths`, the likeliest first.

    A run too long comes first as it was heard, and is none if nothing in it repeats.
    """
    fitting = sorted(
        (digits for digits in heard if len(digits) in lengths),
        key=lambda digits: lengths.index(len(digits)),
    )
    longest = fitting[0] if fitting else heard[0]
    fewer = _said_fewer_times(longest, lengths[0])
    return (*(fitting or ([longest] if fewer else [])), *fewer)


def _said_fewer_times(digits: str, length: int) -> tuple[str, ...]:
    """Readings of a code too long without what repeats: 1212121212 may have been 121212."""
    found: list[str] = []
    shorter = [digits]
    while shorter:
        less = (less for one in shorter for less in _once_less(one) if len(less) >= length)
        shorter = list(dict.fromkeys(less))
        found += [one for one in shorter if len(one) == length]
    return tuple(dict.fromkeys(found))


def _once_less(digits: str) -> Iterator[str]:
    """Digits without one of two in a row that are alike, or of two pairs or threes."""
    for size in (1, 2, 3):
        for at in range(len(digits) - 2 * size + 1):
            if digits[at : at + size] == digits[at + size : at + 2 * size]:
                yield digits[:at] + digits[at + size :]


def _owner(before: Sequence[str], slots: Sequence[Slot]) -> Slot | None:
    """The slot named last before a code."""
    context = f" {' '.join(before)} "
    last = {
        slot: max((context.rfind(phrase(word)) for word in slot.words), default=-1)
        for slot in slots
    }
    slot = max(last, key=last.__getitem__, default=None)
    return slot if slot and last[slot] >= 0 else None


def _read_name(text: str, *, asked: bool) -> str:
    # A full stop after an initial or a title ends no sentence.
    text = _TITLE.sub(r"\1", _INITIAL.sub(" ", text))
    introduced = _NAME_INTRODUCED.search(text)
    if introduced and (
        name := _cut(introduced["name"]) or (_misheard(introduced["name"]) if asked else "")
    ):
        # "This is ridiculous" is a complaint, where names are written with capitals.
        if "name" in introduced[0].lower() or name[:1].isupper() or text.islower():
            return f"{name} {spelled(text)}".strip()
        return ""
    if not asked:
        return ""
    for sentence in sentences(text):
        name = _cut(_NAME_LEAD.sub("", sentence.replace("\u2019", "'")))
        if name and not _NO_NAME.intersection(normalize(name)):
            return f"{name} {spelled(text)}".strip()
    return spelled(text) or _misheard(_NAME_LEAD.sub("", text))


def _misheard(text: str) -> str:
    """A name in the words that a recognizer made of it: "a D's and Wusu"; better than none."""
    words = re.findall(r"[^\W\d_][\w'-]*", text)
    few = 2 <= len(words) <= _MISHEARD
    return " ".join(words) if few and not is_unknown(text) and not _is_plain(words) else ""


def _is_plain(words: Sequence[str]) -> bool:
    """Whether there is no word with a capital, or one that nobody is called."""
    capitals = any(word[:1].isupper() for word in words[1:])
    return not capitals or bool(_NO_NAME.intersection(normalize(" ".join(words))))


def _cut(text: str) -> str:
    """The first words of `text` up to what cannot be in a name."""
    ending = _NAME_ENDS.search(text)
    words = re.findall(r"[^\W\d_][\w'-]*", text[: ending.start()] if ending else text)
    return " ".join(words[:4]) if normalize(" ".join(words)) else ""
