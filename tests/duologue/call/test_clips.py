"""A recorded file as a customer's turn: played as it is, on both transports, and labelled."""

import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from livekit import api, rtc
from typer.testing import CliRunner

from duologue.call.over_livekit.clip_sender import ClipSender
from duologue.call.over_livekit.recorder import Recorder, new_identity, recorder_token
from duologue.cli.cli import app
from duologue.folder.channels import CHANNELS, RATE_HZ
from duologue.folder.folder import AUDIO, CallFolder, read_call, sha256
from duologue.labels.transcript.transcript import read as read_transcript
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import load_scenario
from duologue.servers.server import Server
from shared.engines import hibari
from shared.engines.clips import find_clip, read_clips, to_flac
from shared.engines.pcm import FULL_SCALE, to_pcm
from shared.errors import DocumentError, UsageError
from shared.events.journal import Journal
from shared.settings import Settings
from shared.spec import CallSpec, Role
from shared.worker.bus import RoomBus
from shared.worker.clip_delivery import CLIPS_TOPIC, ClipDelivery
from tests.making import call_directly

QUICK = Settings(_env_file=None, customer_tts="hibari/heart-low")
WORDS = "Hi, what are your opening hours on Saturday?"
FILE = """\
name: Played
scenarios:
  - label: played
    persona: yash-patel
    userdata: {business: clinic}
    goals:
      - say:
          audio: said.wav
          text: Hi, what are your opening hours on Saturday?
        met_when: [saturday]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario and its recording: in stereo, at another rate, of another voice, with a noise."""
    folder = tmp_path_factory.mktemp("played")
    spoken = hibari.load("heart").speak(WORDS, 3)
    hum = 0.02 * np.sin(2 * np.pi * 180 * np.arange(len(spoken)) / 24_000)
    soundfile.write(folder / "said.wav", np.stack([spoken + hum, spoken], axis=1), 22_050)
    (folder / "scenarios.yaml").write_text(FILE)
    return folder


def spec_of(scenario: Scenario, call_id: str = "played") -> CallSpec:
    engines = {role: QUICK.engines(role) for role in Role}
    return scenario.to_spec(call_id=call_id, seed=1, engines=engines)


def test_the_file_is_heard_as_it_is_and_its_words_are_in_the_transcript(
    folder: Path, tmp_path: Path
) -> None:
    spec = spec_of(load_scenario(str(folder / "scenarios.yaml")))
    result = call_directly(spec, tmp_path, QUICK)
    assert result.metrics.task_success
    [turn] = [each for each in read_transcript(result.folder).turns if each.said == WORDS]
    assert turn.role is Role.CUSTOMER
    assert [word.text for word in turn.words] == WORDS.split()
    audio, _ = soundfile.read(result.folder / AUDIO)
    channel = audio[:, CHANNELS.index(Role.CUSTOMER)]
    [read] = read_clips(spec.customer).values()
    around = channel[round((turn.start - 0.5) * RATE_HZ) : round((turn.end + 0.5) * RATE_HZ)]
    lags = np.correlate(around, read.samples[:RATE_HZ], "valid")
    first = int(lags.argmax())
    heard = around[first : first + RATE_HZ]
    assert np.abs(heard - read.samples[:RATE_HZ]).max() <= 1 / FULL_SCALE
    goal = read_call(result.folder).spec.customer
    assert goal
    assert goal.goals[0].clip
    assert goal.goals[0].clip.sha256 == sha256(folder / "said.wav")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("missing.wav", None, "there is no such file"),
        ("text.wav", b"Hi, my order is late.", "is no audio that can be read"),
        ("empty.wav", 0.0, "has no sound in it"),
        ("long.wav", 61.0, "is 61 s long; at most 60 s are played"),
    ],
)
def test_a_file_that_cannot_be_played_is_refused_at_its_line(
    tmp_path: Path, name: str, content: bytes | float | None, problem: str
) -> None:
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content is not None:
        soundfile.write(tmp_path / name, np.zeros(round(content * 8000)), 8000)
    file = tmp_path / "scenarios.yaml"
    file.write_text(FILE.replace("said.wav", name))
    with pytest.raises(DocumentError, match=rf"yaml:8: .*{re.escape(problem)}"):
        load_scenario(str(file))


