"""Recorded files that a caller plays, sent to its worker when that asks for them."""

import asyncio
from collections.abc import Mapping

from duologue.call.over_livekit.recorder import Recorder
from shared.events import ClipsWanted
from shared.events.journal import Event
from shared.logs import get_logger
from shared.spec import Role
from shared.worker.clip_delivery import CLIPS_TOPIC

log = get_logger(__name__)

SEND_TIMEOUT_S = 20.0


class ClipSender:
    """Answers the customer of one call.

    Args:
        recorder: Is in the room.
        clips: FLAC files by the digests of what they were made of.
    """

    def __init__(self, recorder: Recorder, clips: Mapping[str, bytes]) -> None:
        self._recorder, self._clips = recorder, clips
        self._sending: dict[str, asyncio.Task[None]] = {}
        recorder.on_event(self._on_event)

    async def aclose(self) -> None:
        """Send nothing any more."""
        for task in self._sending.values():
            task.cancel()
        if self._sending:
            await asyncio.wait(self._sending.values())

    def _on_event(self, event: Event) -> None:
        if not isinstance(event.payload, ClipsWanted) or event.source != Role.CUSTOMER:
            return
        for digest in event.payload.sha256:
            sending = self._sending.get(digest)
            if digest in self._clips and (sending is None or sending.done()):
                self._sending[digest] = asyncio.create_task(
                    self._send(digest), name=f"clip-{digest[:8]}"
                )

    async def _send(self, digest: str) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._recorder.send_to_customer(CLIPS_TOPIC, digest, self._clips[digest])
        except (TimeoutError, ConnectionError) as error:
            log.warning("a recorded file was not sent", error=str(error))  # it is asked for again
