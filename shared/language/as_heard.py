"""What recognised text says: words, numbers and codes, whatever way a recogniser wrote them.

`normalize` is the common form in which two texts are compared; `codes` finds order numbers and
the like, however their digits were grouped; `yes_or_no` reads an answer.
"""

import calendar
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from shared.language.to_say import TENS, UNITS, ordinal_aloud

_UNITS = {word: value for value, word in enumerate(UNITS)}
_TENS = {word: 10 * value for value, word in enumerate(TENS, start=2)} | {"fourty": 40}
_ORDINALS = {ordinal_aloud(value): value for value in (*range(1, 20), 20, 30)}
_REPEATS = {"double": 2, "triple": 3}
_OH = frozenset({"oh", "o"})

# What whisper writes for a digit when it takes it for a word; only believed among digits.
_HOMOPHONES = {
    "to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8", "won": "1", "oh": "0", "o": "0",
}  # fmt: skip
_INSIDE_CODES = frozenset({"and", "uh", "um", "dash", "hyphen", "point", "then"})
_UNITS_OF_MEASURE = frozenset({
    "dollar", "dollars", "cent", "cents", "percent", "day", "days", "week", "weeks", "month",
    "months", "year", "years", "hour", "hours", "minute", "minutes", "am", "pm", "th", "times",
    "pounds", "euros",
})  # fmt: skip

_WORDS = {
    "won't": "will not", "can't": "can not", "cannot": "can not", "shan't": "shall not",
    "let's": "let us", "i'm": "i am", "it's": "it is", "that's": "that is", "what's": "what is",
    "there's": "there is", "here's": "here is", "where's": "where is", "who's": "who is",
    "how's": "how is", "when's": "when is", "nothing's": "nothing is",
    "nobody's": "nobody is", "everything's": "everything is", "somebody's": "somebody is",
    "name's": "name is", "he's": "he is", "she's": "she is",
    "gonna": "going to", "wanna": "want to", "ok": "okay", "o'clock": "",
    "alright": "all right",
    "cancelled": "canceled", "cancelling": "canceling", "postcode": "post code",
    "dont": "do not", "cant": "can not", "wont": "will not", "isnt": "is not", "wasnt": "was not",
    "hasnt": "has not", "havent": "have not", "didnt": "did not", "doesnt": "does not",
    "couldnt": "could not", "wouldnt": "would not", "ive": "i have", "youve": "you have",
    "weve": "we have", "im": "i am", "youre": "you are", "thats": "that is",
    "goodbye": "good bye", "grey": "gray", "colour": "color", "cheque": "check",
}  # fmt: skip
_ENDINGS = {"n't": " not", "'re": " are", "'ll": " will", "'ve": " have", "'d": " would"}
_ANY_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b")
_ANY_ENDING = re.compile(rf"(?<=[a-z])(?:{'|'.join(_ENDINGS)})\b")

_LOOK_AHEAD = 6
"""So many words after a code may take it back."""
_DIGIT = rf"(?:\d+|{'|'.join((*UNITS[:10], *_REPEATS, *_OH))})"
_WRONG = r"(?:wrong|not right|not it|not correct|the wrong)"
_TAKING_BACK = (
    r"(?:(?:uh|um|oh|er|wait|hold on) )*(?:"
    rf"(?:no )+(?:sorry|wait|actually|i mean|not that|{_DIGIT}|(?:it|that) is {_DIGIT}|$)"
    rf"|(?:no )*sorry (?:no|i mean|(?:it|that) is {_DIGIT}|{_DIGIT}|$)"
    r"|i mean|scratch that|strike that|correction|make that"
    rf"|(?:no )*(?:(?:that|this|it) )?(?:is|was) {_WRONG})"
)
_TAKEN_BACK = re.compile(rf"^ {_TAKING_BACK}")

_MONTH_NUMBERS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
MONTHS = "|".join(_MONTH_NUMBERS)
"""Matches the name of a month in what `phrase` makes of a text."""
_DAY_MONTH = re.compile(rf"\b(?:the )?(?<!\d )(\d(?: \d)?)(?: th)?(?: of)? ({MONTHS})\b")
_MONTH_DAY_YEAR = re.compile(
    rf"\b(?<!\d )({MONTHS}) (?:the )?(\d(?: \d)?)(?: th)? ((?:1 9|2 0) \d \d)\b(?! \d)"
)
_MONTH_DAY = re.compile(rf"\b(?<!\d )({MONTHS}) (?:the )?(\d(?: \d)?)(?: th)?\b(?! \d)")

