"""What NumPy and onnxruntime find in the environment when they are imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.native_libraries import ONE_THREAD, PRIVACY

WATCH = """
import os, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            own = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY"}
            found = {variable: os.environ[variable] for variable in own & os.environ.keys()}
            print("NumPy", sorted(found.items()), flush=True)
            os._exit(0)

sys.meta_path.insert(0, Watch())
"""
THREE = {"OPENBLAS_NUM_THREADS": "3"}


def told(folder: Path, *arguments: str) -> str:
    """What NumPy finds in a process of Python's, which ends there."""
    (folder / "sitecustomize.py").write_text(WATCH)
    env = {name: value for name, value in os.environ.items() if name not in ONE_THREAD | PRIVACY}
    env |= {"PYTHONPATH": str(folder)} | THREE
    argv = [sys.executable, "-P", *arguments]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "duologue", "call"),
        ("-m", "duologue.batch"),
        ("-m", "customer_agent"),
        ("-m", "support_agent"),
    ],
    ids=" ".join,
)
def test_native_libraries_take_one_thread_in_our_own_processes_or_what_the_user_has_set(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    assert told(tmp_path, *arguments) == f"NumPy {sorted((ONE_THREAD | PRIVACY | THREE).items())}"


def test_a_program_that_imports_us_keeps_its_threads(tmp_path: Path) -> None:
    program = "import duologue, customer_agent, support_agent"
    assert told(tmp_path, "-c", program) == f"NumPy {sorted((PRIVACY | THREE).items())}"
