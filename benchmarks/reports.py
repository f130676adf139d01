"""What reports cost to make, and how soon they open.

    python -m benchmarks.reports [--hours 1] [--calls 10000] [--json FILE]

One direct call is made. Its report is timed in processor seconds, per minute of call. Then the call
is repeated until it is an hour long, and as many folders are made of it as an index is to hold;
both pages are opened in headless Chromium, as a user's browser would: with an empty cache, from a
file. Opened is when both waveforms and the transcript are drawn; ready is when a press on play is
heard at once.
"""

import argparse
import json
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from duologue.folder.folder import (
    AUDIO,
    CALL,
    REPORT,
    CallFolder,
    CallRecord,
    read_call,
    write_json,
)
from duologue.labels import metrics, recognition, timeline
from duologue.labels.recognition import Recognition
from duologue.labels.timeline import Mark, Marks
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import Transcript, Turn
from duologue.report import call as report
from duologue.report import index
from duologue.report.summary import read_calls

# After the page's own code has run; `sound` and `timeline` are its names.
OPENED = """() => new Promise((done) => {
  const drawn = () => timeline.surface.canvas.width && done(performance.now());
  requestAnimationFrame(() => requestAnimationFrame(drawn));
})"""
READY = """() => new Promise((done) => {
  const ready = () => (sound.element.readyState >= 4 ? done(performance.now()) : setTimeout(ready));
  ready();
})"""
SEEK = """() => new Promise((done) => {
  const began = performance.now();
  sound.element.addEventListener("seeked", () => done(performance.now() - began), { once: true });
  seek(data.duration * 0.9);
})"""
SORT = """() => {
  const began = performance.now();
  document.querySelector("[data-sort=duration]").click();
  document.body.offsetHeight;
  return performance.now() - began;
}"""
DRAW = """() => {
  const began = performance.now();
  for (let i = 0; i < 100; i++) { sound.seek(i * data.duration / 100); show(); }
  return (performance.now() - began) / 100;
}"""


def made_call(out: Path) -> Path:
    """A direct call."""
    argv = [sys.executable, "-m", "duologue", "call", "--transport", "direct", "--seed", "7"]
    subprocess.run([*argv, "--out", str(out), "--call-id", "one"], check=False)
    return out / "one"


def cost(folder: Path) -> dict[str, float]:
    """Processor seconds for a report, the best of five, and what it takes on disk."""
    took: list[float] = []
    for _ in range(5):
        began_s = time.process_time()
        report.write(folder)
        took.append(time.process_time() - began_s)
    minutes = read_call(folder).duration_s / 60
    return {
        "cpu_s_per_call_of_90_s": round(min(took) / minutes * 1.5, 3),
        "kb_per_minute": round((folder / REPORT).stat().st_size / minutes / 1000),
    }


def long_call(one: Path, out: Path, seconds: float) -> Path:
    """A call in which `one` is held again and again."""
    call, turns = read_call(one), transcript.read(one).turns
    marks = timeline.read(one).marks if (one / timeline.FILE).exists() else ()
    times = round(seconds / call.duration_s)
    starts = [number * call.duration_s for number in range(times)]
    with CallFolder.create(out, "long") as made:
        samples, rate_hz = soundfile.read(one / AUDIO, dtype="int16")
        soundfile.write(made.path / AUDIO, np.tile(samples, (times, 1)), rate_hz)
        all_turns = tuple(later(turn, start) for start in starts for turn in turns)
        write_json(made.path / transcript.FILE, Transcript(turns=all_turns))
        all_marks = tuple(
            moved(mark, start, number * len(turns))
            for number, start in enumerate(starts)
            for mark in marks
        )
        write_json(made.path / timeline.FILE, Marks(marks=all_marks))
        nothing = Recognition(stretches=(), entities=())
        write_json(made.path / recognition.FILE, nothing)
        shutil.copy(one / metrics.FILE, made.path)
        changed = call.model_copy(
            update={"call_id": "long", "duration_s": round(call.duration_s * times, 3)}
        )
        write_json(made.path / CALL, changed)
        return made.commit(changed)


