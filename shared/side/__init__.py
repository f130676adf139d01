"""One side of a call, whatever carries it."""
