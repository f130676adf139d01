"""One call: what carries it, who takes part in it, and how it ends.

The package can be called as well, which makes a call: `duologue.call` (see `duologue`).
"""