def later(turn: Turn, by_s: float) -> Turn:
    """A turn, later."""
    words = tuple(
        word.model_copy(update={"start": word.start + by_s, "end": word.end + by_s})
        for word in turn.words
        if word.start is not None and word.end is not None
    )
    times = {"start": round(turn.start + by_s, 3), "end": round(turn.end + by_s, 3)}
    return turn.model_copy(update={**times, "words": words})


def moved(mark: Mark, by_s: float, turns: int) -> Mark:
    """A mark, later, and of the same turn there."""
    turn = None if mark.turn is None else mark.turn + turns
    times = {"start": round(mark.start + by_s, 3), "end": round(mark.end + by_s, 3)}
    return mark.model_copy(update={**times, "turn": turn})


def measured(folder: Path) -> dict[str, float]:
    """Make a report; what that took of this process, which has done nothing else."""
    before_mb = most_mb()
    began_s = time.process_time()
    report.write(folder)
    return {
        "made_cpu_s": round(time.process_time() - began_s, 2),
        "made_peak_mb": most_mb(),
        "of_which_before_mb": before_mb,
    }


def most_mb() -> int:
    """The most memory this process has had, on Linux; `getrusage` counts its parent's, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def long_report(browser: Browser, folder: Path) -> dict[str, float]:
    """The report of a long call."""
    # In a process of its own, for its memory alone.
    with multiprocessing.get_context("spawn").Pool(1) as process:
        made = process.apply(measured, (folder,))
    page = browser.new_page()
    page.goto((folder / REPORT).as_uri(), wait_until="commit")
    page.wait_for_load_state("domcontentloaded")
    figures = {"opened_s": page.evaluate(OPENED) / 1000, "ready_s": page.evaluate(READY) / 1000}
    figures |= {"seek_s": page.evaluate(SEEK) / 1000, "draw_ms": page.evaluate(DRAW)}
    page.close()
    size = (folder / REPORT).stat().st_size
    return {
        **made,
        "mb": round(size / 1e6, 1),
        **{name: round(value, 3) for name, value in figures.items()},
    }


def many(browser: Browser, one: Path, out: Path, calls: int) -> dict[str, float]:
    """The index of so many calls."""
    call: CallRecord = read_call(one)
    for number in range(calls):
        folder = out / f"call-{number}"
        folder.mkdir(parents=True)
        write_json(folder / CALL, call.model_copy(update={"call_id": folder.name}))
        shutil.copy(one / metrics.FILE, folder)
    began_s = time.process_time()
    made = index.write(out, read_calls(out).calls)
    made_s = time.process_time() - began_s
    page = browser.new_page()
    page.goto(made.as_uri(), wait_until="commit")
    page.wait_for_load_state("domcontentloaded")
    drawn = "() => new Promise((done) => requestAnimationFrame(() => done(performance.now())))"
    figures = {"opened_s": page.evaluate(drawn) / 1000, "sort_s": page.evaluate(SORT) / 1000}
    page.close()
    return {
        "made_cpu_s": round(made_s, 2),
        "mb": round(made.stat().st_size / 1e6, 1),
        **{name: round(value, 3) for name, value in figures.items()},
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value", "goal", title="reports")
    goals = {"cpu_s_per_call_of_90_s": "0.15", "long.opened_s": "2", "long.ready_s": "2"}
    for what, values in figures.items():
        for name, value in values.items():
            goal = goals.get(f"{what}.{name}", goals.get(name, ""))
            table.add_row(f"{what}: {name.replace('_', ' ')}", f"{value}", goal)
    Console().print(table)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="What reports cost, and how soon they open.")
    parser.add_argument("--hours", type=float, default=1.0, help="how long the long call is")
    parser.add_argument("--calls", type=int, default=10_000, help="how many the index holds")
    parser.add_argument("--json", type=Path, default=Path("bench/reports.json"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        place = Path(temporary)
        one = made_call(place)
        figures: dict[str, Any] = {"call": cost(one)}
        long = long_call(one, place, options.hours * 3600)
        flags = ["--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        figures["long"] = long_report(browser, long)
        figures["index"] = many(browser, one, place / "many", options.calls)
        browser.close()
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
