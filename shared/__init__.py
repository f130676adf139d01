"""What both roles stand on: settings, the call specification, linking, engines, events, errors."""

import shared.settings  # noqa: F401 - before NumPy, see there
