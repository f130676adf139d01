"""Who speaks when in a call, as the interaction metrics look at it."""

from collections.abc import Mapping, Sequence
from math import inf
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
    recorded = [
        turn
        for turn in call.turns
        if turn.role is Role.CUSTOMER and turn.flaw is not TurnFlaw.NO_AUDIO
    ]
    listening = backchannels(recorded, masks)
    claimed = claims(call.turns, masks)
    return Timeline(
        agent=talkspurts(claimed[Role.SUPPORT]),
        caller=talkspurts(claimed[Role.CUSTOMER]),
        turns=[turn for turn in recorded if turn not in listening],
        backchannels=listening,
    )


def without_backchannels(turns: Sequence[Turn], masks: Mapping[Role, Mask]) -> list[Turn]:
    """The turns in which their speaker wants to speak, not only to show that it listens."""
    listening = backchannels(turns, masks)
    return [turn for turn in turns if turn not in listening]


def claims(turns: Sequence[Turn], masks: Mapping[Role, Mask]) -> dict[Role, Mask]:
    """The speech that claims the floor: the voiced frames without those of backchannels."""
    # The times of a turn without audio are its worker's; other speech may be there.
    return _without(
        [turn for turn in backchannels(turns, masks) if turn.flaw is not TurnFlaw.NO_AUDIO], masks
    )


def backchannels(turns: Sequence[Turn], masks: Mapping[Role, Mask]) -> list[Turn]:
    """The turns that only show that their speaker listens, while the other has the floor.

    What was meant as one and came after the other's last word, before an answer of one's own, is
    the beginning of that answer.
    """
    meant = [turn for turn in turns if turn.behaviour is Behaviour.BACKCHANNEL]
    if not meant:
        return []
    heard = [turn for turn in meant if turn.flaw is not TurnFlaw.NO_AUDIO]
    runs = {role: talkspurts(mask) for role, mask in _without(heard, masks).items()}
    return [turn for turn in meant if not _answers(turn, runs)]


def _answers(turn: Turn, runs: Mapping[Role, Sequence[Talkspurt]]) -> bool:
    other, own = runs[turn.role.peer], runs[turn.role]
    other_end = max((run.end for run in other if run.start < turn.start), default=0.0)
    own_end = max((run.end for run in own if run.start < turn.start), default=0.0)
    other_next = min((run.start for run in other if run.start >= turn.start), default=inf)
    own_next = min((run.start for run in own if run.start >= turn.start), default=inf)
    return own_end < other_end <= turn.start and own_next < other_next


def _without(turns: Sequence[Turn], masks: Mapping[Role, Mask]) -> dict[Role, Mask]:
    left = {role: mask.copy() for role, mask in masks.items()}
    for turn in turns:
        first, last = (round(at / FRAME_S) for at in (turn.start, turn.end))
        left[turn.role][first:last] = np.False_
    return left


def speaking(spoken: Sequence[Talkspurt], at: float) -> Talkspurt | None:
    """The talkspurt that began before `at` and goes on after it, both in seconds."""
    return next((run for run in spoken if run.start < at < run.end), None)
