"""From wire.flac, played.zip and events.jsonl to audio.flac and placement.json."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from duologue.folder import event_log
from duologue.folder.channels import CHANNELS, RATE_HZ, Pcm
from duologue.folder.event_log import Entry
from duologue.folder.folder import WIRE, read_json, write_json
from duologue.folder.played_zip import PlayedSpeech, opened
from duologue.labels.activity import FLOOR_DBFS, FRAME_S, Mask, loudness, talkspurts, voiced
from duologue.labels.placement.align import Alignment, align
from duologue.labels.placement.master import Section, write_master
from duologue.labels.placement.values import Placement, SpeechSource, Step, Utterance, WireStretch
from duologue.labels.placement.worker_clocks import Sighting, clock_of
from shared.events import StretchPlayed
from shared.events.payload import DRIVER
from shared.spec import Role

FILE = "placement.json"

MIN_CORRELATION = 0.6
"""What correlates less is not it. Speech correlates by 0.8 to 0.95 with what comes of it over
WebRTC; with other speech by less than 0.3, or up to 0.59 if it is as short as 0.1 s."""
EARLY_S = 0.5
"""How much earlier than its worker's quickest event says speech is looked for."""
LATE_S = 2.0
"""How much later: the way through the room and its jitter buffer."""
BY_CLOCK_S = 0.4
"""How far from where its worker's clock puts it speech may be, where others are around."""
CLOCKED = 3
"""How many placed utterances it takes to know a worker's clock."""
EDGE_S = 0.15
"""What is heard so close to a placed utterance is its own: the codec's, and the jitter buffer's."""
AROUND_S = 0.1
"""How much is taken from the wire around speech that was not placed."""
NEAR_S = 0.8
"""How far from its time an utterance that was not placed may be in the wire."""
_AUDIBLE = 32768 * 10 ** (FLOOR_DBFS / 20)


class _Played(NamedTuple):
    """A stretch that a side says it played."""

    role: Role
    file: str
    started_at: float
    """Seconds since the epoch, by its worker's clock."""
    expected_s: float
    """The same in seconds of the recording, by its worker's quickest event."""
    length: int
    """In samples."""
    audible: bool
    alignment: Alignment | None
    """How its copy lies in the recording, in samples of that; None if there is nothing to align."""

    @property
    def placed(self) -> bool:
        return self.alignment is not None and self.alignment.correlation >= MIN_CORRELATION

    @property
    def start(self) -> int:
        """Where it lies, or, if it was not placed, where it should, in samples."""
        if self.alignment and self.placed:
            return self.alignment.start
        return round(self.expected_s * RATE_HZ)

    @property
    def end(self) -> int:
        return self.start + self.length


def write(folder: Path) -> None:
    """Make placement.json and, of a call over WebRTC, audio.flac; put events.jsonl on its clock."""
    if (folder / WIRE).exists():
        placement = _place(folder)
    else:
        quickest = event_log.quickest(folder)
        clocks = {role: clock_of(role, quickest, []) for role in Role if role in quickest}
        placement = Placement(exact=True, clocks=clocks)
    write_json(folder / FILE, placement)
    if placement.offsets_s:
        event_log.order_by_clock(folder, placement.offsets_s)


def read(folder: Path) -> Placement:
    """The placement of a call folder."""
    return read_json(folder, FILE, Placement)


def _place(folder: Path) -> Placement:
    quickest = event_log.quickest(folder)
    with opened(folder) as speech, soundfile.SoundFile(folder / WIRE) as wire:
        played = [
            _find(entry, quickest[entry.role], speech, wire)
            for entry in event_log.read(folder, StretchPlayed)
        ]
        by_role = {
            role: _by_clock([one for one in played if one.role is role], speech, wire)
            for role in CHANNELS
        }
        played = sorted(chain(*by_role.values()), key=lambda one: (one.expected_s, one.role))
        heard = dict(zip(CHANNELS, loudness(folder / WIRE), strict=True))
        left = {role: _left(voiced(heard[role].rms), by_role[role]) for role in CHANNELS}
        wired = {role: _wired(left[role], by_role[role], len(wire)) for role in CHANNELS}
        write_master(
            folder, {role: wired[role] + _copies(by_role[role]) for role in CHANNELS}, speech
        )
    clocks = {
        role: clock_of(role, quickest, _sightings(by_role[role]))
        for role in CHANNELS
        if role in quickest
    }
    return Placement(
        exact=False,
        utterances=tuple(
            _utterance(one, left[one.role], quickest[DRIVER] + clocks[one.role].offset_s)
            for one in played
        ),
        from_wire=tuple(
            WireStretch(role=role, start=_seconds(piece.start), end=_seconds(piece.end))
            for role in CHANNELS
            for piece in wired[role]
        ),
        clocks=clocks,
    )


def _find(
    entry: Entry[StretchPlayed], offset_s: float, speech: PlayedSpeech, wire: soundfile.SoundFile
) -> _Played:
    """Look for a stretch that was played in the recording, around the time its event says."""
    role, file, started_at = Role(entry.role), entry.payload.file, entry.payload.started_at
    expected_s = started_at + offset_s
    copy = speech.read(file)
    if copy is None:
        length = round((entry.payload.stopped_at - started_at) * RATE_HZ)
        return _Played(role, file, started_at, expected_s, length, audible=True, alignment=None)
    audible = bool(np.abs(copy.astype(np.int32)).max(initial=0) > _AUDIBLE)
    alignment = None
    if audible:
        alignment = _between(expected_s - EARLY_S, expected_s + LATE_S, copy, role, wire)
    return _Played(role, file, started_at, expected_s, len(copy), audible, alignment)