# "Six, six, sixty-six. The sixth of June" has no day 66.
_DAY, _YEAR = r"(?P<day>[12] \d|3 [01]|\d)(?: th)?", r"(?P<year>(?:1 9|2 0) \d \d)"
_FULL_DATES = (
    re.compile(rf" {_DAY} (?P<month>{MONTHS})(?: th)? {_YEAR} "),
    re.compile(rf" (?P<month>{MONTHS}) (?:the )?{_DAY} {_YEAR} "),
)
_NUMERIC_DATE = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")

_YES = frozenset({"yes", "yeah", "yep", "yup", "sure", "absolutely", "definitely", "certainly"})
_RATHER_YES = frozenset({
    "okay", "please", "fine", "right", "correct", "perfect", "great", "exactly", "indeed", "good",
})  # fmt: skip
_NO = frozenset({"no", "nope", "nah", "not", "never", "wrong", "incorrect", "without"})
_CLEAR = frozenset({"yes", "yeah", "yep", "yup", "no", "nope", "nah"})
"""These count before any other: "This is not acceptable. Yes, do that"."""
_NEITHER = re.compile(r"\b(?:no problem|no worries|not at all|no rush|do not worry)\b")


def normalize(text: str) -> list[str]:
    """The words of `text` in one canonical form, for comparing texts and for finding phrases.

    Lower case, no punctuation, contractions written out, every number as its single digits
    ("47,219", "4-7-2-1-9" and "four seven two one nine" are all 4 7 2 1 9), money as spoken
    ("$49.50" is 4 9 dollars and 5 0 cents), an ordinal as its digits and "th", a date as its day
    and month ("the third of May", "3 May" and "May 3rd" are all 3 may).
    """
    return phrase(text).split()


@lru_cache(maxsize=4096)  # a dialogue is replayed at every turn, over the same texts
def phrase(text: str) -> str:
    """`normalize`, joined by spaces and padded with one, so that " word " finds whole words."""
    words = " ".join(_digits_apart(_tokens(text)))
    words = _MONTH_DAY_YEAR.sub(r"\2 \1 \3", _DAY_MONTH.sub(r"\1 \2", words))
    return " " + _MONTH_DAY.sub(r"\2 \1", words) + " "


def sentences(text: str) -> list[str]:
    """`text` split after each full stop, question or exclamation mark that ends a sentence."""
    return [part for part in re.split(r"(?<=[.?!])\s+", text.strip()) if part]


def yes_or_no(text: str) -> bool | None:
    """Whether an answer agrees: the first clear word decides; None if there is no such word."""
    words = _NEITHER.sub("yes", phrase(text)).split()
    for word in [word for word in words if word in _CLEAR] or words:
        if word in _YES or word in _NO:
            return word in _YES
    return True if _RATHER_YES.intersection(words) else None


def dates(text: str) -> tuple[str, ...]:
    """The dates in `text` that have a year ("May 4th 1990", "the fourth of May 1990"), in ISO 8601.

    Of one in numbers alone ("5/4/1990"), first the reading with the month first, then the other.
    """
    read: list[tuple[str, int, str]] = []
    for one, other, year in _NUMERIC_DATE.findall(text):
        read += [(year, int(one), other), (year, int(other), one)]
    for pattern in _FULL_DATES:
        for match in pattern.finditer(phrase(text)):
            read.append((match["year"], _MONTH_NUMBERS[match["month"]], match["day"]))
    found: list[str] = []
    for year, month, day in read:
        with suppress(ValueError):  # the thirtieth of February
            found.append(date(_number(year), month, _number(day)).isoformat())
    return tuple(dict.fromkeys(found))


def _number(digits: str) -> int:
    return int(digits.replace(" ", ""))


_LISTENING = re.compile(
    r"^ (?:(?:m+|hm+|mhm|mmhm|uh|huh|ah|aha|oh|right|okay|yeah|yes|yep|sure|i see|all right|good"
    r"|got it) )+$"
)
_DEMANDING = frozenset({
    "no", "wait", "stop", "sorry", "what", "hello", "pardon", "help", "why", "how", "never", "not",
})  # fmt: skip


_SOUNDS = re.compile(r"^ (?:(?:m+|hm+|mhm|mmhm|uh|huh|ah|aha|oh) )+$")


def is_listening_sound(text: str) -> bool:
    """Whether a text is a sound and no word ("mm-hm", "uh-huh"), which answers nothing."""
    return bool(_SOUNDS.match(phrase(text)))


def is_assent(text: str) -> bool:
    """Whether a text says no more than that one listens or agrees ("mm-hm", "I see", "sure")."""
    return bool(_LISTENING.match(phrase(text)))


def is_goodbye(text: str) -> bool:
    """Whether a text has a goodbye in it ("Goodbye.", "Okay, bye now.")."""
    return " bye " in phrase(text)


def is_backchannel(text: str) -> bool:
    """Whether what was said into somebody's turn is only assent.

    So is a single word that demands nothing: most such are misheard.
    """
    single = phrase(text).strip()
    return is_assent(text) or (" " not in single and single not in _DEMANDING)


