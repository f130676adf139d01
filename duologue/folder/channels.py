"""The two channels of a recording: who is on which, at which rate, and how loud samples are."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from shared.spec import Role

RATE_HZ = 24_000
CHANNELS = (Role.CUSTOMER, Role.SUPPORT)
"""Who is on which channel, from the first."""
SILENT_DBFS = -100.0

Pcm: TypeAlias = npt.NDArray[np.int16]
Levels: TypeAlias = npt.NDArray[np.float64]
"""One value in dBFS per frame."""


def dbfs(amplitude: Levels) -> Levels:
    """Amplitudes of full scale 1 as dBFS, at least -100."""
    return 20 * np.log10(np.maximum(amplitude, 10 ** (SILENT_DBFS / 20)))
