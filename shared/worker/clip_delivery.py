"""Recorded files that a caller plays, on their way from the recorder to the caller's worker.

They are too large for a dispatch's metadata, which names them by their digests. So the worker asks
for them once it is in the room, and the recorder answers with a byte stream each. A hidden sender
has no identity, so each stream names the recorder's, which nobody else knows.
"""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from livekit import rtc

from shared.engines.clips import Clips, from_flac
from shared.errors import DuologueError
from shared.events import ClipsWanted
from shared.events.journal import Journal
from shared.logs import get_logger
from shared.spec import CallSpec
from shared.worker.bus import RECORDER

if TYPE_CHECKING:
    from shared.engines.pcm import Samples

log = get_logger("duologue.clips")

CLIPS_TOPIC = "duologue.clips"
ASK_AGAIN_S = 5.0
"""After so long, what has not come is asked for once more."""
TIMEOUT_S = 25.0
"""How long all of it may take; the peer waits for 30 s."""


class ClipDelivery:
    """The clips of one call, as they come into a room.

    Args:
        room: Not joined yet.
        spec: The call; whoever records it has its clips.
        journal: Where they are asked for.
    """

    def __init__(self, room: rtc.Room, spec: CallSpec, journal: Journal) -> None:
        self._recorder, self._journal = spec.recorder, journal
        goals = spec.customer.goals if spec.customer else ()
        self._words = {goal.clip.sha256: goal.say for goal in goals if goal.clip}
        self._came: dict[str, Samples] = {}
        self._changed = asyncio.Event()
        self._taking: set[asyncio.Task[None]] = set()
        if self._words:
            room.register_byte_stream_handler(CLIPS_TOPIC, self._on_stream)

    async def wait(self) -> Clips:
        """Ask for them, and wait until all are there; at once, if there are none.

        Raises:
            DuologueError: They did not come.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while missing := self._words.keys() - self._came.keys():
                    self._changed.clear()
                    self._journal.emit(ClipsWanted(sha256=tuple(sorted(missing))))
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._all_came(), ASK_AGAIN_S)
        except TimeoutError:
            lacking = len(self._words) - len(self._came)
            raise DuologueError(
                f"{lacking} of {len(self._words)} recorded files did not come within "
                f"{TIMEOUT_S:g} s from whoever records the call"
            ) from None
        return {words: self._came[sha256] for sha256, words in self._words.items()}

    async def _all_came(self) -> None:
        while self._words.keys() - self._came.keys():
            await self._changed.wait()
            self._changed.clear()

    def _on_stream(self, reader: rtc.ByteStreamReader, sender: str) -> None:
        if (reader.info.attributes or {}).get(RECORDER) != self._recorder:
            log.warning("a stream from a stranger ignored", sender=sender)
            reader.close()
            return
        task = asyncio.create_task(self._take(reader), name=f"clip-{reader.info.name}")
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)

    async def _take(self, reader: rtc.ByteStreamReader) -> None:
        try:
            flac = b"".join([chunk async for chunk in reader])
            self._came[reader.info.name] = await asyncio.to_thread(from_flac, flac)
        except (ConnectionError, ValueError) as error:
            log.warning("a recorded file did not come whole", error=str(error))  # asked for again
        else:
            self._changed.set()
