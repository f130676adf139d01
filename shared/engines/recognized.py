"""What a recognizer made of some audio."""

from collections.abc import Sequence
from typing import NamedTuple


class Recognized(NamedTuple):
    """What was heard."""

    text: str
    """Empty for anything that is not speech."""
    confidence: float
    """The geometric mean of the tokens' probabilities, 0 to 1."""


NOTHING = Recognized("", 0.0)


def joined(heard: Sequence[Recognized]) -> Recognized:
    """What was heard in pieces, as one."""
    spoken = [piece for piece in heard if piece.text]
    if not spoken:
        return NOTHING
    confidence = sum(piece.confidence for piece in spoken) / len(spoken)
    return Recognized(" ".join(piece.text for piece in spoken), confidence)
