"""What both roles stand on: settings, the call specification, linking, engines, events, errors."""

from shared.native_libraries import PRIVACY, set_defaults

set_defaults(PRIVACY)
