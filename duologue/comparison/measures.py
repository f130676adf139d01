"""What calls are compared by: a value of each call, and which way is better."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from duologue.labels.recorded_call import Call
from duologue.report.wording import NOTHING
from shared.spec import Role


class MeasureName(StrEnum):
    """What a measure is called in options and in JSON."""

    SUCCESS = "success"
    VALID = "valid"
    LATENCY = "latency"
    LATENCY_P95 = "latency_p95"
    BARGE_IN = "barge_in"
    MISHEARD = "misheard"
    WORDS = "words"
    COST = "cost"


class Unit(StrEnum):
    """What the values of a measure are, and so how they are shown."""

    SHARE = "share"
    """From 0 to 1."""
    SECONDS = "seconds"
    COUNT = "count"
    USD = "usd"


class Measure(NamedTuple):
    """A value of every call that has it."""

    name: MeasureName
    title: str
    unit: Unit
    more_is_better: bool
    value: Callable[[Call], float | None]
    """None where the call says nothing of it."""
    meaning: str

    @property
    def sign(self) -> int:
        """1 if more of it is worse, else -1."""
        return -1 if self.more_is_better else 1

    def show(self, value: float | None) -> str:
        """A value: "93 %", "0.62 s", "131", "$0.0125"."""
        if value is None:
            return NOTHING
        return _FORMATS[self.unit].format(100 * value if self.unit is Unit.SHARE else value)

    def show_change(self, value: float) -> str:
        """A difference of two values: "+0.18 s", "+7 points"."""
        shown = self.show(abs(value))
        if self.unit is Unit.SHARE:
            shown = shown.replace("%", "points")
        zero = self.show(0.0).replace("%", "points")
        sign = "" if shown == zero else "+" if value > 0 else "\N{MINUS SIGN}"
        return f"{sign}{shown}"


_FORMATS = {
    Unit.SHARE: "{:.0f}\N{NO-BREAK SPACE}%",
    Unit.SECONDS: "{:.2f}\N{NO-BREAK SPACE}s",
    Unit.COUNT: "{:.0f}",
    Unit.USD: "${:.4f}",
}

MEASURES = (
    Measure(
        MeasureName.SUCCESS,
        "Success",
        Unit.SHARE,
        more_is_better=True,
        value=lambda call: float(call.succeeded),
        meaning="valid calls that reached their goal",
    ),
    Measure(
        MeasureName.VALID,
        "Valid",
        Unit.SHARE,
        more_is_better=True,
        value=lambda call: float(call.valid),
        meaning="calls that count; all other measures are of these alone",
    ),
    Measure(
        MeasureName.LATENCY,
        "Reply gap",
        Unit.SECONDS,
        more_is_better=False,
        value=lambda call: call.metrics.reply_gap_s["customer_to_support"].p50,
        meaning="the median of a call's replies by the support agent",
    ),
    Measure(
        MeasureName.LATENCY_P95,
        "Slowest replies",
        Unit.SECONDS,
        more_is_better=False,
        value=lambda call: call.metrics.reply_gap_s["customer_to_support"].p95,
        meaning="within which 95 % of a call's replies come",
    ),
    Measure(
        MeasureName.BARGE_IN,
        "Barge-in recovery",
        Unit.SHARE,
        more_is_better=True,
        value=lambda call: call.metrics.interaction.tau_voice.yield_rate.rate,
        meaning="interruptions after which the support agent stopped within 2 s",
    ),
    Measure(
        MeasureName.MISHEARD,
        "Words misheard",
        Unit.SHARE,
        more_is_better=False,
        value=lambda call: call.metrics.wer[Role.CUSTOMER].rate,
        meaning="of the caller's words, by the support agent",
    ),
    Measure(
        MeasureName.WORDS,
        "Words said",
        Unit.COUNT,
        more_is_better=False,
        value=lambda call: float(call.metrics.wer[Role.SUPPORT].words),
        meaning="by the support agent in a call; fewer count as better",
    ),
    Measure(
        MeasureName.COST,
        "Cost",
        Unit.USD,
        more_is_better=False,
        value=lambda call: call.metrics.cost_usd,
        meaning="of a call, where all of it is known",
    ),
)
"""In the order in which they are shown."""