def test_a_file_that_was_changed_since_the_plan_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "scenarios.yaml").write_text(FILE)
    (tmp_path / "said.wav").write_bytes((folder / "said.wav").read_bytes())
    spec = spec_of(load_scenario(str(tmp_path / "scenarios.yaml")))
    soundfile.write(tmp_path / "said.wav", np.zeros(8000), 8000)
    with pytest.raises(UsageError, match="is another file than was planned"):
        read_clips(spec.customer)


def test_somebody_else_who_plays_the_scenario_says_what_is_in_the_file(folder: Path) -> None:
    scenario = load_scenario(str(folder / "scenarios.yaml"))
    goal = scenario.goals[0].model_copy(update={"say": "I am Yash Patel."})
    played = scenario.model_copy(update={"goals": (goal,)}).with_persona(
        scenario.persona.model_copy(update={"name": "Ana Lima"})  # type: ignore[union-attr]
    )
    assert played.goals == (goal,)


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        (["Hi, what are", " your opening hours on Saturday", "?"], WORDS),
        (["hi - what are your opening hours, on Saturday"], WORDS),
        (["Hi, what are your opening hours?"], None),
        (["Hi, what are your opening hours on Saturday? ", "And on Sunday?"], None),
    ],
)
async def test_a_turn_of_just_these_words_is_played_and_any_other_is_said_whole(
    chunks: list[str], words: str | None
) -> None:
    async def text() -> AsyncIterator[str]:
        for chunk in chunks:
            yield chunk

    found, whole = await find_clip(text(), {WORDS: np.zeros(1, np.float32)})
    assert found == words
    assert [chunk async for chunk in whole] == chunks


def test_it_is_shown_as_it_is_written(folder: Path) -> None:
    shown = CliRunner().invoke(app, ["scenarios", "show", str(folder / "scenarios.yaml")]).stdout
    goal = {"say": {"audio": str(folder / "said.wav"), "text": WORDS}, "met_when": ["saturday"]}
    assert yaml.safe_load(shown)["goals"] == [goal]


async def test_a_worker_gets_the_file_over_its_room_and_from_nobody_else(
    folder: Path, tmp_path: Path, server: Server
) -> None:
    spec = spec_of(load_scenario(str(folder / "scenarios.yaml")))
    [(words, read)] = read_clips(spec.customer).items()
    address, name = server.address, f"clips-{secrets.token_hex(4)}"
    spec = spec.model_copy(update={"recorder": new_identity()})
    assert spec.recorder
    ours, stranger = rtc.Room(), rtc.Room()
    journal = Journal(Role.CUSTOMER)
    delivery, bus = ClipDelivery(ours, spec, journal), RoomBus(ours, spec.recorder, journal)
    for room, identity in ((ours, "customer"), (stranger, spec.recorder[:-1])):
        grants = api.VideoGrants(room_join=True, room=name)
        await room.connect(address.url, address.token(identity, grants))
    await stranger.local_participant.send_bytes(
        to_flac(np.zeros(100, np.float32)), topic=CLIPS_TOPIC, name=read.clip.sha256
    )
    made = CallFolder.create(tmp_path, name)
    async with Recorder(made, Journal("driver"), room=name, call_id=name) as recorder:
        sender = ClipSender(recorder, {read.clip.sha256: to_flac(read.samples)})
        token = recorder_token(address, name, spec.recorder, sends=True)
        await recorder.start(address.url, token)
        bus.start()
        came = await delivery.wait()
        await bus.aclose()
        await sender.aclose()
    assert to_pcm(came[words]) == to_pcm(read.samples)
    for room in (ours, stranger):
        await room.disconnect()
