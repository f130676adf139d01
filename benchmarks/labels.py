"""How exact the words' times are, and what labelling costs.

    python -m benchmarks.labels [--folder CALL] [--minutes 60] [--json bench/labels.json]

Exactness, against audio whose word times are known: each voice speaks the words of sentences of
support calls one by one, and they are joined, with 20 to 60 ms of silence between, or without any.
Cost: labelling a call folder, by stage, and one of an hour, made by repeating it.
"""

import argparse
import json
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile
from rich.console import Console
from rich.table import Table

from duologue.folder import event_log
from duologue.folder.channels import CHANNELS
from duologue.folder.folder import CALL, CallRecord, audio_of
from duologue.labels import recognition, timeline
from duologue.labels.activity import Loudness, loudness, loudness_of
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import NoWords, Transcript, Turn
from duologue.labels.transcript.words.turn_words import place
from duologue.pipeline import stages
from shared.engines.chosen import find
from shared.engines.local_tts import SAMPLE_RATE, Voice
from shared.engines.pcm import Samples
from shared.events import CallEnded, RecordingEnded
from shared.spec import Role

VOICES = (
    "hibari/heart",
    "hibari/heart-low",
    "hibari/heart-deep",
    "hibari/heart-warm",
    "hibari/heart-bright",
    "hibari/heart-young",
    "piper/joe",
)
SENTENCES = (
    "Thank you for calling Northwind, how can I help you today?",
    "Hi, my order is late and it should have been here last week.",
    "My order number is four seven two one nine.",
    "My full name is Yash Patel, and I live in Springfield.",
    "I can see that your order was delayed by a storm near the warehouse.",
    "It is expected on Friday the twenty seventh of November.",
    "I'm sorry about that, you were charged twice for one desk lamp.",
    "The refund of forty nine dollars will be with you within five days.",
    "That's all I needed, thank you very much for your help.",
    "The first charge was $12.50, and the second was $308.",
    "Could you spell your last name for me, please?",
    "Sure, it's S Z C Z E P A N S K I, Katarzyna Szczepanski.",
    "Your appointment with doctor Okonkwo is at two thirty in the afternoon.",
    "I was born on the fourth of May 1990.",
    "The technician, Siobhan McAllister, should arrive between 9 and 11 in the morning.",
    "Wait, no, I meant 48213, not 48223.",
    "Have you tried to unplug the router and wait for about thirty seconds?",
    "Which street do you live on, and what is your post code?",
    "She sells sea shells by the sea shore, but nobody seems to buy them.",
    "Please hold on while I look at what we have for next Tuesday evening.",
)
GAPS_S = {"silence": (0.02, 0.06), "no_silence": (0.0, 0.0)}
"""Between words, drawn evenly."""
ENDS_S = 0.25
"""Silence before the first and after the last word."""

Times = list[tuple[float, float]]


def joined(voice: Voice, text: str, gap_s: tuple[float, float], seed: int) -> tuple[Samples, Times]:
    """`text` spoken word by word, and when each word is in it, in seconds."""
    draw = np.random.default_rng(seed)
    at = round(ENDS_S * SAMPLE_RATE)
    parts = [np.zeros(at, np.float32)]
    times: Times = []
    for word in text.split():
        # The full stop: without one, Hibari lets a click follow short words.
        spoken = _sounding(voice.speak(f"{word.strip(',.?')}.", 0))
        gap = np.zeros(round(draw.uniform(*gap_s) * SAMPLE_RATE), np.float32)
        times.append((at / SAMPLE_RATE, (at + len(spoken)) / SAMPLE_RATE))
        parts += [spoken, gap]
        at += len(spoken) + len(gap)
    return np.concatenate([*parts, np.zeros(round(ENDS_S * SAMPLE_RATE), np.float32)]), times


def _sounding(samples: Samples) -> Samples:
    """Without what is 40 dB below the loudest around it."""
    window = SAMPLE_RATE // 100
    level = np.convolve(np.abs(samples), np.ones(window, np.float32) / window, "same")
    loud = np.flatnonzero(level > 0.01 * float(level.max()))
    return samples[loud[0] : loud[-1] + 1]


def aligned(samples: Samples, text: str, folder: Path) -> Turn:
    """The turn of one side that says `text`, with its words, by way of a file as in a call."""
    path = folder / "audio.flac"
    channels = np.stack([samples, np.zeros_like(samples)], axis=1)
    soundfile.write(path, channels, SAMPLE_RATE, subtype="PCM_16")
    heard = dict(zip(CHANNELS, loudness(path), strict=True))
    turn = Turn(
        role=Role.CUSTOMER,
        start=ENDS_S,
        end=len(samples) / SAMPLE_RATE - ENDS_S,
        intended=text,
        said=text,
        heard=None,
        interrupted=False,
    )
    return place(Transcript(turns=(turn,)), path, heard).turns[0]


def exactness(voice_name: str) -> dict[str, dict[str, Any]]:
    """How far the borders of a voice's words are off, in a process of its own."""
    voice = _voice(voice_name)
    figures: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as place:
        for name, gap_s in GAPS_S.items():
            errors: list[float] = []
            missed = 0
            for seed, sentence in enumerate(SENTENCES):
                samples, truth = joined(voice, sentence, gap_s, seed)
                turn = aligned(samples, sentence, Path(place))
                missed += len(truth) if turn.no_words else sum(w.start is None for w in turn.words)
                for (start, end), word in zip(truth, turn.words, strict=bool(turn.words)):
                    if word.start is not None and word.end is not None:
                        errors += [abs(word.start - start), abs(word.end - end)]
            p50, p95, most = (round(float(np.percentile(errors, q)), 4) for q in (50, 95, 100))
            figures[name] = {
                "words": len(errors) // 2 + missed,
                "missed": missed,
                "p50_s": p50,
                "p95_s": p95,
                "max_s": most,
            }
    return figures