def digits_of(value: object) -> str:
    """The digits in a value as it is written, whatever stands between them."""
    return "".join(char for char in str(value) if char.isdecimal())


def takes_back(text: str) -> bool:
    """Whether a turn begins by taking back what its speaker said before it ("No, sorry, ...")."""
    return bool(_TAKEN_BACK.search(f" {' '.join(_tokens(text))} "))


class Code(NamedTuple):
    """A run of digits that may be a code."""

    digits: tuple[str, ...]
    """What it may say, best first; more than one where a word may be a digit or not."""
    before: tuple[str, ...]
    """The words since the code before, or since the start."""


def codes(text: str, lengths: Sequence[int]) -> list[Code]:
    """The runs of digits in `text` that can be read as a code of one of `lengths` digits.

    `lengths` is in order of preference. Grouping does not matter ("47 219"); "double four" is
    44; "to", "for", "oh" and the like are digits where they stand among digits; a run that a
    "not" stands right before is left out, and so is one that counts something ("49 dollars"), or
    that is taken back at once ("47219. No, sorry.").
    """
    found = []
    taken_back: tuple[str, ...] = ()
    for run, words, after in _runs(list(_tokens(text))):
        before, taken_back = (*taken_back, *words), ()
        if (after and after[0] in _UNITS_OF_MEASURE) or (before and before[-1] == "not"):
            continue
        if _TAKEN_BACK.search(f" {' '.join(after)} "):
            taken_back = before  # what it was called is what takes its place
            continue
        readings = _readings(run, lengths)
        if readings:
            found.append(Code(readings, before))
    return found


def _tokens(text: str) -> list[str]:
    """Lower-case words and numerals, without punctuation."""
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"[$\u00a3\u20ac](\d+)(?:\.(\d\d))?\b", _money, text)
    text = re.sub(r"\b(\d+)\.(\d\d) dollars\b", r"\1 dollars and \2 cents", text)
    text = re.sub(r"\b(\d{1,2}):00\b", r"\1", text)
    text = re.sub(r"\b([ap])\. ?m\b\.?", r"\1m", text)
    text = re.sub(r"\b(\d{1,2})\.(\d\d)(?= ?[ap]m\b)", r"\1 \2", text)
    text = re.sub(r"(?<=\d)\.(?=\d)", " point ", text)
    text = text.replace("%", " percent ").replace("&", " and ").replace("@", " at ")
    text = _ANY_WORD.sub(lambda match: _WORDS[match[0]], text)
    text = _ANY_ENDING.sub(lambda match: _ENDINGS[match[0]], text)
    text = text.replace("'", "")
    text = re.sub(r"\b(\d+)(?:st|nd|rd|th)\b", r"\1 th ", text)
    return re.findall(r"[^\W\d_]+|\d+", text)


def _money(match: re.Match[str]) -> str:
    whole, cents = match.groups()
    said = f"{whole} {'dollar' if whole == '1' else 'dollars'}"
    if cents and cents != "00":
        said += f" and {cents} {'cent' if cents == '01' else 'cents'}"
    return f" {said} "


class _Number(NamedTuple):
    digits: str
    ordinal: bool
    end: int
    """Index of the first token after it."""


def _number_at(tokens: Sequence[str], start: int) -> _Number | None:
    """The number that begins at `start`, by the largest reading ("forty seven thousand two")."""
    token = tokens[start] if start < len(tokens) else ""
    if token in _REPEATS:
        if start + 1 < len(tokens) and tokens[start + 1] in _OH:
            return _Number("0" * _REPEATS[token], ordinal=False, end=start + 2)
        single = _number_at(tokens, start + 1)
        numeral = start + 1 < len(tokens) and tokens[start + 1].isdecimal()
        if single and not single.ordinal and (numeral or len(single.digits) == 1):
            # "triple 707" is 77707
            digits = single.digits[0] * _REPEATS[token] + single.digits[1:]
            return _Number(digits, ordinal=False, end=single.end)
        return None
    if token.isdecimal() and (len(token) > 3 or token[0] == "0"):
        return _Number(token, *_ordinal_mark(tokens, start + 1))
    value, end, ordinal = _below_thousand(tokens, start)
    if value is None:
        return None
    if not ordinal and end < len(tokens) and tokens[end] == "thousand":
        rest, rest_end, ordinal = _below_thousand(tokens, _skip_and(tokens, end + 1))
        value, end = value * 1000 + (rest or 0), rest_end if rest is not None else end + 1
    if not ordinal:
        ordinal, end = _ordinal_mark(tokens, end)
    return _Number(str(value), ordinal, end)


