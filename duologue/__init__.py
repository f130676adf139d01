"""The tool that makes calls: command line, local server, dispatch, recorder, labels, metrics."""

import shared  # noqa: F401 - before NumPy, see shared.native_libraries
