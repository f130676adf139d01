"""What a direct call leaves behind: both sides' audio as it was played, and every event."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile

from duologue.call.direct.bridge.clock import real_monotonic
from duologue.call.direct.pipes import TICK_SAMPLES
from duologue.call.live_audio import Listener
from duologue.folder import event_log
from duologue.folder.channels import CHANNELS, RATE_HZ, Pcm
from duologue.folder.folder import AUDIO, Recording, Take
from duologue.folder.reserve import FailedCallback, Reserve, not_written
from shared.events import RecordingEnded
from shared.events.journal import Event, Journal
from shared.spec import Role

WRITE_EVERY_TICKS = 300


class DirectRecording:
    """Records one call into its folder.

    Args:
        folder: Where the files are written.
        journal: The driver's; every event of it is recorded, too.
        call_id: Of the call.
        on_event: Called with every event.
        listeners: Hear both sides.

    Raises:
        DuologueError: There is no room on the disk.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        *,
        call_id: str,
        on_event: Callable[[Event], None],
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._folder, self._journal, self._on_event = folder, journal, on_event
        self._listeners = listeners
        self._reserve = Reserve(folder)
        self._started_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._real_zero_s, self._zero_s = real_monotonic(), time.monotonic()
        self._events = event_log.EventLog(folder, call_id=call_id)
        self._audio = soundfile.SoundFile(
            folder / AUDIO,
            "w",
            samplerate=RATE_HZ,
            channels=len(CHANNELS),
            format="FLAC",
            subtype="PCM_16",
        )
        self._ticks: list[list[Pcm]] = []
        self._length = 0
        journal.add_sink(self.take)

    def on_failed(self, callback: FailedCallback) -> None:
        """Call back, once, when files can no longer be written, with where and why."""
        self._reserve.on_failed(callback)

    def take(self, event: Event) -> None:
        """Record an event, now."""
        self._reserve.check()
        try:
            self._events.write(event, time.monotonic() - self._zero_s)
        except OSError as error:
            self._reserve.fail(error)
        self._on_event(event)

    def lay(self, played: Mapping[Role, Pcm]) -> None:
        """Record what each side played in the tick that begins now; the first is at second 0.

        Raises:
            DuologueError: It cannot be written, such as on a full disk.
        """
        if not self._length:
            self._zero_s = time.monotonic()
        self._ticks.append([played[role] for role in CHANNELS])
        self._length += TICK_SAMPLES
        for listener in self._listeners:
            for role, samples in played.items():
                listener(role, samples)
        if len(self._ticks) >= WRITE_EVERY_TICKS:
            self._write()

    def close(self) -> Take:
        """Finish the files.

        Raises:
            DuologueError: They cannot be written.
        """
        self._reserve.release()
        try:
            self._write()
        finally:
            self._audio.close()
        none = dict.fromkeys(CHANNELS, 0.0)
        recording = Recording(
            sample_rate_hz=RATE_HZ,
            channels=CHANNELS,
            inserted_s=none,
            cut_s=none,
            concealed_s=none,
        )
        duration_s = round(self._length / RATE_HZ, 3)
        counted = recording.model_dump(mode="json", include={"inserted_s", "cut_s", "concealed_s"})
        self._journal.emit(RecordingEnded(duration_s=duration_s, **counted))
        try:
            self._events.close()
            event_log.order_by_clock(self._folder)
        except OSError as error:
            raise not_written(self._folder, error) from None
        wall_s = round(real_monotonic() - self._real_zero_s, 3)
        return Take(self._started_at, wall_s, duration_s, recording)

    def _write(self) -> None:
        self._reserve.check()
        try:
            if self._ticks:
                self._audio.write(np.concatenate(self._ticks, axis=1).T)
            self._ticks.clear()
        except (OSError, soundfile.LibsndfileError) as error:
            raise not_written(self._folder, error) from None
