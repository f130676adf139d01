"""EVA's turn-taking scores (arXiv 2605.13841), for the support agent.

The curves and what they are applied to are those of ServiceNow/eva, `docs/metrics/turn_taking.md`
and `src/eva/metrics/experience/turn_taking.py` (v0.2). Ours differ in this:

* Times come from the audio of the recording, not from the simulator's audio events.
* Backchannels, which EVA's callers do not make, are not scored.
* EVA gives 0 to a call that ended because the agent stayed silent, and to turns in which its own
  fallback made the agent speak. Here that is the call's outcome, and there is no such fallback.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

import numpy as np

from duologue.labels.activity import Talkspurt
from duologue.labels.interaction.timeline import Timeline, speaking
from duologue.labels.interaction.values import Score
from shared.values import Frozen

LATENCY_S = (-0.5, 0.5, 2.0, 3.5)
"""The score is 0 up to the first, 1 from the second to the third, 0 from the last, and linear in
between."""
LATENCY_WITH_TOOL_S = (-0.5, 0.5, 3.0, 5.0)
"""The same for a turn in which the agent used a tool."""
INTERRUPTION_MOST = 0.5
"""The best score of a turn into which the agent spoke."""
OVERLAP_MOST_S = 2.0
"""Speaking at once for so long scores 0."""
INTERRUPTIONS_MOST = 3
"""Speaking so often into one turn scores 0."""
YIELD_MOST_S = 2.0
"""Speaking on for so long after the caller came in scores 0."""


class Eva(Frozen):
    """EVA's scores of a call, over the turns of the caller after which the agent spoke."""

    turn_taking: Score
    """Over all of them. Each counts with the worst score of what happened in it, by the three
    curves below; where the agent spoke into the turn, also by how often it did, and by the latency
    of what it said after the turn."""
    latency_score: Score
    """Over turns without interruption: from the caller's end to the agent's start."""
    overlap_score: Score
    """Over turns into which the agent spoke: how long both spoke at once. At most 0.5."""
    yield_score: Score
    """Over turns that began while the agent spoke: how long it went on."""


class _Exchange(NamedTuple):
    """What the caller said until the agent spoke, and what the agent then said."""

    start: float
    end: float
    """Of the caller's part."""
    answers: list[Talkspurt]
    """The agent's speech that began in it; before `end`, if it interrupts the caller."""
    tool: bool


def eva(line: Timeline, tools: Sequence[float]) -> Eva:
    """The scores of one call; `tools` is when the agent used its tools, in seconds."""
    turns: list[float] = []
    latencies: list[float] = []
    overlaps: list[float] = []
    yields: list[float] = []
    for exchange in _exchanges(line, tools):
        if not exchange.answers:
            continue
        scores: list[float] = []
        if exchange.answers[0].start < exchange.end:
            overlap, *others = _interruption_scores(exchange, line.caller)
            overlaps.append(overlap)
            scores += [overlap, *others]
        if spoken := speaking(line.agent, exchange.start):
            yields.append(yield_score(spoken.end - exchange.start))
            scores.append(yields[-1])
        if not scores:
            latency_s = exchange.answers[0].start - exchange.end
            latencies.append(latency_score(latency_s, tool=exchange.tool))
            scores.append(latencies[-1])
        turns.append(min(scores))
    return Eva(
        turn_taking=Score.of(turns),
        latency_score=Score.of(latencies),
        overlap_score=Score.of(overlaps),
        yield_score=Score.of(yields),
    )


def latency_score(latency_s: float, *, tool: bool) -> float:
    """From 0 to 1: too early is as bad as too late."""
    return float(np.interp(latency_s, LATENCY_WITH_TOOL_S if tool else LATENCY_S, (0, 1, 1, 0)))


def overlap_score(overlap_s: float) -> float:
    """From 0 to 0.5, as interrupting is never right."""
    return max(0.0, INTERRUPTION_MOST * (1 - overlap_s / OVERLAP_MOST_S))


def count_score(interruptions: int) -> float:
    """From 0 to 0.5, for at least one interruption of a turn."""
    return max(0.0, INTERRUPTION_MOST * (1 - (interruptions - 1) / (INTERRUPTIONS_MOST - 1)))


def yield_score(yield_s: float) -> float:
    """From 0 to 1: the sooner the agent stops, the better."""
    return max(0.0, 1 - yield_s / YIELD_MOST_S)


def _interruption_scores(exchange: _Exchange, caller: Sequence[Talkspurt]) -> list[float]:
    """By overlap, by number, and by the latency of what came after the caller's end."""
    spoken = [run for run in caller if run.start < exchange.end]
    shared = [sum(_shared_s(answer, run) for run in spoken) for answer in exchange.answers]
    scores = [overlap_score(sum(shared))]
    # None if the agent spoke into a pause only.
    if into := sum(overlap_s > 0 for overlap_s in shared):
        scores.append(count_score(into))
    after = [run.start for run in exchange.answers if run.start > exchange.end]
    # An agent that speaks on over the caller's end leaves no silence to measure.
    if after and not any(run.start <= exchange.end < run.end for run in exchange.answers):
        scores.append(latency_score(after[0] - exchange.end, tool=exchange.tool))
    return scores


def _exchanges(line: Timeline, tools: Sequence[float]) -> list[_Exchange]:
    """The call by EVA's turns: a new one begins when the caller speaks after the agent did."""
    starts: list[float] = []
    for turn in line.turns:
        if not starts or any(starts[-1] <= run.start < turn.start for run in line.agent):
            starts.append(turn.start)
    return [
        _Exchange(
            start=start,
            end=max(turn.end for turn in line.turns if start <= turn.start < border),
            answers=[run for run in line.agent if start <= run.start < border],
            tool=any(start <= at < border for at in tools),
        )
        for start, border in pairwise([*starts, inf])
    ]


def _shared_s(one: Talkspurt, other: Talkspurt) -> float:
    return max(0.0, min(one.end, other.end) - max(one.start, other.start))
