"""A recorded call: its folder, read as far as it is asked for."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import soundfile

from duologue.call.outcome import COMPLETE
from duologue.folder import event_log
from duologue.folder.channels import Pcm, excerpt
from duologue.folder.event_log import Entry
from duologue.folder.folder import (
    CALL,
    RECORDED,
    REPORT,
    WIRE,
    CallRecord,
    TransportName,
    heard_audio_of,
    is_call_folder,
    read_call,
)
from duologue.labels import metrics, recognition, timeline
from duologue.labels.metrics import Metrics
from duologue.labels.recognition import Recognition
from duologue.labels.timeline import Marks
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import Transcript
from duologue.labels.verdict import Finding
from shared.endings import Fault, Outcome
from shared.errors import FolderError, UsageError
from shared.events import Payload
from shared.spec import CallSpec, Role
from support_agent import business_name

RoleName: TypeAlias = Role | Literal["customer", "support"]
"""A role, or its name."""


class Call:
    """A recorded call, read from its folder.

    A file of the folder is read when something of it is asked for first, and kept from then on.
    Audio is read anew each time and never kept, so a call takes the memory of what was asked for.
    Times are in seconds of the recording.

    Args:
        path: The call folder.

    Raises:
        FolderError: There is no call folder at `path`. Everything that reads a file raises it,
            too, where the file is missing, damaged, or of another version.

    Example:
        >>> call = duologue.Call("calls/first")
        >>> call.scenario, call.outcome.value, call.succeeded
        ('person-wanted', 'completed', True)
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        """The folder."""
        if not is_call_folder(self.path):
            raise FolderError(self.path, f"is no call folder: it has no {CALL}")

    def __repr__(self) -> str:
        return f"Call({str(self.path)!r})"

    @cached_property
    def record(self) -> CallRecord:
        """All of call.json: the specification, the ending, and what the call was made with."""
        return read_call(self.path)

    @property
    def id(self) -> str:
        """Its name, which its folder has, too."""
        return self.record.call_id

    @property
    def spec(self) -> CallSpec:
        """What the call was to be: who takes part, what each side knows, what is expected."""
        return self.record.spec

    @property
    def scenario(self) -> str:
        """The label of its scenario."""
        return self.spec.scenario

    @property
    def seed(self) -> int:
        """The seed of whatever was drawn by chance."""
        return self.spec.seed

    @property
    def business(self) -> str | None:
        """The name of the business that was called; None for somebody else's agent."""
        return business_name(self.spec.support.business) if self.spec.support else None

    @property
    def persona(self) -> str | None:
        """Who called, by name; None if nothing is known of the caller."""
        return self.spec.customer.persona.name if self.spec.customer else None

    @property
    def transport(self) -> TransportName:
        """What carried it."""
        return self.record.transport

    @property
    def engines(self) -> Mapping[Role, Mapping[str, Any]]:
        """By role and kind (`stt`, `llm`, `tts`, `vad`), what was really used."""
        return self.record.engines

    @property
    def duration_s(self) -> float:
        """How long the recording is, in seconds."""
        return self.record.duration_s

    @property
    def sample_rate_hz(self) -> int:
        """Of its audio: 24000."""
        return self.record.recording.sample_rate_hz

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        return self.record.outcome

    @property
    def held(self) -> bool:
        """Whether it was held to an end of its own; if not, a part of it failed."""
        return self.outcome in COMPLETE

    @property
    def detail(self) -> str:
        """What more there is to say of how it ended, such as which part failed; often empty."""
        return self.record.detail

    @property
    def fault(self) -> Fault | None:
        """Whose fault it is that something went wrong: how it ended, or by the verdict."""
        return self.record.fault or self.metrics.fault

    @property
    def succeeded(self) -> bool:
        """Whether the task was done, by the verdict."""
        return self.metrics.task_success

    @property
    def valid(self) -> bool:
        """Whether the call counts for or against the support agent, by the verdict."""
        return self.metrics.valid

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What speaks against it, each with `check`, `fault` and `detail`."""
        return self.metrics.findings

    @cached_property
    def metrics(self) -> Metrics:
        """All of metrics.json: what can be counted in the call, and the verdict."""
        return metrics.read(self._checked)

    @cached_property
    def transcript(self) -> Transcript:
        """All of transcript.json: the turns, with when each of their words was spoken.

        Example:
            >>> call = duologue.Call("calls/first")
            >>> turn = call.transcript.turns[0]
            >>> turn.role.value, turn.words[0].text, 0 < turn.words[0].start < turn.end
            ('support', 'Thank', True)
        """
        return transcript.read(self._checked)

    @cached_property
    def timeline(self) -> Marks:
        """All of timeline.json: turns, silences, overlaps, behaviours and tools on one time line.

        Example:
            >>> call = duologue.Call("calls/first")
            >>> [mark.name for mark in call.timeline.marks if mark.kind == "tool"]
            ['put_through', 'hang_up']
        """
        return timeline.read(self._checked)

    @cached_property
    def recognition(self) -> Recognition:
        """All of recognition.json: what was heard against what was said, word by word.

        Example:
            >>> call = duologue.Call("calls/first")
            >>> call.recognition.word_errors(duologue.Role.CUSTOMER).rate
            0.0
        """
        return recognition.read(self._checked)

    @cached_property
    def events(self) -> list[Entry[Payload]]:
        """All of events.jsonl: everything that happened, in one order.

        Each entry says who tells of it (`role`), when (`t`) and what (`payload`), of which
        `shared.events` has a class for each event.

        Example:
            >>> call = duologue.Call("calls/first")
            >>> from shared.events import Ended
            >>> ended = [each for each in call.events if isinstance(each.payload, Ended)]
            >>> [(each.role, each.payload.reason.value) for each in ended]
            [('customer', 'goodbye'), ('support', 'peer_left')]
        """
        return event_log.read(self._checked, Payload)

    @property
    def report(self) -> Path:
        """The page to listen to and look at the call."""
        return self.path / REPORT

    def audio(
        self, role: RoleName | None = None, *, start_s: float = 0.0, end_s: float | None = None
    ) -> Pcm:
        """The call's sound, clean: each side's own speech where it was heard.

        Args:
            role: Whose channel; None for both.
            start_s: From when on, in seconds of the recording.
            end_s: Until when; None for the end, and no later than that.

        Returns:
            int16 samples at `sample_rate_hz`, full scale 32768. Of one side the shape is
            (samples,), and the other takes no memory; of both it is (samples, 2), the customer
            first.

        Raises:
            FolderError: The audio is missing or damaged.
            UsageError: There is no such side or no such time.

        Example:
            >>> call = duologue.Call("calls/first")
            >>> call.audio("customer", start_s=1, end_s=2.5).shape, call.audio(end_s=1).shape
            ((36000,), (24000, 2))
        """
        return self._excerpt(heard_audio_of(self.path).name, role, start_s, end_s)

    def wire(
        self, role: RoleName | None = None, *, start_s: float = 0.0, end_s: float | None = None
    ) -> Pcm:
        """The call's sound as it came over WebRTC; arguments and values as those of `audio`.

        Raises:
            FolderError: The audio is missing or damaged.
            UsageError: The call was made without a network, or there is no such side or time.
        """
        if WIRE not in RECORDED[self.transport]:
            raise UsageError(f"{self.path} has no {WIRE}, for it was made directly; take its audio")
        return self._excerpt(WIRE, role, start_s, end_s)

    @property
    def _checked(self) -> Path:
        """The folder, once its version is known: in another, files may be other than is read."""
        _ = self.record
        return self.path

    def _excerpt(
        self, name: str, role: RoleName | None, start_s: float, end_s: float | None
    ) -> Pcm:
        if role is not None and role not in tuple(Role):
            raise UsageError(f"there is no side {role!r} in a call, but {' and '.join(Role)}")
        if start_s < 0 or (end_s is not None and end_s < start_s):
            raise UsageError(f"no recording goes from {start_s} to {end_s} s; it begins at 0")
        try:
            return excerpt(self.path / name, role and Role(role), start_s, end_s)
        except OSError as error:
            raise FolderError(self.path, f"is damaged: {name}: {error.strerror}") from None
        except soundfile.LibsndfileError as error:
            raise FolderError(self.path, f"is damaged: {name}: {error.error_string}") from None
