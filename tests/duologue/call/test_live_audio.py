"""What one hears and sees of a call while it is held."""

import ctypes.util
import os
import subprocess
import sys
import threading
import time
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console
from typer.testing import CliRunner

from duologue.call.live_audio import Meters, Speaker
from duologue.call.outcome import ExitCode
from duologue.cli.call_view import CallView, meter
from duologue.cli.cli import app
from duologue.doctor.sound import find_echo
from duologue.folder.channels import RATE_HZ, Pcm
from shared.engines.pcm import Samples
from shared.errors import UsageError
from shared.events import StateChanged
from shared.events.journal import Event
from shared.spec import Role

ALSA = """
pcm.!default {{ type file slave.pcm "null" file "{file}" format "raw" }}
ctl.!default {{ type null }}
"""
"""A sound device whose sound goes to a file, and nowhere else."""
SHORT_CALL = """
name: Short
scenarios:
  - label: short
    persona: {name: Yash Patel}
    userdata: {business: shop}
    goals: [{say: Hi there., met_when: [never]}]
    limits: {max_length_s: 5}
"""
portaudio = pytest.mark.skipif(
    not (sys.platform == "linux" and ctypes.util.find_library("portaudio")),
    reason="no libportaudio2 on this machine",
)


def tone(dbfs: float, seconds: float = 0.02) -> Pcm:
    """A square wave of that RMS."""
    sign = np.where(np.arange(round(seconds * RATE_HZ)) % 24 < 12, 1, -1)
    return (sign * 32_767 * 10 ** (dbfs / 20)).astype(np.int16)


def test_a_meter_rises_at_once_and_falls_by_30_db_in_a_second() -> None:
    meters = Meters()
    assert meters.levels == {Role.CUSTOMER: -100.0, Role.SUPPORT: -100.0}
    meters.hear(Role.CUSTOMER, tone(-20))
    assert meters.levels[Role.CUSTOMER] == pytest.approx(-20, abs=0.01)
    for _ in range(50):
        meters.hear(Role.CUSTOMER, tone(-90) * 0)
    assert meters.levels[Role.CUSTOMER] == pytest.approx(-50, abs=0.01)
    assert meters.levels[Role.SUPPORT] == -100.0


def test_a_level_is_a_bar_and_a_figure() -> None:
    assert meter(0) == "██████████   0 dBFS"
    assert meter(-30) == "█████····· -30 dBFS"
    assert meter(-75) == "··········  -- dBFS"


def shown(meters: Meters | None, *, terminal: bool) -> str:
    """What a view prints while support is speaking."""
    screen = StringIO()
    console = Console(file=screen, force_terminal=terminal, width=80, color_system=None)
    view = CallView(console, meters)
    view.on_event(Event("support", 1.0, StateChanged(old="listening", new="speaking")))
    view.close()
    return screen.getvalue()


def test_levels_are_shown_on_a_terminal_and_only_there() -> None:
    meters = Meters()
    meters.hear(Role.SUPPORT, tone(-30))
    both = "support is speaking   customer ··········  -- dBFS  support █████····· -30 dBFS"
    assert both in shown(meters, terminal=True)
    assert "support is speaking" in (without := shown(None, terminal=True))
    assert "dBFS" not in without
    assert shown(meters, terminal=False) == ""


def run_call(place: Path, *options: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    (place / "short.yaml").write_text(SHORT_CALL)
    command = [sys.executable, "-m", "duologue", "call", str(place / "short.yaml"), "--play"]
    command += ["--transport", "direct", "--call-id", "played", "--out", str(place)]
    return subprocess.Popen(
        [*command, *options],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class SoundCard:
    """Takes sound from a pipe as quickly as it would be played, in a thread of its own."""

    def __init__(self, pipe: Path) -> None:
        os.mkfifo(pipe)
        self.played = bytearray()
        self._thread = threading.Thread(
            target=self._take, args=[pipe], name="sound card", daemon=True
        )
        self._thread.start()

    def _take(self, path: Path) -> None:
        with path.open("rb", buffering=0) as pipe:
            began_s = time.monotonic()
            while data := pipe.read(4 * RATE_HZ // 50):
                self.played += data
                ahead_s = len(self.played) / (4 * RATE_HZ) - (time.monotonic() - began_s)
                time.sleep(max(0.0, ahead_s))

    def channels(self) -> Samples:
        """All that was played, once the pipe is closed: one row a channel."""
        self._thread.join()
        whole = self.played[: len(self.played) // 4 * 4]
        samples = np.frombuffer(whole, "<i2").reshape(-1, 2).T / np.float32(32_768)
        return samples.astype(np.float32)


@portaudio
def test_a_call_is_played_while_it_is_held(tmp_path: Path) -> None:
    pipe = tmp_path / "device"
    (tmp_path / ".asoundrc").write_text(ALSA.format(file=pipe))
    card = SoundCard(pipe)
    with run_call(tmp_path, "--clock", "real", environ={"HOME": str(tmp_path)}) as call:
        _, told = call.communicate()
    # It is too short for the goal.
    assert call.returncode == ExitCode.GOAL_NOT_REACHED, told
    recorded, rate_hz = soundfile.read(tmp_path / "played" / "audio.flac", dtype="float32")
    assert rate_hz == RATE_HZ
    customer, support = card.channels()
    greeting = recorded[: 3 * RATE_HZ, 1]
    assert find_echo(greeting, support, RATE_HZ).correlation > 0.99
    assert find_echo(greeting, customer, RATE_HZ).correlation < 0.5


@portaudio
def test_without_a_sound_device_nothing_is_begun(tmp_path: Path) -> None:
    (tmp_path / ".asoundrc").write_text("pcm.!default { type hw card 77 }")
    with run_call(tmp_path, "--clock", "real", environ={"HOME": str(tmp_path)}) as call:
        _, told = call.communicate()
    assert (call.returncode, told.count("\n")) == (2, 1), told
    assert "--play finds no sound device that it can use" in told
    assert not (tmp_path / "played").exists()


def test_without_portaudio_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr("ctypes.util.find_library", lambda _: None)
    with pytest.raises(UsageError, match=r"--play needs PortAudio .*libportaudio2"):
        Speaker()


def test_a_call_on_the_virtual_clock_cannot_be_played(tmp_path: Path) -> None:
    options = ["call", "--transport", "direct", "--play", "--out", str(tmp_path / "calls")]
    refused = CliRunner().invoke(app, options).exception
    assert isinstance(refused, UsageError)
    assert str(refused) == "--play is for calls in real time: add --clock real"
    assert not (tmp_path / "calls").exists()
