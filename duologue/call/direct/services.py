"""Engines over the network, on the virtual clock.

The clock stands still while a service is asked. Its answer then comes in the rhythm in which it
really came, or, where the call says how long engines take, after that time. No timeout of the loop
strikes meanwhile, so that a service that says nothing is given up by real time.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Any

from livekit.agents import APITimeoutError, llm, tts

from duologue.call.direct.bridge.clock import VirtualClock, real_monotonic
from duologue.call.livekit_internals import ask_recognizer_within, ask_synthesizer_within
from shared import engines
from shared.engines import Models
from shared.engines.latency import Draws
from shared.errors import UsageError
from shared.livekit_internals import Asking, ask_model_within
from shared.spec import CallSpec, Role

HELD_UP_S = 0.1
"""Real seconds by which the loop is late if it does something else."""


def check(spec: CallSpec) -> None:
    """Fail if a call uses a service that virtual time cannot wait for.

    Raises:
        UsageError: One listens or speaks over a connection that stays open.
    """
    used = dict(spec.engines)
    if spec.under_test and spec.under_test.speech:
        used[Role.SUPPORT] = spec.under_test.speech
    for role, chosen in used.items():
        for service in engines.services(chosen):
            if service.offer.streams:
                raise UsageError(
                    f"{role}: {service.kind} {service.engine!r} streams in real time, for which "
                    'the virtual clock cannot wait; use --transport livekit (transport="livekit"), '
                    "or, on the command line, --clock real for a single call"
                )


def hold_the_clock(models: Models, clock: VirtualClock) -> None:
    """Have `clock` stand still while services of `models` are asked."""
    delays, connect = models.delays, models.connect
    for service in models.services:
        if isinstance(service, llm.LLM):
            # Its replies have their own limit of real time (`shared.engines.reply`).
            ask_model_within(partial(_asked, clock, delays.language, None), service)
        elif isinstance(service, tts.TTS):
            silent_s = connect.tts_conn_options.timeout
            _hold_tts(service, partial(_asked, clock, delays.synthesis, silent_s))
        else:
            silent_s = connect.stt_conn_options.timeout
            ask_recognizer_within(partial(_asked, clock, delays.recognition, silent_s), service)


def _hold_tts(model: tts.TTS[Any], asking: Asking) -> None:
    synthesize = model.synthesize

    def held_synthesize(text: str, **options: Any) -> tts.ChunkedStream:
        stream = synthesize(text, **options)
        ask_synthesizer_within(asking, stream)
        return stream

    model.synthesize = held_synthesize  # type: ignore[method-assign]


class _Answer:
    """What came back from a service, and when."""

    def __init__(self) -> None:
        self._began_s = self.came_s = real_monotonic()
        """`came_s`: when the last part came."""
        self._parts: list[tuple[float, Callable[[], object]]] = []

    def elapsed_s(self) -> float:
        """Real seconds since the service was asked."""
        return real_monotonic() - self._began_s

    def stand_in_for(self, target: Any) -> Any:
        """Something that takes what `target` would take, to be handed on later."""
        return _StandIn(target, self)

    def take(self, part: Callable[[], object]) -> None:
        """Keep a part of the answer."""
        self.came_s = real_monotonic()
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
async def _asked(
    clock: VirtualClock, delays: Draws, silent_s: float | None
) -> AsyncIterator[_Answer]:
    """A request to a service; also one that fails takes its time, and what came of it comes.

    Args:
        clock: It stands still meanwhile.
        delays: How long the call says that answers take.
        silent_s: For how many real seconds nothing may come; None if others see to that.
    """
    answer = _Answer()
    failure: Exception | None = None
    patience = _given_up(answer, silent_s) if silent_s else nullcontext()
    with clock.held():
        try:
            async with patience:
                yield answer
        except Exception as error:  # noqa: BLE001 - raised again, when its time has come
            failure = error
        took_s = answer.elapsed_s()
    await answer.hand_on(took_s, delays.next_s())
    if failure:
        raise failure


@asynccontextmanager
async def _given_up(answer: _Answer, silent_s: float) -> AsyncIterator[None]:
    """Give a request up of which nothing has come for so long.

    Raises:
        APITimeoutError: It was.
    """
    asking, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert asking
    cancelled = asking.cancelling()
    over = threading.Event()
    given_up = False

    def give_up(told_s: float) -> None:
        nonlocal given_up
        # What held up the loop held up the answer: it may be there, and only be unread.
        held_up = real_monotonic() - told_s > HELD_UP_S
        if over.is_set() or held_up or real_monotonic() - answer.came_s < silent_s:
            return
        given_up = True
        over.set()
        asking.cancel()

    def watch() -> None:
        wait_s = silent_s
        while not over.wait(wait_s):
            wait_s = answer.came_s + silent_s - real_monotonic()
            if wait_s <= 0:
                loop.call_soon_threadsafe(give_up, real_monotonic())
                wait_s = silent_s

    threading.Thread(target=watch, name="patience", daemon=True).start()
    try:
        yield
    except asyncio.CancelledError:
        if not given_up or asking.uncancel() > cancelled:
            raise
        raise APITimeoutError(f"no answer within {silent_s:g} s") from None
    finally:
        over.set()
