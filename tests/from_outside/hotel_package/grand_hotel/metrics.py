"""What the hotel wants to know of its calls."""

from duologue.labels.recorded_call import Call
from shared.spec import Role


def apologies(call: Call) -> int:
    """How often the support agent says sorry, in times per call."""
    said = [turn.said or "" for turn in call.transcript.turns if turn.role is Role.SUPPORT]
    return " ".join(said).lower().count("sorry")
