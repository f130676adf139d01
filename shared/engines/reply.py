"""Where one reply of a language model ends, though the model goes on: in real time and in length.

The same on every clock. On a virtual one no timeout of the loop's would strike while a model is
waited for, so the time is measured by a thread.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from threading import Timer
from typing import Any, NamedTuple

from livekit.agents import APITimeoutError, llm

from shared.livekit_internals import ask_model_within


class ReplyLimits(NamedTuple):
    """Where a reply is cut."""

    real_s: float
    """From the request to the last word."""
    characters: int
    """Of what is said, and of what tools are called with."""


def limit_replies(model: llm.LLM[Any], limits: ReplyLimits, on_cut: Callable[[str], None]) -> None:
    """Have no reply of `model` be longer than `limits`.

    What had come by then is the reply, and `on_cut` is told where it ended. Of a model of which
    nothing had come, the request has failed.
    """
    ask_model_within(partial(_limited, limits, on_cut), model)


class _Reply:
    """A reply while it comes, of which no more is taken than may be."""

    def __init__(self, limits: ReplyLimits) -> None:
        self._limits = limits
        self._chunks: Any = None
        self._loop = asyncio.get_running_loop()
        self._asking = asyncio.current_task()
        self._over = False
        self.characters = 0
        self.cut = ""
        """Where it was, in words."""

    def stand_in_for(self, target: Any) -> Any:
        """Itself: it takes the chunks for `target`."""
        self._chunks = target
        return self

    def send_nowait(self, chunk: llm.ChatChunk) -> None:
        """Take a chunk, or as much of it as there is room for."""
        if self.cut:
            return
        delta = chunk.delta
        room = self._limits.characters - self.characters
        if delta:
            called = sum(len(call.name) + len(call.arguments) for call in delta.tool_calls)
            self.characters += len(delta.content or "") + called
            if self.characters > self._limits.characters:
                # The rest of a call would be no JSON; the rest of a text is a text.
                text = (delta.content or "")[:room]
                kept = delta.model_copy(update={"content": text, "tool_calls": []})
                chunk = chunk.model_copy(update={"delta": kept})
                self.end(f"after {self._limits.characters} characters")
        self._chunks.send_nowait(chunk)

    def end(self, cut: str) -> None:
        """Ask the model no further."""
        if not self.cut and not self._over and self._asking:
            self.cut = cut
            self._asking.cancel()

    def end_in_time(self) -> None:
        """Ask the model no further: its time is over. Called by another thread."""
        self._loop.call_soon_threadsafe(self.end, f"after {self._limits.real_s:g} s")

    def close(self) -> None:
        """Nothing more comes of it."""
        self._over = True


@asynccontextmanager
async def _limited(limits: ReplyLimits, on_cut: Callable[[str], None]) -> AsyncIterator[_Reply]:
    reply = _Reply(limits)
    task = asyncio.current_task()
    assert task
    cancelled = task.cancelling()
    timer = Timer(limits.real_s, reply.end_in_time)
    timer.daemon = True
    timer.start()
    try:
        yield reply
        if reply.cut:
            await asyncio.sleep(0)  # for a cancellation that the request's end came before
    except asyncio.CancelledError:
        if not reply.cut or task.uncancel() > cancelled:
            raise
    finally:
        timer.cancel()
        reply.close()
    if not reply.cut:
        return
    if not reply.characters:
        raise APITimeoutError(f"no word of a reply within {limits.real_s:g} s")
    on_cut(reply.cut)
