"""What the local engines cost and how well they understand each other.

Each voice speaks the same sentences of support calls, whisper hears them, and both are measured:
load time, seconds of work per second of speech, memory, word error rate after normalizing numbers.

    python -m benchmarks.engines [results.json]
"""

import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np
import psutil
from livekit.plugins.silero import onnx_model
from rich.console import Console
from rich.table import Table

from shared.engines import silero
from shared.engines.chosen import find
from shared.engines.local_tts import SAMPLE_RATE, Voice
from shared.engines.pcm import Samples, resample
from shared.language.as_heard import normalize

VOICES = (
    "hibari/heart",
    "hibari/heart-low",
    "hibari/heart-deep",
    "hibari/heart-warm",
    "hibari/heart-bright",
    "hibari/heart-young",
    "hibari/heart-low@1.12",
    "hibari/heart-deep@0.9",
    "piper/joe",
)
SENTENCES = (
    "Hello, thank you for calling Fenwick Home. How can I help you today?",
    "Hi, my order has not arrived yet, and I was charged twice.",
    "My order number is four seven two one nine.",
    "It is nine zero three three eight.",
    "The number is six one zero five four, not six one zero four four.",
    "Could you please give me your order number and your full name?",
    "My name is Priya Shah.",
    "This is Thomas Becker speaking.",
    "Yes, it is Maria Gonzalez, and my postcode is eight zero four one two.",
    "The name on the order is James O'Neill.",
    "I am sorry, I did not catch that. Could you say the number again?",
    "I said one one eight two seven.",
    "Thank you, Priya. I have found your order.",
    "It was placed on March third and left our warehouse on March ninth.",
    "The total was forty nine dollars and ninety five cents.",
    "I can see two charges of eighty nine dollars on your card.",
    "I will refund the second charge of eighty nine dollars right now.",
    "The refund will be on your card in three to five days.",
    "Your parcel should arrive on Thursday, the twenty first of November.",
    "Is there anything else I can help you with?",
    "No, that is all. Thank you very much.",
    "You are welcome. Have a good day. Goodbye.",
    "Goodbye.",
    "Yes, please.",
    "No, thank you.",
    "When will it arrive?",
    "I have been waiting for two weeks now.",
    "Can you tell me why I was charged twice?",
    "A second payment was made by mistake when the first one timed out.",
    "That is not acceptable. I want my money back.",
    "I understand, and I am very sorry about that.",
    "Let me check that for you. One moment, please.",
    "The email address on the account is no longer in use.",
    "I ordered a kettle, two lamps and a blue armchair.",
    "One of the lamps was broken when I opened the box.",
    "I would like to send it back and get a new one.",
    "Your reference is five five zero eight three two.",
    "The order was sent to fourteen Mill Lane, Cambridge.",
    "Please have your order number ready when you call us again.",
    "Great, that solves it. Bye.",
)

T = TypeVar("T")


def measure_voice(engine: str) -> tuple[dict[str, Any], list[Samples]]:
    chosen = find("tts", engine)
    load = chosen.offer.load
    assert load is not None
    cost, voice = _loaded(lambda: load(chosen.name))
    assert isinstance(voice, Voice)
    began = time.process_time()
    spoken = [voice.speak(sentence, 0) for sentence in SENTENCES]
    length_s = sum(map(len, spoken)) / SAMPLE_RATE
    cost["speech_s"] = length_s
    cost["rtf"] = (time.process_time() - began) / length_s
    cost["peak"] = float(max(np.abs(samples).max() for samples in spoken))
    return cost, spoken


