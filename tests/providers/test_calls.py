"""Whole calls on a real livekit-server, by `duologue call`, whose engines are all services."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from duologue import eventlog
from duologue.folder import CALL, Call
from duologue.outcome import ExitCode, Outcome
from duologue.scenario import load_scenario
from duologue.transcript import read as read_transcript
from duologue.wer import word_errors
from shared.events import EventName
from shared.settings import PROFILES, Profile, inherited_environment
from shared.spec import Role
from shared.spoken import normalize
from tests.duologue.processes import REPOSITORY
from tests.providers.cartesia_server import CartesiaServer
from tests.providers.deepgram_server import DeepgramServer
from tests.providers.dialogue import rules_of
from tests.providers.openai_server import OpenAIServer
from tests.providers.service import Fault

TIMEOUT_S = 200


class Cloud(NamedTuple):
    """The providers."""

    openai: OpenAIServer
    deepgram: DeepgramServer
    cartesia: CartesiaServer

    def environment(self) -> dict[str, str]:
        """With their keys and addresses."""
        settings: dict[str, Any] = {}
        for server in self:
            settings |= server.settings
        named = {name.upper(): value for name, value in settings.items()}
        return inherited_environment() | {"DUOLOGUE_SERVICE_TIMEOUT_S": "15"} | named


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with ExitStack() as stack:
        servers = (OpenAIServer(), DeepgramServer(), CartesiaServer())
        yield Cloud(*(stack.enter_context(server) for server in servers))


def place(cloud: Cloud, out: Path) -> tuple[int, str]:
    """`duologue call` with the profile `cloud`: its exit status, and what it printed."""
    command = ["duologue", "call", "--profile", "cloud", "--out", str(out), "--call-id", "c1"]
    made = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=out,
        env={**cloud.environment(), "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return made.returncode, made.stdout


def test_a_call_on_three_providers_reaches_its_goal(cloud: Cloud, tmp_path: Path) -> None:
    spec = load_scenario().to_spec(call_id="c1", seed=0, engines=PROFILES[Profile.CLOUD])
    cloud.openai.answer = rules_of(spec)
    code, printed = place(cloud, tmp_path)
    assert code == ExitCode.GOAL_REACHED, printed
    folder = tmp_path / "c1"
    call = Call.model_validate_json((folder / CALL).read_bytes())
    assert call.outcome is Outcome.COMPLETED
    assert call.spec.engines == PROFILES[Profile.CLOUD]
    for turn in read_transcript(folder).turns:
        if not turn.interrupted and turn.said:
            wrong = word_errors(normalize(turn.said), normalize(turn.heard or ""))
            assert (wrong.rate or 0) <= 0.34, turn
    assert cloud.deepgram.refused == cloud.cartesia.refused == []
    assert cloud.cartesia.spoken


def test_a_provider_that_fails_ends_the_call_and_is_named(cloud: Cloud, tmp_path: Path) -> None:
    spec = load_scenario().to_spec(call_id="c1", seed=0, engines=PROFILES[Profile.CLOUD])
    cloud.openai.answer = rules_of(spec)
    cloud.deepgram.faults["stt"].fail(Fault.UNAUTHORIZED)
    code, printed = place(cloud, tmp_path)
    assert code == ExitCode.SYSTEM, printed
    call = Call.model_validate_json((tmp_path / "c1" / CALL).read_bytes())
    assert call.outcome is Outcome.ENGINE_FAILED
    assert "support: engine_failed: stt deepgram/nova-3: " in call.detail
    assert "401" in call.detail
    ended = {
        entry.role: entry.fields["reason"]
        for entry in eventlog.read(tmp_path / "c1", EventName.ENDED)
    }
    assert ended == {Role.SUPPORT: "engine_failed", Role.CUSTOMER: "peer_left"}
