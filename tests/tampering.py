"""Recorded calls that are tampered with: what was said is no longer what is in the recording."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from duologue.folder import event_log
from duologue.folder.channels import CHANNELS, RATE_HZ, Pcm
from duologue.folder.folder import AUDIO
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import Turn
from shared.spec import Role


def _changed(folder: Path, change: Callable[[Pcm], Pcm]) -> None:
    """Change the samples of both channels of a call's audio."""
    samples, rate = soundfile.read(folder / AUDIO, dtype="int16", always_2d=True)
    soundfile.write(folder / AUDIO, change(samples), rate, subtype="PCM_16")


def silence(folder: Path, role: Role, start_s: float, end_s: float) -> None:
    """Silence one side for some time."""

    def change(samples: Pcm) -> Pcm:
        silent = samples.copy()
        silent[round(start_s * RATE_HZ) : round(end_s * RATE_HZ), CHANNELS.index(role)] = 0
        return silent

    _changed(folder, change)


def shift(folder: Path, role: Role, late_s: float) -> None:
    """Make one channel late."""
    later = round(late_s * RATE_HZ)

    def change(samples: Pcm) -> Pcm:
        shifted = samples.copy()
        shifted[:, CHANNELS.index(role)] = np.roll(samples[:, CHANNELS.index(role)], later)
        return shifted

    _changed(folder, change)


def exchange(folder: Path) -> None:
    """Exchange the channels."""
    _changed(folder, lambda samples: samples[:, ::-1])


def remove_events(folder: Path, name: str, role: Role, first: int, last: int | None = None) -> None:
    """Remove some of one side's events of a name."""
    lines = (folder / event_log.FILE).read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if _is(line, name, role)]
    gone = {*named[first:last]}
    kept = [line for line in lines if line not in gone]
    (folder / event_log.FILE).write_text("\n".join(kept) + "\n", encoding="utf-8")


def _is(line: str, name: str, role: Role) -> bool:
    event = json.loads(line)
    return bool(event["event"] == name and event["role"] == role)


def longest_turn(folder: Path, role: Role) -> Turn:
    """One side's longest turn."""
    turns = [turn for turn in transcript.read(folder).turns if turn.role is role]
    return max(turns, key=lambda turn: turn.end - turn.start)
