"""Who speaks when in a call, as the interaction metrics look at it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from duologue.labels.activity import FRAME_S, Mask, Talkspurt, talkspurts
from duologue.labels.transcript.transcript import Transcript, Turn, TurnFlaw
from shared.customer_sheet import Behaviour
from shared.spec import Role


class Timeline(NamedTuple):
    """A call with the support agent as the agent under test, and the customer as its caller."""

    agent: list[Talkspurt]
    """The agent's speech. From its audio alone, as agents of any make are to be measured alike."""
    caller: list[Talkspurt]
    """The caller's speech, without backchannels."""
    turns: list[Turn]
    """The caller's turns, without backchannels; a pause within a turn does not end it."""
    backchannels: list[Turn]


def timeline(call: Transcript, masks: Mapping[Role, Mask]) -> Timeline:
    """The timeline of a call; what is not in its recording is left out."""
    claimed = claims(call.turns, masks)
    recorded = [
        turn
        for turn in call.turns
        if turn.role is Role.CUSTOMER and turn.flaw is not TurnFlaw.NO_AUDIO
    ]
    return Timeline(
        agent=talkspurts(claimed[Role.SUPPORT]),
        caller=talkspurts(claimed[Role.CUSTOMER]),
        turns=without_backchannels(recorded),
        backchannels=[t for t in recorded if t.behaviour is Behaviour.BACKCHANNEL],
    )


def without_backchannels(turns: Sequence[Turn]) -> list[Turn]:
    """The turns in which their speaker wants to speak, not only to show that it listens."""
    return [turn for turn in turns if turn.behaviour is not Behaviour.BACKCHANNEL]


def claims(turns: Sequence[Turn], masks: Mapping[Role, Mask]) -> dict[Role, Mask]:
    """The speech that claims the floor: the voiced frames without those of backchannels."""
    claimed = {role: mask.copy() for role, mask in masks.items()}
    for turn in turns:
        # The times of a turn without audio are its worker's; other speech may be there.
        if turn.behaviour is Behaviour.BACKCHANNEL and turn.flaw is not TurnFlaw.NO_AUDIO:
            first, last = (round(at / FRAME_S) for at in (turn.start, turn.end))
            claimed[turn.role][first:last] = np.False_
    return claimed


def speaking(spoken: Sequence[Talkspurt], at: float) -> Talkspurt | None:
    """The talkspurt that began before `at` and goes on after it, both in seconds."""
    return next((run for run in spoken if run.start < at < run.end), None)