def _between(
    earliest_s: float, latest_s: float, copy: Pcm, role: Role, wire: soundfile.SoundFile
) -> Alignment:
    """How a copy that begins between two seconds of the recording lies in it."""
    first = max(0, round(earliest_s * RATE_HZ))
    last = round(latest_s * RATE_HZ) + len(copy)
    alignment = align(copy, _heard(wire, CHANNELS.index(role), first, last))
    return alignment._replace(start=first + alignment.start)


def _by_clock(
    played: Sequence[_Played], speech: PlayedSpeech, wire: soundfile.SoundFile
) -> list[_Played]:
    """What one side played, with each where its worker's clock says.

    A sentence that was cut and said again is found twice, and its repetition may be the better
    likeness.
    """
    offsets = [one.start / RATE_HZ - one.started_at for one in played if one.placed]
    if len(offsets) < CLOCKED:
        return list(played)
    offset_s = float(np.median(offsets))
    return [_where_clocked(one, offset_s, played, speech, wire) for one in played]


def _where_clocked(
    one: _Played,
    offset_s: float,
    played: Sequence[_Played],
    speech: PlayedSpeech,
    wire: soundfile.SoundFile,
) -> _Played:
    by_clock_s = one.started_at + offset_s
    if not one.placed or abs(one.start / RATE_HZ - by_clock_s) <= BY_CLOCK_S:
        return one
    copy = speech.read(one.file)
    assert copy is not None  # it was placed
    nearer = one._replace(
        alignment=_between(by_clock_s - BY_CLOCK_S, by_clock_s + BY_CLOCK_S, copy, one.role, wire)
    )
    others = [each for each in played if each is not one and each.placed]
    alone = not any(one.start < each.end and each.start < one.end for each in others)
    return one if alone and not nearer.placed else nearer


def _heard(wire: soundfile.SoundFile, channel: int, first: int, last: int) -> Pcm:
    """A part of a channel, with silence for what is beyond its end."""
    wire.seek(min(first, len(wire)))
    heard = wire.read(last - first, dtype="int16", always_2d=True, fill_value=0)
    return np.ascontiguousarray(heard[:, channel])


def _left(mask: Mask, played: Sequence[_Played]) -> Mask:
    """The frames of speech in the wire that no placed utterance explains."""
    left = mask.copy()
    for one in played:
        if one.alignment and one.placed:
            longer = max(0, sum(jump.size for jump in one.alignment.jumps))
            left[_frame(one.start, -EDGE_S) : _frame(one.end + longer, EDGE_S)] = False
    return left


def _wired(left: Mask, played: Sequence[_Played], length: int) -> list[Section]:
    """What is taken from the wire: speech that was not placed; all, if none was."""
    if not any(one.placed for one in played):
        return [Section(0, length, None)]
    around = round(AROUND_S * RATE_HZ)
    return [
        Section(
            max(0, round(run.start * RATE_HZ) - around),
            min(length, round(run.end * RATE_HZ) + around),
            None,
        )
        for run in talkspurts(left)
    ]


def _copies(played: Sequence[_Played]) -> list[Section]:
    return [Section(one.start, one.end, one.file) for one in played if one.placed]


def _sightings(played: Sequence[_Played]) -> list[Sighting]:
    return [Sighting(one.started_at, one.start / RATE_HZ) for one in played if one.placed]


def _utterance(one: _Played, left: Mask, offset_s: float) -> Utterance:
    """How an utterance was placed; its worker's times need `offset_s` added."""
    by_clock_s = one.started_at + offset_s
    alignment = one.alignment
    start_s = one.start / RATE_HZ if one.placed else by_clock_s
    return Utterance(
        role=one.role,
        file=one.file,
        start=_seconds(start_s * RATE_HZ),
        end=_seconds(start_s * RATE_HZ + one.length),
        source=_source(one, left),
        offset_ms=round(1000 * (start_s - by_clock_s), 2) if one.placed else None,
        correlation=round(alignment.correlation, 3) if alignment else None,
        drift_ms=_ms(alignment.drift) if alignment and one.placed else None,
        steps=tuple(
            Step(at=_seconds(alignment.start + jump.at), ms=_ms(jump.size))
            for jump in alignment.jumps
        )
        if alignment and one.placed
        else (),
    )


def _source(one: _Played, left: Mask) -> SpeechSource:
    if one.placed:
        return SpeechSource.COPY
    if not one.audible:
        return SpeechSource.SILENT
    there = left[_frame(one.start, -NEAR_S) : _frame(one.end, NEAR_S)].any()
    return SpeechSource.WIRE if there else SpeechSource.LOST


def _frame(sample: int, later_s: float) -> int:
    return max(0, round((sample / RATE_HZ + later_s) / FRAME_S))


def _seconds(samples: float) -> float:
    return round(samples / RATE_HZ, 6)


def _ms(samples: int) -> float:
    return round(1000 * samples / RATE_HZ, 2)
