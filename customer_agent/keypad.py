"""Menus of a telephone: which key is pressed for what, and what is to be keyed in."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from customer_agent.choices import topic
from shared.language.as_heard import phrase

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_KEYS = {
    **{word: str(digit) for digit, word in enumerate(_DIGITS)},
    **{str(digit): str(digit) for digit in range(10)},
    "star": "*",
    "asterisk": "*",
    "pound": "#",
    "hash": "#",
}
_PRESS = re.compile(
    rf"\b(?:press|dial|push)(?: or say)?(?: the)?(?: number)? (?P<key>{'|'.join(_KEYS)})\b(?: key)?"
    r"(?P<what>\s+(?:for|to|if)\b)?",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(
    r" (?:operator|agent|representative|somebody|someone|person|advis[eo]r|else|other|assistance) "
)
_ENTER = r"(?:enter|key in|punch in|type in)"
_ENTERED = re.compile(
    rf"^ (?:(?:please|now|then|next|first|and|or|to \w+) )*{_ENTER} (?:your|the) "
    rf"| {_ENTER} .*(?:pound|hash|star|keypad|keys) | (?:keypad|keys) .*{_ENTER} "
)
"""Who says "let me enter that" or asks "what type" means no keys of the caller's."""
_CLOSED = re.compile(r" (?:pound|hash) ")


class MenuItem(NamedTuple):
    """A key of a menu."""

    key: str
    what: str
    """What it is for, as words."""


def menu(text: str) -> list[MenuItem]:
    """The keys that `text` offers.

    Example:
        >>> [item.key for item in menu("For orders, press one. For anything else, press zero.")]
        ['1', '0']
        >>> menu("Press 2 for returns.")[0].what
        ' for returns '
    """
    return list(_items(text))


def _items(text: str) -> Iterator[MenuItem]:
    found = list(_PRESS.finditer(text))
    # "Press one for orders" names the key first; "for orders press one for returns press two" names
    # it last, which only the last key shows where recognizers leave out the commas.
    first = bool(found) and found[-1]["what"] is not None
    before = 0
    for each, following in zip_longest(found, found[1:]):
        end = following.start() if following else len(text)
        what = text[each.end("key") : end] if first else text[before : each.start()]
        before = each.end("key")
        yield MenuItem(_KEYS[each["key"].lower()], phrase(what))


def key_for(text: str, wish: str) -> str:
    """The key to press for a wish, or for somebody who can help; empty if there is none."""
    items = menu(text)
    picked = topic([item.what for item in items], wish)
    named = [item.key for item in items if picked and picked in item.what]
    others = [item.key for item in items if _SOMEBODY.search(item.what)]
    return next(iter([*named, *others]), "")


def is_keyed_in(sentence: str) -> bool:
    """Whether what a sentence asks for is to be entered with keys.

    Example:
        >>> is_keyed_in("Please enter your order number."), is_keyed_in("Let me enter your name.")
        (True, False)
    """
    return bool(_ENTERED.search(phrase(sentence)))


def keyed_in(code: str, text: str) -> str:
    """The keys by which a code is entered as `text` asks for it; empty if it has other signs.

    Example:
        >>> keyed_in("47 219", "Please enter your order number, followed by the pound key.")
        '47219#'
    """
    digits = re.sub(r"[\s().-]", "", code)
    if not re.fullmatch(r"[0-9]+", digits):
        return ""
    return f"{digits}#" if _CLOSED.search(phrase(text)) else digits
