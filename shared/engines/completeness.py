"""How long a silence ends a turn, by the words heard before it.

A fixed silence is either slow or cuts speakers off. The end of a finished sentence needs less of
it than a sentence that stops at "and", or an order number with a digit or two still to come.
Punctuation alone says little: Whisper puts a full stop at a pause for breath, too.
"""

import re

FINISHED_S = 0.38
"""After what reads as finished. Inside a turn of our own voices the VAD sees 0.22 s at most."""
OPEN_S = 0.5
"""After what has no end mark."""
UNFINISHED_S = 0.7
"""After what cannot be the end."""

FEWEST_DIGITS = 5
"""A number read out digit by digit is taken to go on if it has fewer."""

_NEVER_LAST = re.compile(
    r"a|an|the|my|our|their|and|but|or|because|although|of|into|i'm|it's|um|uh|er|erm|hmm"
)
"""Words that no turn ends with."""
_SELDOM_LAST = re.compile(
    r"your|his|her|its|this|these|those|so|if|that|which|who|when|while|to|for|from|with|at|in|on"
    r"|by|about|as|than|is|are|was|were|am|be|been|will|would|can|could|should|have|has|had|do"
    r"|does|did|i|we|you|they"
)
"""Words that some turns end with ("Who is it for?", "Thank you"), and if so, with an end mark."""
_CORRECTS_ITSELF = re.compile(r"\b(?:no,? (?:sorry|wait)|i mean|sorry, no)\W*$")
_DIGIT = re.compile(r"zero|oh|one|two|three|four|five|six|seven|eight|nine")
_WORD = re.compile(r"[a-z']+|\d+")
_END = (".", "?", "!")


def end_of_turn_silence_s(text: str) -> float:
    """Seconds of silence after `text` that end the turn."""
    text = text.rstrip().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower()
    words = _WORD.findall(text)
    if not words:
        return FINISHED_S
    breaks_off = text.endswith((",", "-", "...")) or _CORRECTS_ITSELF.search(text)
    if breaks_off or _NEVER_LAST.fullmatch(words[-1]) or 0 < _digits(words) < FEWEST_DIGITS:
        return UNFINISHED_S
    if text.endswith(_END):
        return FINISHED_S
    return UNFINISHED_S if _SELDOM_LAST.fullmatch(words[-1]) else OPEN_S


def _digits(words: list[str]) -> int:
    """Digits in the run of numbers that ends the text."""
    digits = 0
    for word in reversed(words):
        if word.isdigit():
            digits += len(word)
        elif _DIGIT.fullmatch(word):
            digits += 1
        else:
            break
    return digits
