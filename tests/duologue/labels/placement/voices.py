"""Sound that is like speech where that matters here: pitch, syllables, pauses, hiss."""

import numpy as np

from duologue.folder.channels import RATE_HZ, Pcm


def voice(seconds: float, seed: int = 0) -> Pcm:
    """A voice that speaks for so long, another one or other words for each seed."""
    random = np.random.default_rng(seed)
    count = round(seconds * RATE_HZ)
    time = np.arange(count) / RATE_HZ
    pitch = random.uniform(90, 180) * (1 + 0.1 * np.sin(2 * np.pi * random.uniform(0.5, 2) * time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    # Each syllable has its own vowel: other harmonics are strong in it.
    syllables = np.arange(0, count, RATE_HZ // 5)
    loud = np.repeat(
        random.choice([0.0, 0.5, 1.0], len(syllables), p=[0.1, 0.3, 0.6]), RATE_HZ // 5
    )
    loud[: RATE_HZ // 5] = 1.0
    sound = np.zeros(count)
    for harmonic in range(1, 20):
        vowel = np.repeat(random.uniform(0, 1 / harmonic, len(syllables)), RATE_HZ // 5)
        sound += vowel[:count] * np.sin(harmonic * phase + random.uniform(0, 6))
    hiss = 0.05 * random.standard_normal(count)
    swell = np.abs(np.sin(np.pi * 5 * time))
    pcm: Pcm = (6000 * (sound + hiss) * loud[:count] * swell).clip(-32768, 32767).astype(np.int16)
    return pcm


def noise(seconds: float, rms: float = 30, seed: int = 1) -> Pcm:
    """Noise, quiet beside a voice."""
    count = round(seconds * RATE_HZ)
    pcm: Pcm = np.random.default_rng(seed).normal(0, rms, count).astype(np.int16)
    return pcm


def lay(recording: Pcm, speech: Pcm, at: int) -> None:
    """Add speech to a recording, in place."""
    recording[at : at + len(speech)] += speech
