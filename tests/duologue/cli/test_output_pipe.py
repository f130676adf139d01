"""A call whose output nobody reads any more, as of `duologue call --json | head -1`."""

import subprocess
import sys
from pathlib import Path

import pytest

from duologue.cli.output_pipe import CLOSED_PIPE
from duologue.folder.folder import read_call
from shared.endings import Outcome
from tests.duologue.processes import REPOSITORY

TIMEOUT_S = 180.0


@pytest.mark.parametrize("options", [("--json",), ()], ids=["json", "view"])
def test_a_call_whose_reader_goes_away_is_hung_up_and_filed_without_a_word(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "duologue", "call", "--transport", "direct", *options]
    running = subprocess.Popen(
        [*command, "--out", tmp_path, "--call-id", "cut"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline()
    running.stdout.close()
    running.stdout = None
    _, told = running.communicate(timeout=TIMEOUT_S)
    assert (running.returncode, told) == (CLOSED_PIPE, "")
    assert read_call(tmp_path / "cut").outcome is Outcome.CANCELLED
