"""Calls made from Python; `duologue` itself is what to import."""
