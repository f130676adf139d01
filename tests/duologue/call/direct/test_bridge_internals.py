"""That the LiveKit which is installed has what is used of it in the process of somebody's agent.

Whole calls (`test_agent_file.py`) run all of it; what fails here names what has moved.
"""

import inspect
from typing import Any

import aiohttp
import pytest
from livekit import rtc
from livekit.agents import AgentServer, JobContext, WorkerOptions, llm
from livekit.agents.inference_runner import _InferenceRunner
from livekit.agents.ipc.job_proc_lazy_main import _JobProc
from livekit.agents.simulation import SimulationContext
from livekit.agents.voice.agent_activity import AgentActivity
from livekit.api.twirp_client import TwirpClient

from duologue.call.direct.bridge import livekit_internals as internals
from duologue.call.direct.bridge.sound import LocalAudioTrack, Microphone


async def entrypoint(context: JobContext) -> None:
    """Nothing."""


async def on_session_end(context: JobContext) -> None:
    """Nothing."""


def test_what_a_file_registers_is_known_of_a_server_and_of_options() -> None:
    server = AgentServer()
    assert internals.functions_of(server) is None
    server.rtc_session(entrypoint, on_session_end=on_session_end)
    functions = internals.functions_of(server)
    assert functions
    assert (functions.entrypoint, functions.on_session_end) == (entrypoint, on_session_end)
    old = AgentServer.from_server_options(WorkerOptions(entrypoint_fnc=entrypoint))
    of_options = internals.functions_of(old)
    assert of_options
    assert of_options.entrypoint is entrypoint


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (AgentActivity, "llm"),
        (AgentActivity, "stt"),
        (AgentActivity, "tts"),
    ],
)
def test_an_activity_says_which_engines_it_uses(owner: type, name: str) -> None:
    assert isinstance(inspect.getattr_static(owner, name), property)


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (_JobProc, ("initialize", "entrypoint", "_inf_client", "_job_ctx")),
        (SimulationContext, ("_begin_finalize",)),
        (llm.LLMStream, ("_run", "_event_ch")),
        (aiohttp.ClientSession, ("_request", "_ws_connect")),
        (aiohttp.ClientResponse, ("read",)),
        (TwirpClient, ("request",)),
        (_InferenceRunner, ("registered_runners", "initialize", "run")),
    ],
)
def test_private_names_are_there(owner: type[Any], names: tuple[str, ...]) -> None:
    source = inspect.getsource(owner)
    assert not [name for name in names if name not in source]


async def test_tracks_and_participants_are_made_without_webrtc() -> None:
    microphone = internals.new_remote_track(Microphone, "microphone")
    caller = internals.new_caller("caller", "Ann Lee", microphone)
    [published] = caller.track_publications.values()
    assert (caller.identity, caller.name) == ("caller", "Ann Lee")
    assert caller.kind == rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
    assert (published.track, published.subscribed) == (microphone, True)
    assert published.source == rtc.TrackSource.SOURCE_MICROPHONE
    track = internals.new_local_track(LocalAudioTrack, "voice")
    ours = internals.published_by_us(track, "TR_1", rtc.TrackSource.SOURCE_MICROPHONE)
    await ours.wait_for_subscription()
    assert (ours.track, ours.sid, track.sid) == (track, "TR_1", "TR_1")


async def test_a_room_is_entered_and_left_without_a_server() -> None:
    room = internals.BareRoom()
    seen: list[str] = []
    room.on("connected", lambda: seen.append("connected"))
    room.on("disconnected", lambda _: seen.append("disconnected"))
    us = internals.BareParticipant(room, "agent", {"a": "1"})
    await us.set_attributes({"b": "2"})
    room.enter(us, [])
    assert room.isconnected()
    assert (await room.sid, room.local_participant.attributes) == (
        "RM_direct",
        {"a": "1", "b": "2"},
    )
    room.leave(rtc.DisconnectReason.CLIENT_INITIATED)
    assert not room.isconnected()
    assert seen == ["connected", "disconnected"]
