"""What a call needs of LiveKit that it does not offer: its private names, in this file alone.

Each function says which names it uses, where they are in livekit-agents 1.8.9, and why nothing
public does. `tests/duologue/call/test_livekit_internals.py` fails on a version that has moved one.
What workers need, too, is in `shared/livekit_internals.py`.
"""

from typing import Any

from livekit.agents import stt, tts

from shared.livekit_internals import Asking

REGISTERED = "registered worker"
"""What a worker logs once it can be dispatched (worker.py; agents-js too). Of somebody else's
worker there is nothing but its log to tell that by."""
NAME_VARIABLE = "LIVEKIT_AGENT_NAME_OVERRIDE"
"""The environment variable with a worker's agent name, which comes before what its code says
(worker.py). It is meant for platforms that run workers, and documented nowhere."""

UNLIMITED = "--simulation"
"""A hidden option of `start`: the worker takes jobs however busy the machine is, and opens no
health port, which may be taken (cli, worker.py). Older workers, and others than Python's, have no
such option."""


def ask_synthesizer_within(asking: Asking, stream: tts.ChunkedStream) -> None:
    """Surround each request of `stream`, and let its answer take the audio.

    `ChunkedStream._run` makes a request and fills the emitter that it is given (tts/tts.py).
    """
    run = stream._run

    async def run_within(emitter: tts.AudioEmitter) -> None:
        async with asking() as answer:
            await run(answer.stand_in_for(emitter))

    stream._run = run_within  # type: ignore[method-assign,assignment]


def ask_recognizer_within(asking: Asking, recognizer: stt.STT[Any]) -> None:
    """Surround each request of `recognizer`.

    `STT._recognize_impl` makes one; `STT.recognize` has the retries around it (stt/stt.py).
    """
    recognize = recognizer._recognize_impl

    async def recognize_within(*args: Any, **options: Any) -> stt.SpeechEvent:
        async with asking():
            return await recognize(*args, **options)

    recognizer._recognize_impl = recognize_within  # type: ignore[method-assign]
