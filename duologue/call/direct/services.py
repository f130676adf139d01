"""Engines over the network, on the virtual clock.

The clock stands still while a service is asked. Its answer then comes in the rhythm in which it
really came, or, where the call says how long engines take, after that time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from livekit.agents import llm, tts

from duologue.call.direct.clock import VirtualClock, real_monotonic
from duologue.call.livekit_internals import ask_recognizer_within, ask_synthesizer_within
from shared import engines
from shared.engines import Models
from shared.engines.latency import Draws
from shared.errors import UsageError
from shared.livekit_internals import ask_model_within
from shared.spec import CallSpec


def check(spec: CallSpec) -> None:
    """Fail if a call uses a service that virtual time cannot wait for.

    Raises:
        UsageError: One listens or speaks over a connection that stays open.
    """
    for role, chosen in spec.engines.items():
        for service in engines.services(chosen):
            if service.offer.streams:
                raise UsageError(
                    f"{role}: {service.kind} {service.engine!r} streams in real time, for which "
                    'the virtual clock cannot wait; use --transport livekit (transport="livekit"), '
                    "or, on the command line, --clock real for a single call"
                )


def hold_the_clock(models: Models, clock: VirtualClock) -> None:
    """Have `clock` stand still while services of `models` are asked."""
    for service in models.services:
        if isinstance(service, llm.LLM):
            ask_model_within(partial(_asked, clock, models.delays.language), service)
        elif isinstance(service, tts.TTS):
            _hold_tts(service, clock, models.delays.synthesis)
        else:
            ask_recognizer_within(partial(_asked, clock, models.delays.recognition), service)


def _hold_tts(model: tts.TTS[Any], clock: VirtualClock, delays: Draws) -> None:
    synthesize = model.synthesize

    def held_synthesize(text: str, **options: Any) -> tts.ChunkedStream:
        stream = synthesize(text, **options)
        ask_synthesizer_within(partial(_asked, clock, delays), stream)
        return stream

    model.synthesize = held_synthesize  # type: ignore[method-assign]


class _Answer:
    """What came back from a service, and when."""

    def __init__(self) -> None:
        self._began_s = real_monotonic()
        self._parts: list[tuple[float, Callable[[], object]]] = []

    def elapsed_s(self) -> float:
        """Real seconds since the service was asked."""
        return real_monotonic() - self._began_s

    def stand_in_for(self, target: Any) -> Any:
        """Something that takes what `target` would take, to be handed on later."""
        return _StandIn(target, self)

    def take(self, part: Callable[[], object]) -> None:
        """Keep a part of the answer."""
        self._parts.append((self.elapsed_s(), part))

    async def hand_on(self, took_s: float, delay_s: float) -> None:
        """Let the answer come in virtual time: in its own rhythm, or all of it after a delay."""
        passed_s = 0.0
        for came_s, part in [*self._parts, (took_s, lambda: None)]:
            due_s = delay_s or came_s
            await asyncio.sleep(due_s - passed_s)
            passed_s = due_s
            part()


class _StandIn:
    def __init__(self, target: Any, answer: _Answer) -> None:
        self._target, self._answer = target, answer

    def __getattr__(self, name: str) -> Callable[..., None]:
        method = getattr(self._target, name)

        def keep(*args: Any, **options: Any) -> None:
            self._answer.take(partial(method, *args, **options))

        return keep


@asynccontextmanager
async def _asked(clock: VirtualClock, delays: Draws) -> AsyncIterator[_Answer]:
    """A request to a service; also one that fails takes its time, and what came of it comes."""
    answer = _Answer()
    failure: Exception | None = None
    with clock.held():
        try:
            yield answer
        except Exception as error:  # noqa: BLE001 - raised again, when its time has come
            failure = error
        took_s = answer.elapsed_s()
    await answer.hand_on(took_s, delays.next_s())
    if failure:
        raise failure
