"""Placement: each side's own speech on the clock of wire.flac, which makes audio.flac.

What a worker sent of its own speech is looked for in what came of it over WebRTC, around the time
at which its worker says it was played. What is found goes into audio.flac, to the sample; what is
not, and speech of which no copy came, is taken from wire.flac. A call on the direct transport has
an exact audio.flac already. A stage of labelling: it reads files of the folder and nothing else.
"""

from duologue.labels.placement.place import FILE, read, write
from duologue.labels.placement.values import Placement

__all__ = ["FILE", "Placement", "read", "write"]
