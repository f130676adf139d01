"""Reply gaps: from the end of one side's speech to the beginning of the other's, in seconds.

A gap is negative when the reply begins while the other still speaks. Backchannels are no replies.
Speech is what `duologue.labels.activity` says it is.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from duologue.labels.activity import Mask, Talkspurt, talkspurts
from duologue.labels.interaction.timeline import claims
from duologue.labels.interaction.values import Spread
from duologue.labels.transcript.transcript import Turn
from shared.spec import Role


class Transfer(NamedTuple):
    """The floor goes from one speaker to the other (floor transfer, Heldner & Edlund 2010)."""

    role: Role
    """Who begins to speak."""
    at: float
    """When, in seconds."""
    gap_s: float
    """Since the other's end; negative when the other still speaks."""


def reply_gap_s(turns: Sequence[Turn], masks: Mapping[Role, Mask]) -> dict[str, Spread]:
    """The reply gaps of a call, by direction: `customer_to_support` is when support replies."""
    # A backchannel takes no floor: it is no reply, and the other's going on is none to it.
    claimed = claims(turns, masks)
    changes = transfers({role: talkspurts(mask) for role, mask in claimed.items()})
    return {
        f"{role.peer}_to_{role}": Spread.of([each.gap_s for each in changes if each.role is role])
        for role in reversed(Role)
    }


def transfers(spoken: Mapping[Role, list[Talkspurt]]) -> list[Transfer]:
    """Every change of speaker, in order.

    Who begins while or after the other was the last to be heard takes the floor from him; who goes
    on after a pause of his own takes nothing. A remark that lies wholly inside the other's is
    an overlap too, and the other's going on is none.
    """
    begun = sorted(
        (run.start, role.value, run) for role, all_runs in spoken.items() for run in all_runs
    )
    found: list[Transfer] = []
    last: tuple[Role, Talkspurt] | None = None
    for _, name, run in begun:
        role = Role(name)
        if last and last[0] is not role:
            found.append(Transfer(role, run.start, round(run.start - last[1].end, 3)))
        if last is None or run.end >= last[1].end:
            last = role, run
    return found
