"""One call: what carries it, who takes part in it, and how it ends."""
