"""LiveKit's transcript synchronizer, without what our synthesizers make needless.

It cuts the transcript of an interrupted turn where its playback was. For synthesizers that do not
say when each word is, it estimates that from ten spectra of the speech a second (livekit-agents
1.8.9, voice/transcription), which costs more than detecting voices does.
"""

from livekit import rtc
from livekit.agents import tts
from livekit.agents.voice.transcription._speaking_rate import (
    SpeakingRateDetector,
    SpeakingRateStream,
)
from livekit.agents.voice.transcription.synchronizer import TranscriptSynchronizer


class _Unestimated(SpeakingRateDetector):
    def stream(self) -> SpeakingRateStream:
        """One that has no events."""
        return _NoEvents(self, self._opts)


class _NoEvents(SpeakingRateStream):
    def push_frame(self, frame: rtc.AudioFrame) -> None:
        """Nothing: what does not come is not estimated."""


def skip_estimates(synchronizer: TranscriptSynchronizer, synthesizer: object) -> None:
    """Have no speaking rate estimated if `synthesizer` says when each word is."""
    if isinstance(synthesizer, tts.TTS) and synthesizer.capabilities.aligned_transcript:
        synchronizer._opts.speaking_rate_detector = _Unestimated()  # noqa: SLF001 - no option is
        synchronizer.rotate_segment()  # the first segment was made with the usual one
