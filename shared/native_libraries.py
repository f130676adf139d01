"""What native libraries are told by the environment, which they read when they are imported.

This is state of the whole process, which is why it stands here alone: `shared` sets it before any
package of this project can import NumPy or onnxruntime, and processes started from here inherit it.
"""

import os

DEFAULTS = {
    # More threads only take the cores from the other side and from other calls: each utterance that
    # is recognized leaves one of BLAS spinning for 0.1 s.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Else onnxruntime (from 1.32 on) tells its maker over the network what it runs and where, and
    # keeps a number by which it knows this user.
    "ORT_DISABLE_TELEMETRY": "1",
}


def set_defaults() -> None:
    """Set what the user has not set."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
