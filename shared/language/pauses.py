"""How long a local voice pauses, in seconds, and how a text asks it to; other voices differ."""

SENTENCE_PAUSE_S = 0.22
"""Between two sentences of a turn."""
INNER_PAUSE_S = 0.25
"""What a longer pause inside a sentence is shortened to."""
PAUSE = "\N{HORIZONTAL ELLIPSIS}"
"""In a text, silence of PAUSE_S; other voices make of it what they will."""
PAUSE_S = 0.3
