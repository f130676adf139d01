"""Audio that never came over the network: what WebRTC made up in its place.

A packet that is lost or late leaves no hole in what WebRTC plays, it is concealed: stretched from
the sound before it, or silence. The recording has that too, so it is counted.
"""

from livekit import rtc

from shared.spec import Role

_DECODER_RATE_HZ = 48_000
"""Opus is decoded, and counted, at this rate."""


class Concealment:
    """Counts per role the sound that was made up, over all tracks the role has published.

    Silence that was made up is not counted: a muted or pausing track looks the same.
    """

    def __init__(self) -> None:
        self._tracks: dict[str, tuple[Role, rtc.Track]] = {}
        self._concealed_s: dict[str, float] = {}

    def watch(self, role: Role, track: rtc.Track) -> None:
        """Count this track, for as long as it says anything."""
        self._tracks[track.sid] = role, track

    async def refresh(self) -> None:
        """Read what WebRTC has counted so far; of a track that is gone, the last word stands."""
        for sid, (_, track) in list(self._tracks.items()):
            for stats in await track.get_stats():
                if stats.WhichOneof("stats") == "inbound_rtp":
                    counted = stats.inbound_rtp.inbound
                    audible = counted.concealed_samples - counted.silent_concealed_samples
                    self._concealed_s[sid] = audible / _DECODER_RATE_HZ

    def seconds(self) -> dict[Role, float]:
        """Sound that was made up, per role, in seconds."""
        total = dict.fromkeys(Role, 0.0)
        for sid, concealed_s in self._concealed_s.items():
            total[self._tracks[sid][0]] += concealed_s
        return total
