"""One side of a call as a job of LiveKit's."""
