"""Calls in a room of LiveKit's."""
