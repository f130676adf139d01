"""What NumPy and onnxruntime find in the environment when they are imported."""

import os
import subprocess
import sys

from shared.native_libraries import DEFAULTS

IMPORT = """
import os, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("numpy", "onnxruntime"):
            print(name, {variable: os.environ.get(variable) for variable in %r})

sys.meta_path.insert(0, Watch())
import shared.engines.silero
"""


def test_native_libraries_find_the_defaults_and_what_the_user_has_set() -> None:
    own = {"OPENBLAS_NUM_THREADS": "3"}
    env = {name: value for name, value in os.environ.items() if name not in DEFAULTS} | own
    argv = [sys.executable, "-c", IMPORT % list(DEFAULTS)]
    told = subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout
    expected = DEFAULTS | own
    assert sorted(told.splitlines()) == [f"numpy {expected}", f"onnxruntime {expected}"]