def measure_whisper(spoken: dict[str, list[Samples]]) -> dict[str, Any]:
    def load() -> Any:
        # Its import is a part of what is measured.
        from shared.engines import whisper  # noqa: PLC0415

        return whisper.load()

    cost, whisper = _loaded(load)
    took: list[float] = []
    cost["voices"] = {}
    for engine, utterances in spoken.items():
        heard = []
        for samples in utterances:
            # With the silence around it that a turn comes with.
            turn = np.pad(samples, (SAMPLE_RATE // 2, SAMPLE_RATE // 10))
            at_16k = resample(turn, SAMPLE_RATE, 16_000)
            began = time.perf_counter()
            heard.append(whisper.transcribe(at_16k).text)
            took.append(time.perf_counter() - began)
        cost["voices"][engine] = _errors(heard)
    cost["utterance_s"] = {"p50": median(took), "p95": sorted(took)[int(len(took) * 0.95)]}
    return cost


def measure_vad(spoken: list[Samples]) -> dict[str, Any]:
    cost, model = _loaded(silero.load)
    stream = onnx_model.OnnxModel(onnx_session=model, sample_rate=silero.SAMPLE_RATE)
    audio = resample(np.concatenate(spoken), SAMPLE_RATE, silero.SAMPLE_RATE)
    began = time.process_time()
    for start in range(0, len(audio) - silero.WINDOW, silero.WINDOW):
        stream(audio[start : start + silero.WINDOW])
    cost["rtf"] = (time.process_time() - began) * silero.SAMPLE_RATE / len(audio)
    return cost


def _loaded(load: Callable[[], T]) -> tuple[dict[str, Any], T]:
    before = psutil.Process().memory_full_info().pss
    began = time.perf_counter()
    loaded = load()
    load_s = time.perf_counter() - began
    after = psutil.Process().memory_full_info().pss
    return {"load_s": load_s, "pss_mb": (after - before) / 1e6}, loaded


def _errors(heard: list[str]) -> dict[str, Any]:
    pairs = [(normalize(s), normalize(h)) for s, h in zip(SENTENCES, heard, strict=True)]
    words = sum(len(said) for said, _ in pairs)
    wrong = [{"said": " ".join(said), "heard": " ".join(got)} for said, got in pairs if said != got]
    return {"wer": sum(_distance(*pair) for pair in pairs) / words, "words": words, "wrong": wrong}


def _distance(said: list[str], heard: list[str]) -> int:
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            best = min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
            diagonal, row[j] = row[j], best
    return row[-1]


def _alone(measure: Callable[..., T], *args: object) -> T:
    """Run `measure` in a process of its own: load time and memory are then only its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(measure, *args).result()


def main() -> None:
    spoken, voices = {}, {}
    for engine in VOICES:
        voices[engine], spoken[engine] = _alone(measure_voice, engine)
    whisper = _alone(measure_whisper, spoken)
    vad = _alone(measure_vad, spoken[VOICES[0]])
    for engine, heard in whisper.pop("voices").items():
        voices[engine] |= heard
    result = {"voices": voices, "whisper/tiny.en": whisper, "silero": vad}
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(result, indent=1), encoding="utf-8")
    show(result)


def show(result: dict[str, Any]) -> None:
    shown = Table("engine", "load s", "PSS MB", "CPU s per s", "WER %", "wrong sentences")
    for engine, cost in (result["voices"] | {"silero": result["silero"]}).items():
        accuracy = [f"{100 * cost['wer']:.1f}", str(len(cost["wrong"]))] if "wer" in cost else []
        shown.add_row(
            engine,
            f"{cost['load_s']:.2f}",
            f"{cost['pss_mb']:.0f}",
            f"{cost['rtf']:.3f}",
            *accuracy,
        )
    whisper = result["whisper/tiny.en"]
    shown.add_row("whisper/tiny.en", f"{whisper['load_s']:.2f}", f"{whisper['pss_mb']:.0f}")
    console = Console()
    console.print(shown)
    times = whisper["utterance_s"]
    console.print(f"whisper, s per utterance: median {times['p50']:.2f}, p95 {times['p95']:.2f}")
    for engine, cost in result["voices"].items():
        for pair in cost["wrong"]:
            console.print(f"{engine}: {pair['said']!r} heard as {pair['heard']!r}")


if __name__ == "__main__":
    main()