def _voice(name: str) -> Voice:
    chosen = find("tts", name)
    assert chosen.offer.load
    loaded = chosen.offer.load(chosen.name)
    assert isinstance(loaded, Voice)
    return loaded


def costs(folder: Path) -> dict[str, Any]:
    """CPU seconds per minute of call by stage, in this process, which is to be fresh."""
    call = CallRecord.model_validate_json((folder / CALL).read_bytes())
    spent: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        began = time.process_time()
        yield
        spent[name] = time.process_time() - began

    before = psutil.Process().memory_info().rss
    audio = audio_of(folder)
    with stage("loudness"):
        heard: Mapping[Role, Loudness] = loudness_of(folder)
    with stage("turns"):
        turns = transcript.make(folder)
    with stage("models"):
        # One turn by itself loads them; their cost does not grow with the call.
        place(turns.model_copy(update={"turns": turns.turns[:1]}), audio, heard)
    with stage("words"):
        placed = place(turns, audio, heard)
    with stage("all, as labelled"):
        stages.label(folder)
    with stage("timeline"):
        timeline.write(folder)
    with stage("recognition"):
        recognition.write(folder)
    minutes = call.duration_s / 60
    return {
        "minutes": round(minutes, 2),
        "turns": len(placed.turns),
        "not_aligned": sum(turn.no_words not in {None, NoWords.NOT_SAID} for turn in placed.turns),
        "cpu_s_per_minute": {
            name: round(cpu_s / minutes, 4) for name, cpu_s in spent.items() if name != "models"
        },
        "models_cpu_s": round(spent["models"], 3),
        "times_real_time": round(call.duration_s / spent["all, as labelled"], 1),
        "memory_mb": {
            "before": before // 2**20,
            "most": _peak_memory_mb(),
        },
    }


def _peak_memory_mb() -> int:
    import resource  # noqa: PLC0415 - not on every system

    kilo = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilo // 2**20


def repeated(folder: Path, minutes: float, place: Path) -> Path:
    """A call folder of at least `minutes`, made of `folder` again and again."""
    call = CallRecord.model_validate_json((folder / CALL).read_bytes())
    times = max(1, round(minutes * 60 / call.duration_s + 0.5))
    longer = place / call.call_id
    longer.mkdir()
    audio, rate = soundfile.read(audio_of(folder), dtype="int16")
    with soundfile.SoundFile(
        longer / audio_of(folder).name, "w", rate, 2, subtype="PCM_16", format="FLAC"
    ) as file:
        for _ in range(times):
            file.write(audio)
    lines = [json.loads(line) for line in (folder / event_log.FILE).read_text().splitlines()]
    once = (CallEnded.name, RecordingEnded.name)
    with (longer / event_log.FILE).open("w") as log:
        for n in range(times):
            later = n * len(audio) / rate
            for line in lines:
                if line["event"] not in once or n == times - 1:
                    # What a worker says of its own clock moves along with `clock`.
                    moved = {
                        key: value + later
                        if key in {"t", "clock", "started_at", "stopped_at"} and value is not None
                        else value
                        for key, value in line.items()
                    }
                    log.write(json.dumps(moved) + "\n")
    length_s = times * len(audio) / rate
    whole = call.model_copy(update={"duration_s": length_s, "files": {}})
    (longer / CALL).write_text(whole.model_dump_json(by_alias=True))
    return longer


def in_own_process(work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` returns in a fresh process, where nothing is loaded."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *arguments).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, help="a call folder; one is made if none is given")
    parser.add_argument("--minutes", type=float, default=60, help="length of the long call")
    parser.add_argument("--json", type=Path, default=Path("bench/labels.json"))
    options = parser.parse_args()
    console = Console()
    figures: dict[str, Any] = {"exactness": {}, "cost": {}}
    for voice in VOICES:
        figures["exactness"][voice] = in_own_process(exactness, voice)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        folder = options.folder or _made(place / "made")
        (place / "once").mkdir()
        copy = Path(shutil.copytree(folder, place / "once" / folder.name))
        figures["cost"]["call"] = in_own_process(costs, copy)
        long = repeated(folder, options.minutes, place)
        figures["cost"]["long call"] = in_own_process(costs, long)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")
    _print(figures, console)


def _made(out: Path) -> Path:
    command = [sys.executable, "-m", "duologue", "call", "--transport", "direct", "--out", str(out)]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    (folder,) = out.iterdir()
    return folder


def _print(figures: dict[str, Any], console: Console) -> None:
    exact = Table("voice", "between words", "words", "missed", "p50 ms", "p95 ms", "max ms")
    for voice, kinds in figures["exactness"].items():
        for kind, found in kinds.items():
            milliseconds = [f"{1000 * found[key]:.0f}" for key in ("p50_s", "p95_s", "max_s")]
            exact.add_row(voice, kind, str(found["words"]), str(found["missed"]), *milliseconds)
    console.print(exact)
    cost = Table("", *figures["cost"])
    found = list(figures["cost"].values())
    for key in ("minutes", "turns", "not_aligned", "models_cpu_s", "times_real_time"):
        cost.add_row(key.replace("_", " "), *(str(each[key]) for each in found))
    for name in found[0]["cpu_s_per_minute"]:
        cost.add_row(f"CPU s/min: {name}", *(str(e["cpu_s_per_minute"][name]) for e in found))
    cost.add_row("memory MB", *(str(each["memory_mb"]["most"]) for each in found))
    console.print(cost)


if __name__ == "__main__":
    main()
