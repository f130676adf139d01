"""How exactly clean speech is placed on the recording's clock, over a real server.

    python -m benchmarks.placement [--rounds 3] [--calls 3] [--json bench/placement.json]

In each round, one source of sound is played by two participants, so both send the same speech at
the same moment, with clicks in it. The speech without the clicks is placed; where the clicks then
should be and where they are in the recording says how far off that is, by two ways of measuring
that share nothing. How far apart a click is in both channels is the channels' skew. Then calls are
made, and what they say of their own placement is counted.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from livekit import api, rtc
from rich.console import Console
from rich.table import Table

from duologue.call.over_livekit.recorder import IDENTITY, Recorder, recorder_token
from duologue.folder import event_log
from duologue.folder.channels import RATE_HZ, Pcm
from duologue.folder.folder import WIRE, CallFolder
from duologue.labels.placement import read
from duologue.labels.placement.align import Alignment, align
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import TurnFlaw
from duologue.pipeline.stages import label
from duologue.scenarios.scenario_file import DEFAULT, load_scenario
from duologue.servers.server import Server, running_server
from duologue.servers.worker_processes import running_workers
from shared import engines, logs
from shared.events import Said, Subscribed
from shared.events.journal import Event, Journal
from shared.settings import Settings
from shared.spec import Role
from tests.making import call_over

console = Console(highlight=False)

LINES = (
    "Thank you for calling. My name is Joe, and I will look into that for you at once.",
    "I can see two charges of forty nine dollars for this order. Shall I refund one of them?",
    "Yes, please.",
    "The desk lamp should have come on Friday the twentieth of November. It is late for a storm.",
    "Is there anything else I can help you with?",
)
GAP_S = 0.6
CLICK_EVERY_S = 0.25
CLICK_WITHIN = round(0.1 * RATE_HZ)
"""How far from where it should be a click is looked for: less than halfway to the next."""
FRAME = RATE_HZ // 50
_TIME = np.arange(RATE_HZ // 200) / RATE_HZ
CLICK = (
    9000 * np.hanning(len(_TIME)) * np.sin(2 * np.pi * (500 + 400_000 * _TIME) * _TIME)
).astype(np.int16)
"""5 ms from 500 Hz upwards: nothing in it repeats, so it fits in one place only."""


class Line(NamedTuple):
    """One line as it is played."""

    start: int
    """Sample of the whole at which it begins."""
    speech: Pcm
    clicks: tuple[int, ...]
    """Samples of the line at which clicks begin."""


async def spoken(settings: Settings) -> list[Line]:
    """The lines in the support agent's voice, one after the other."""
    models = engines.load(settings.engines(Role.SUPPORT), settings)
    lines: list[Line] = []
    start = RATE_HZ
    for text in LINES:
        frame = await models.tts.synthesize(text).collect()
        speech = np.frombuffer(frame.data, np.int16)
        every = round(CLICK_EVERY_S * RATE_HZ)
        lines.append(Line(start, speech, tuple(range(every // 2, len(speech) - every, every))))
        start += len(speech) + round(GAP_S * RATE_HZ)
    await models.aclose()
    return lines


def whole(lines: Sequence[Line]) -> Pcm:
    """All lines, with their clicks."""
    last = lines[-1]
    sound = np.zeros(last.start + len(last.speech) + RATE_HZ, np.int32)
    for line in lines:
        sound[line.start : line.start + len(line.speech)] += line.speech
        for click in line.clicks:
            at = line.start + click
            sound[at : at + len(CLICK)] += CLICK
    return sound.clip(-32768, 32767).astype(np.int16)


async def recorded(server: Server, sound: Pcm, out: Path, name: str) -> tuple[Path, float]:
    """What comes of `sound`, played by both sides at once; and when that began."""
    folder = CallFolder.create(out, name)
    source = rtc.AudioSource(RATE_HZ, 1, queue_size_ms=1000)
    rooms = {role: rtc.Room() for role in Role}
    async with Recorder(folder, Journal("driver"), room=name, call_id=name) as recorder:
        await recorder.start(server.address.url, recorder_token(server.address, name))
        subscribed: set[str] = set()
        both = asyncio.Event()

        def on_event(event: Event) -> None:
            if isinstance(event.payload, Subscribed):
                subscribed.add(event.payload.identity)
                if subscribed.issuperset(Role):
                    both.set()

        recorder.on_event(on_event)
        for role, room in rooms.items():
            grants = api.VideoGrants(room_join=True, room=name)
            await room.connect(server.address.url, server.address.token(role, grants))
            track = rtc.LocalAudioTrack.create_audio_track("voice", source)
            options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
            await room.local_participant.publish_track(track, options)
        await both.wait()
        began_s = recorder.clock.now()
        for first in range(0, len(sound), FRAME):
            frame = np.zeros(FRAME, np.int16)
            part = sound[first : first + FRAME]
            frame[: len(part)] = part
            await source.capture_frame(rtc.AudioFrame(frame.tobytes(), RATE_HZ, 1, FRAME))
        await source.wait_for_playout()
        await asyncio.sleep(1)
        await recorder.stop()
        for room in rooms.values():
            await room.disconnect()
        await source.aclose()
    return folder.path, began_s


class Located(NamedTuple):
    """One click in one channel."""

    line: int
    at: int
    error: int
    """How far it is from where the placed speech says it should be; both in samples."""
    stepped: bool
    """The jitter buffer has stepped inside its line."""


def locate(wire: Pcm, lines: Sequence[Line], began_s: float) -> list[Located]:
    """Every click of a channel."""
    found: list[Located] = []
    for number, line in enumerate(lines):
        first = max(0, round((began_s - 0.5) * RATE_HZ) + line.start)
        window = wire[first : first + len(line.speech) + round(2.5 * RATE_HZ)]
        alignment: Alignment = align(line.speech, window)
        for click in line.clicks:
            expected = first + alignment.start + click
            around = wire[expected - CLICK_WITHIN : expected + CLICK_WITHIN + len(CLICK)]
            fits = np.correlate(around.astype(np.float64), CLICK.astype(np.float64), "valid")
            error = int(np.argmax(fits)) - CLICK_WITHIN
            found.append(Located(number, expected + error, error, bool(alignment.jumps)))
    return found


def ms(samples: Iterable[int]) -> dict[str, float]:
    """Sizes of differences, in milliseconds."""
    sizes = np.abs(np.array(list(samples) or [0])) / RATE_HZ * 1000
    return {
        "p50": round(float(np.percentile(sizes, 50)), 2),
        "p95": round(float(np.percentile(sizes, 95)), 2),
        "max": round(float(sizes.max()), 2),
        "count": len(sizes),
    }


async def measure_clicks(server: Server, settings: Settings, rounds: int) -> dict[str, Any]:
    """Placement against clicks, and the skew of the channels."""
    lines = await spoken(settings)
    located: list[Located] = []
    skew: list[tuple[int, int]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(rounds):
            path, began_s = await recorded(server, whole(lines), Path(temporary), f"round-{number}")
            wire, _ = soundfile.read(path / WIRE, dtype="int16")
            one, other = (locate(channel, lines, began_s) for channel in wire.T)
            located += one + other
            apart = [
                (left.line, left.at - right.at) for left, right in zip(one, other, strict=True)
            ]
            skew += apart
            console.print(f"clicks, round {number + 1}/{rounds}: {ms(size for _, size in apart)}")
    return {
        "rounds": rounds,
        "click_error_ms": ms(each.error for each in located if not each.stepped),
        "click_error_in_stepped_lines_ms": ms(each.error for each in located if each.stepped),
        "skew_ms": ms(size for _, size in skew),
        "skew_by_line_ms": [
            ms(size for line, size in skew if line == number) for number in range(len(lines))
        ],
    }


async def measure_calls(server: Server, settings: Settings, calls: int) -> dict[str, Any]:
    """What calls say of their own placement."""
    folders: list[tuple[Path, float, int]] = []
    chosen = {role: settings.engines(role) for role in Role}
    with tempfile.TemporaryDirectory() as temporary:
        async with running_workers(server.address):
            for number in range(1, calls + 1):
                spec = load_scenario(DEFAULT).to_spec(
                    call_id=f"call-{number:03}", seed=number, engines=chosen, recorder=IDENTITY
                )
                result = await call_over(server.address, spec, Path(temporary), settings)
                began = time.process_time()
                label(result.folder)
                labelled_s = time.process_time() - began
                folders.append((result.folder, labelled_s, round(result.metrics.duration_s)))
                console.print(f"call {number}/{calls}: {result.ending.outcome}")
        return summary(folders)


def summary(folders: Sequence[tuple[Path, float, int]]) -> dict[str, Any]:
    """The figures of all calls together."""
    placements = [read(path) for path, _, _ in folders]
    utterances = [one for placement in placements for one in placement.utterances]
    placed = [one for one in utterances if one.correlation is not None and one.drift_ms is not None]
    turns = [turn for path, _, _ in folders for turn in transcript.read(path).turns]
    clocks = [clock for placement in placements for clock in placement.clocks.values()]
    drift = np.abs([one.drift_ms or 0.0 for one in placed])
    whole_drift = np.abs(
        [(one.drift_ms or 0.0) + sum(step.ms for step in one.steps) for one in placed]
    )
    return {
        "calls": len(folders),
        "said": sum(len(event_log.read(path, Said)) for path, _, _ in folders),
        "said_and_not_in_audio": sum(turn.flaw is TurnFlaw.NO_AUDIO for turn in turns),
        "utterances": Counter(one.source.value for one in utterances),
        "from_wire": sum(len(placement.from_wire) for placement in placements),
        "correlation": {
            name: round(float(np.percentile([one.correlation or 0.0 for one in placed], q)), 3)
            for name, q in (("min", 0), ("p5", 5), ("p50", 50))
        },
        "drift_ms_p95": round(float(np.percentile(drift, 95)), 2),
        "within_1_ms_steps_left_out": round(float(np.mean(drift <= 1)), 3),
        "within_1_ms_steps_counted": round(float(np.mean(whole_drift <= 1)), 3),
        "steps": sum(len(one.steps) for one in placed),
        "clock_spread_ms": ms(round((clock.spread_s or 0.0) * RATE_HZ) for clock in clocks),
        "delay_ms": ms(round((clock.delay_s or 0.0) * RATE_HZ) for clock in clocks),
        "labelled_times_faster": round(
            sum(length for _, _, length in folders) / sum(took for _, took, _ in folders), 1
        ),
    }


TARGETS = {
    "click_error_ms": "1 ms",
    "skew_ms": "p95 20 ms",
    "said_and_not_in_audio": "0",
    "within_1_ms_steps_left_out": "0.95",
    "labelled_times_faster": "20",
}


def show(figures: dict[str, dict[str, Any]]) -> None:
    """Print the figures as tables."""
    for name, part in figures.items():
        table = Table("figure", "value", "target", title=name)
        for figure, value in part.items():
            shown = dict(value) if isinstance(value, dict) else value
            table.add_row(figure.replace("_", " "), str(shown), TARGETS.get(figure, ""))
        console.print(table)


async def measure(rounds: int, calls: int) -> dict[str, dict[str, Any]]:
    """All figures."""
    settings = Settings()
    async with running_server(settings, console.print) as server:
        figures = {"clicks": await measure_clicks(server, settings, rounds)}
        if calls:
            figures["calls"] = await measure_calls(server, settings, calls)
    return figures


def main() -> None:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description="How exactly speech is placed.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("bench/placement.json"))
    options = parser.parse_args()
    logs.configure("console", level=40)
    figures = asyncio.run(measure(options.rounds, options.calls))
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
