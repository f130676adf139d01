"""Files that people write, read strictly."""

import os
from pathlib import Path

import pytest

from duologue.batch.plan import Plan
from duologue.scenarios.scenario_file import read_scenarios
from shared.errors import DocumentError
from shared.settings import Settings


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(DocumentError, match=r"pipe\.yaml: is empty"):
        read_scenarios(tmp_path / "pipe.yaml")
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(DocumentError, match=r"pipe\.jsonl"):
        Plan.read(tmp_path / "pipe.jsonl", Settings(_env_file=None))
