"""Text of others, made harmless where a terminal shows it."""

import re

_ACTIVE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f"  # C0, of which a line's end and a tab stay
    "\x7f-\x9f"  # DEL and C1, which has escapes of one character
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # the direction of writing
    "\u2028\u2029"  # lines and paragraphs that end
    "\ud800-\udfff"  # halves of characters, which cannot be written
    "]"
)
"""What a terminal obeys instead of showing it."""


def printable(text: str) -> str:
    r"""The text with `\u001b` for ESC, and the like for whatever else a terminal would obey.

    Within JSON it means the same as before.
    """
    return _ACTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
