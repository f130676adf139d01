"""What the recognizer that is shipped makes of what the voices that are shipped say."""

from shared.engines import hibari, piper, whisper
from shared.engines.local_tts import SAMPLE_RATE
from shared.engines.pcm import resample
from shared.language.to_say import apart

VOICES = (*(f"hibari/{name}" for name in hibari.SPEAKERS if name.startswith("heart")), "piper/joe")
"""Those that come with a package."""


def heard(sentence: str, voice: str, *, as_it_is: bool = False) -> str:
    """What is heard of a sentence.

    Args:
        sentence: What is said.
        voice: Who says it.
        as_it_is: Give it to the voice without what sets digits and letters apart.
    """
    provider, _, name = voice.partition("/")
    speaker = (hibari if provider == "hibari" else piper).load(name)
    said = speaker.speak(sentence if as_it_is else apart(sentence), 0)
    return whisper.load().transcribe(resample(said, SAMPLE_RATE, whisper.SAMPLE_RATE)).text
