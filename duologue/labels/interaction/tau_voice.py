"""The interaction metrics of tau-voice (arXiv 2603.13686), for the support agent.

The definitions are those of sierra-research/tau2-bench, `docs/interaction-metrics.md` and
`src/tau2/metrics/voice_interaction_metrics.py` (version 1.0). Ours differ in this:

* Time comes from the audio in frames of 10 ms, not in ticks of 200 ms. Speech is what
  `duologue.labels.activity` says, so that an agent's pause of less than 0.5 s is no yielding;
  there, a single silent tick is.
* The caller's turns are those of the transcript, not stretches of unbroken speech: an agent that
  speaks into a pause within a turn has neither responded nor been interrupted when the caller goes
  on (`turn_cut_off` counts it).
* The caller "speaks again" with any turn that is not a backchannel, as their document says; their
  code passes over turns during whose end the agent speaks.
* A backchannel is no speech of the caller that an agent could interrupt.

As there, an agent that ends its turn by itself within a window counts as one that yields: audio
alone cannot tell them apart.
"""

from math import inf

from duologue.labels.interaction.timeline import Timeline, speaking
from duologue.labels.interaction.values import Rate, Spread
from shared.values import Frozen

YIELD_WINDOW_S = 2.0
"""`no_yield_window_sec`: within this time of an interruption, the agent is to stop."""
BACKCHANNEL_WINDOW_S = 1.0
"""`backchannel_yield_window_sec`: who stops within this time of a backchannel has yielded to it."""


class TauVoice(Frozen):
    """tau-voice's panel, without vocal tics and speech to others, which our callers do not make.

    They publish the mean of a latency; it is that of its `values`.
    """

    response_latency_s: Spread
    """L_R: from the end of a caller's turn to the start of the agent's response."""
    response_rate: Rate
    """R_R: of the turns that ended while the agent was silent, those it responded to before the
    caller spoke again. The last turn does not count if nothing follows it."""
    yield_latency_s: Spread
    """L_Y: from the start of the caller's interruption until the agent stopped, if it yielded."""
    yield_rate: Rate
    """R_Y: of the caller's turns that began while the agent spoke, whether on purpose (`barge_in`)
    or not, those after whose start the agent stopped within 2 s. A barge-in that came when the
    agent was silent already interrupts nothing, and is not among them."""
    agent_interruption_rate: Rate
    """I_A: how often the agent began to speak while the caller spoke, per turn of
    `response_rate`; may exceed 1."""
    selectivity_backchannel: Rate
    """S_BC: of the caller's backchannels that began while the agent spoke, those over which it
    went on for more than 1 s."""


def tau_voice(line: Timeline) -> TauVoice:
    """The panel of one call."""
    responses, due = _responses(line)
    stops = _stops([turn.start for turn in line.turns], line)
    yields = [stop for stop in stops if stop <= YIELD_WINDOW_S]
    interruptions = sum(speaking(line.caller, run.start) is not None for run in line.agent)
    listened = _stops([turn.start for turn in line.backchannels], line)
    went_on = sum(stop > BACKCHANNEL_WINDOW_S for stop in listened)
    return TauVoice(
        response_latency_s=Spread.of(responses),
        response_rate=Rate.of(len(responses), due),
        yield_latency_s=Spread.of(yields),
        yield_rate=Rate.of(len(yields), len(stops)),
        agent_interruption_rate=Rate.of(interruptions, due),
        selectivity_backchannel=Rate.of(went_on, len(listened)),
    )


def _responses(line: Timeline) -> tuple[list[float], int]:
    """The latency of every response, and how many turns there were to respond to."""
    latencies: list[float] = []
    due = 0
    for turn in line.turns:
        if speaking(line.agent, turn.end):
            continue
        response = min((run.start for run in line.agent if run.start >= turn.end), default=inf)
        again = min((later.start for later in line.turns if later.start >= turn.end), default=inf)
        if response < inf and response <= again:
            latencies.append(round(response - turn.end, 3))
        due += min(response, again) < inf
    return latencies, due


def _stops(begun: list[float], line: Timeline) -> list[float]:
    """After each of these times at which the agent spoke, how long it went on."""
    spoken = ((start, speaking(line.agent, start)) for start in begun)
    return [round(run.end - start, 3) for start, run in spoken if run]