def _below_thousand(tokens: Sequence[str], start: int) -> tuple[int | None, int, bool]:
    """Value, index after it, and whether it is an ordinal; (None, start, False) if no number."""
    value, end, ordinal = _below_hundred(tokens, start)
    if value is None or ordinal or not 0 < value < 100:
        return value, end, ordinal
    if end < len(tokens) and tokens[end] == "hundred":
        rest, rest_end, ordinal = _below_hundred(tokens, _skip_and(tokens, end + 1))
        return value * 100 + (rest or 0), rest_end if rest is not None else end + 1, ordinal
    return value, end, False


def _below_hundred(tokens: Sequence[str], start: int) -> tuple[int | None, int, bool]:
    word, after = (*tokens[start : start + 2], "", "")[:2]
    if word.isdecimal() and (word == "0" or (word[0] != "0" and len(word) <= 3)):
        return int(word), start + 1, False
    if word in _TENS:
        if 0 < _UNITS.get(after, 0) < 10:
            return _TENS[word] + _UNITS[after], start + 2, False
        if 0 < _ORDINALS.get(after, 0) < 10:
            return _TENS[word] + _ORDINALS[after], start + 2, True
        return _TENS[word], start + 1, False
    if word in _ORDINALS:
        return _ORDINALS[word], start + 1, True
    value = _UNITS.get(word)
    return value, start if value is None else start + 1, False


def _skip_and(tokens: Sequence[str], start: int) -> int:
    is_and = start + 1 < len(tokens) and tokens[start] == "and"
    return start + 1 if is_and and _below_hundred(tokens, start + 1)[0] is not None else start


def _ordinal_mark(tokens: Sequence[str], end: int) -> tuple[bool, int]:
    marked = end < len(tokens) and tokens[end] == "th"
    return marked, end + 1 if marked else end


def _digits_apart(tokens: Sequence[str]) -> Iterator[str]:
    position, after_digit = 0, False
    while position < len(tokens):
        number = _number_at(tokens, position)
        if number:
            yield from number.digits
            if number.ordinal:
                yield "th"
            position, after_digit = number.end, not number.ordinal
            continue
        token = tokens[position]
        position += 1
        if token in _OH and (after_digit or _number_at(tokens, position)):
            yield "0"
        else:
            yield token
            after_digit = False


class _Piece(NamedTuple):
    digits: str
    sure: bool
    """False for a word that may be a digit."""


def _runs(
    tokens: Sequence[str],
) -> Iterator[tuple[list[_Piece], tuple[str, ...], tuple[str, ...]]]:
    """Each run of digits with the words before it (since the last run) and some after it."""
    run: list[_Piece] = []
    before: list[str] = []
    position = 0
    while position <= len(tokens):
        token = tokens[position] if position < len(tokens) else ""
        number = _number_at(tokens, position)
        if number and not number.ordinal:
            run.append(_Piece(number.digits, sure=True))
            position = number.end
            continue
        if token in _HOMOPHONES:
            run.append(_Piece(_HOMOPHONES[token], sure=_is_zero(tokens, position, run)))
        elif token not in _INSIDE_CODES or not run:
            if any(piece.sure for piece in run):
                yield run, tuple(before), tuple(tokens[position : position + _LOOK_AHEAD])
                before = []
            run = []
        if token and not run:
            before.append(token)
        position = max(position + 1, number.end if number else 0)


def _is_zero(tokens: Sequence[str], at: int, run: Sequence[_Piece]) -> bool:
    """Whether an "oh" stands inside a run, or ends the run and the text."""
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    goes_on = not after or after in _OH or _number_at(tokens, at + 1) is not None
    return tokens[at] in _OH and bool(run) and run[-1].sure and goes_on


def _readings(run: Sequence[_Piece], lengths: Sequence[int]) -> tuple[str, ...]:
    """The digit strings `run` may stand for, by preferred length, then by likelihood."""
    sure = [index for index, piece in enumerate(run) if piece.sure]
    first, last = sure[0], sure[-1]
    doubtful = [index for index, piece in enumerate(run) if not piece.sure][:6]
    ranked: dict[str, tuple[int, int]] = {}
    for taken in product((True, False), repeat=len(doubtful)):
        dropped = {index for index, take in zip(doubtful, taken, strict=True) if not take}
        digits = "".join(piece.digits for i, piece in enumerate(run) if i not in dropped)
        half = digits[: len(digits) // 2]
        if len(digits) not in lengths and half * 2 == digits:
            digits = half  # said twice over
        if len(digits) not in lengths:
            continue
        # Between digits such a word is likely a digit, at the edges it is likely a word.
        doubts = sum((first < index < last) == (index in dropped) for index in doubtful)
        rank = (lengths.index(len(digits)), doubts)
        ranked[digits] = min(rank, ranked.get(digits, rank))
    return tuple(sorted(ranked, key=ranked.__getitem__))
