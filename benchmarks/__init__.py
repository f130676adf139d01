"""Measurements: each prints a table and can write JSON."""

from shared.native_libraries import ONE_THREAD, set_defaults

set_defaults(ONE_THREAD)
