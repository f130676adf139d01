"""Names of calls by the labels of their scenarios: safe as names of folders, and each once."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LENGTH = 80
"""Of a name, so that a call id has room for a seed of any length beside it."""


def call_names(labels: Sequence[str]) -> list[str]:
    """A name for each label, to make call ids of; a label that is safe is its own name.

    Labels that would get the same name, or the same but for capital letters, get a sign of their
    own, which does not depend on what other labels there are.

    Example:
        >>> call_names(["late-order", "Order is late, caller is cross"])
        ['late-order', 'Order-is-late-caller-is-cross']
    """
    names = [_UNSAFE.sub("-", label)[:_LENGTH].strip("-._") or "scenario" for label in labels]
    times = Counter(map(str.casefold, names))
    return [
        name if times[name.casefold()] == 1 or name == label else _with_sign(name, label)
        for name, label in zip(names, labels, strict=True)
    ]


def _with_sign(name: str, label: str) -> str:
    sign = hashlib.sha256(label.encode()).hexdigest()[:6]
    return f"{name[: _LENGTH - 7]}-{sign}"
