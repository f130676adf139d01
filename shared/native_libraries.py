"""What native libraries are told by the environment, which they read when they are imported.

This is state of the whole process, which is why it stands here alone: it is set before any package
of this project can import NumPy or onnxruntime, and processes started from here inherit it.
"""

import os
import sys
from itertools import pairwise

PRIVACY = {
    # Else onnxruntime (from 1.32 on) tells its maker over the network what it runs and where, and
    # keeps a number by which it knows this user.
    "ORT_DISABLE_TELEMETRY": "1",
}
"""For whoever imports this project."""

ONE_THREAD = {
    # More threads only take the cores from the other side and from other calls: each utterance that
    # is recognized leaves one of BLAS spinning for 0.1 s.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""For our own processes: a program that only imports this project has uses of its own for them."""


def set_defaults(defaults: dict[str, str]) -> None:
    """Set what the user has not set."""
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def is_run(package: str) -> bool:
    """Whether this process is `python -m` of `package`, whose `__init__` comes before its main."""
    return ("-m", package) in pairwise(sys.orig_argv)
