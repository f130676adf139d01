"""Tests."""

from shared.native_libraries import ONE_THREAD, set_defaults

set_defaults(ONE_THREAD)
