"""How long engines are made to take, drawn by the call's seed."""

import asyncio
import math
import random
from collections.abc import Sequence

from pydantic import ValidationError

from shared.errors import UsageError, wrong_field
from shared.spec import NO_LATENCY, Delay, Latency


class Draws:
    """Delays of one kind of work in one session, one after the other.

    Args:
        delay: What they are drawn from.
        seed: The same one gives the same delays.
    """

    def __init__(self, delay: Delay, seed: str) -> None:
        self._delay = delay
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def next_s(self) -> float:
        """The next delay, in seconds."""
        if not self._delay.spread:
            return self._delay.median_s
        return self._delay.median_s * math.exp(self._random.gauss(0.0, self._delay.spread))

    async def wait(self) -> None:
        """Wait for the next delay."""
        if delay_s := self.next_s():
            await asyncio.sleep(delay_s)


class Delays:
    """The delays of one session, by kind of work.

    Args:
        latency: What they are drawn from.
        seed: Of the session; two sessions of a call have different ones.
    """

    def __init__(self, latency: Latency, seed: str) -> None:
        self.recognition = Draws(latency.recognition, f"{seed} recognition")
        self.language = Draws(latency.language, f"{seed} language")
        self.synthesis = Draws(latency.synthesis, f"{seed} synthesis")


NO_DELAYS = Delays(NO_LATENCY, "")


def read_latency(options: Sequence[str]) -> Latency:
    """What `KIND=SECONDS` or `KIND=SECONDS:SPREAD` say, such as "language=0.5:0.4".

    Raises:
        UsageError: One of them says something else.
    """
    delays: dict[str, dict[str, str]] = {}
    for option in options:
        kind, _, value = option.partition("=")
        median_s, _, spread = value.partition(":")
        if kind in delays:
            raise UsageError(f"latency {option!r}: {kind} is given twice")
        delays[kind] = {"median_s": median_s, "spread": spread or "0"}
    try:
        return Latency.model_validate(delays)
    except ValidationError as error:
        wrong = wrong_field(error)
        raise UsageError(
            f"latency: {wrong.field}: {wrong.problem}; "
            f"kinds are {', '.join(Latency.model_fields)}, each as seconds or seconds:spread"
        ) from None
