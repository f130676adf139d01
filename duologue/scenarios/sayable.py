"""What voices can say of a scenario: what they cannot is silence with a transcript."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.engines.chosen import find
from shared.errors import EngineUnavailable
from shared.language.letters import foreign_letters
from shared.spec import Role
from support_agent import Flaw


class ToSay(NamedTuple):
    """A text that somebody says in a call."""

    role: Role
    place: tuple[str | int, ...]
    """The keys that lead to it in the scenario."""
    text: str


def unsayable(texts: Iterable[ToSay], voices: dict[Role, str]) -> Iterator[Flaw]:
    """The texts that no voice says, unless a service's is named for the role: that may know more.

    Args:
        texts: To be said.
        voices: The engine of each role that the scenario names one for.
    """
    for role, place, text in texts:
        if role is Role.CUSTOMER and not any(char.isalnum() for char in text):
            yield Flaw(place, f"{text!r} has nothing in it that can be said")
        elif (foreign := foreign_letters(text)) and not _is_service(voices.get(role)):
            problem = (
                f"{foreign[:20]!r} would be silent, for English voices say Latin letters only; "
                f"use these, or name a service's voice that can say it (engines.{role}.tts)"
            )
            yield Flaw(place, problem)


def _is_service(voice: str | None) -> bool:
    try:
        return voice is not None and find("tts", voice).is_service
    except EngineUnavailable:  # which is said where it is to speak
        return True
