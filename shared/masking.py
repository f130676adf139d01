"""Secrets of the environment, kept out of whatever is written: one filter for all of it.

Text is written where there are no settings: by a journal, by logging's handlers, on consoles. So
the secrets stand here, once for the process; `read_settings` sets them, and nothing else does.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, cast
from urllib.parse import quote

from pydantic import BaseModel

MASK = "***"
SHORTEST = 6
"""Characters; secrets that are shorter are not masked, for they would be found within words."""

_CREDENTIALS = re.compile(r"^(?P<scheme>[\w+.-]+://)?(?P<user>[^:@]*):?(?P<password>.*)@")

T = TypeVar("T")


class _Secrets:
    """What is masked in this process; nothing until the environment was read."""

    pattern: re.Pattern[str] | None = None


def set_secrets(secrets: Iterable[str]) -> None:
    """Mask these from now on, as they are and as URLs, JSON and Python write them."""
    # A key that was read from a file ends like one, and goes over the network without its end.
    given = {form for secret in secrets for form in (secret, secret.strip())}
    forms = {form for secret in given if len(secret) >= SHORTEST for form in _written_forms(secret)}
    # The longest first: one secret may begin like another.
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    _Secrets.pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None


def _written_forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]


def mask(text: str) -> str:
    """The text with `***` for every secret in it."""
    return _Secrets.pattern.sub(MASK, text) if _Secrets.pattern else text


def masked(value: T) -> T:
    """The value with secrets masked in all texts within its models, dicts, lists and tuples.

    Enums, numbers and names of fields stay: nothing but text can repeat what somebody said.
    """
    return value if _Secrets.pattern is None else cast("T", _masked(value))


def _masked(value: Any) -> Any:
    if type(value) is str:  # of an enum's member it would make another
        return mask(value)
    if isinstance(value, BaseModel):
        changed = {name: new for name, old in value if (new := _masked(old)) != old}
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, dict):
        return {name: _masked(each) for name, each in value.items()}
    if type(value) in {list, tuple}:
        return type(value)(map(_masked, value))
    return value


def without_credentials(url: str) -> str:
    """A URL without user and password: "ws://host:7880" of "ws://me:secret@host:7880"."""
    return _CREDENTIALS.sub(lambda found: found["scheme"] or "", url)


def credentials_of(url: str) -> str:
    """The password in a URL, or the user's name if it is alone; empty if there is neither."""
    found = _CREDENTIALS.match(url)
    return (found["password"] or found["user"]) if found else ""
