"""`rtc.Room` without a server: a room of two, the agent and its caller.

Participants, tracks and publications are those of `livekit.rtc`; RoomIO, SessionHost,
BackgroundAudioPlayer and JobContext run on it as they are. What the agent does in the room is told
to the other process.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from livekit import rtc

from . import livekit_internals as internals
from .resampler import AudioResampler, Sound
from .sound import AudioSource, AudioStream, LocalAudioTrack, Microphone

CALLER = "caller"
"""The identity of whoever calls, as of a person's browser: nothing to be told by."""
SESSION_TOPIC = "lk.agent.session"

Tell = Callable[..., None]
"""Takes what `Wire.send` does."""


class Room(internals.BareRoom):
    """The room of the call."""

    tell: ClassVar[Tell] = staticmethod(lambda *_args, **_fields: None)
    """Tells the other process."""
    agent: ClassVar[dict[str, Any]] = {}
    """As whom the agent joins: its `identity` and `attributes`, and the caller's `name`."""
    current: ClassVar["Room | None"] = None
    """The one that the agent has joined."""

    def __init__(self, loop: Any = None) -> None:
        super().__init__(loop)
        self.microphone = internals.new_remote_track(Microphone, "microphone")
        self.microphone.streams = set()
        self._us: LocalParticipant | None = None

    async def connect(self, url: str, token: str, options: Any = None) -> None:
        """Join; the caller is there already."""
        del url, token, options
        if Room.current:
            raise rtc.ConnectError("there is one room without a server, and the agent is in it")
        Room.current = self
        caller = internals.new_caller(CALLER, self.agent["name"], self.microphone)
        self._us = LocalParticipant(self, self.agent["identity"], self.agent["attributes"])
        self.enter(self._us, [caller])
        self.tell("joined", identity=self._us.identity)
        self.emit("participant_connected", caller)
        self.emit("participant_active", caller)
        for publication in caller.track_publications.values():
            self.emit("track_published", publication, caller)
            self.emit("track_subscribed", self.microphone, publication, caller)

    async def disconnect(self, *, reason: Any = None) -> None:
        """Leave."""
        self.close("disconnected", reason or rtc.DisconnectReason.CLIENT_INITIATED)

    def close(self, why: str, reason: Any) -> None:
        """Have the agent be out of the room."""
        if self.isconnected():
            self.leave(reason)
            self.tell("left", reason=why)

    def caller_leaves(self) -> None:
        """Have the caller hang up."""
        if self.isconnected() and (caller := self.lose(CALLER)):
            internals.mark_left(caller)
            self.emit("participant_disconnected", caller)

    def caller_presses(self, digit: str, code: int) -> None:
        """Have the caller press a key of the telephone."""
        caller = self.remote_participants.get(CALLER)
        self.emit("sip_dtmf_received", rtc.SipDTMF(code=code, digit=digit, participant=caller))

    def play(self, count: int) -> Sound:
        """What the caller hears of the agent in a tick."""
        mix = np.zeros(count, np.int32)
        if self._us and self.isconnected():
            for source, heard in self._us.sources.values():
                played = source.pull(count)
                if heard:
                    mix += played
        pcm: Sound = np.clip(mix, -32768, 32767).astype(np.int16)
        return pcm

    def hear(self, pcm: Sound) -> None:
        """Let the agent hear what the caller says in a tick."""
        for stream in tuple(self.microphone.streams):
            stream.push(pcm)


class LocalParticipant(internals.BareParticipant):
    """The agent in the room."""

    def __init__(self, room: Room, identity: str, attributes: dict[str, str]) -> None:
        super().__init__(room, identity, attributes)
        self._room = room
        self.sources: dict[str, tuple[AudioSource, bool]] = {}
        """By the track's sid; and whether it is the agent's voice."""
        self._handlers: dict[str, Any] = {}
        room.tell("attributes", attributes=attributes)

    async def set_attributes(self, attributes: dict[str, str]) -> None:
        """Change some; others see them."""
        await super().set_attributes(attributes)
        self._room.tell("attributes", attributes=attributes)

    async def publish_track(self, track: Any, options: Any = None) -> rtc.LocalTrackPublication:
        """Publish a track, which the caller subscribes to at once."""
        sid = f"TR_{track.name}_{len(self.sources)}"
        source = options.source if options else rtc.TrackSource.SOURCE_UNKNOWN
        publication = internals.published_by_us(track, sid, source)
        self.add(publication)
        if isinstance(track, LocalAudioTrack):
            voice = source == rtc.TrackSource.SOURCE_MICROPHONE
            self.sources[sid] = (track.audio_source, voice)
            self._room.tell("published", name=track.name, sid=sid, voice=voice)
        self._room.emit("local_track_published", publication, track)
        self._room.emit("local_track_subscribed", track)
        return publication

    async def unpublish_track(self, track_sid: str) -> None:
        """Publish a track no more."""
        self.sources.pop(track_sid, None)
        if publication := self.remove(track_sid):
            self._room.emit("local_track_unpublished", publication)

    async def publish_transcription(self, transcription: Any) -> None:
        """Nothing: the same comes as text."""

    async def publish_data(self, payload: bytes | str, **options: Any) -> None:
        """Send data to the caller."""
        data = payload.encode() if isinstance(payload, str) else bytes(payload)
        self._room.tell("data", data, topic=options.get("topic", ""))

    async def publish_dtmf(self, *, code: int, digit: str) -> None:
        """Press a key of the telephone."""
        self._room.tell("pressed", code=code, digit=digit)

    async def stream_text(  # type: ignore[override]
        self, *, topic: str = "", attributes: Any = None, **_: Any
    ) -> "Writer":
        """Send text to the caller, bit by bit."""
        return Writer(self._tell_text, topic, attributes or {})

    async def send_text(
        self, text: str, *, topic: str = "", attributes: Any = None, **_: Any
    ) -> Any:
        """Send a text to the caller."""
        self._tell_text(text.encode(), topic, attributes or {})
        return _info(topic)

    async def stream_bytes(  # type: ignore[override]
        self, name: str, *, topic: str = "", **options: Any
    ) -> "Writer":
        """Send bytes to the caller, bit by bit."""
        del name
        return Writer(self._tell_bytes, topic, options.get("attributes") or {})

    async def send_bytes(self, data: bytes, *, topic: str = "", **options: Any) -> Any:
        """Send bytes to the caller."""
        self._tell_bytes(bytes(data), topic, options.get("attributes") or {})
        return _info(topic)

    async def send_file(self, file_path: str, *, topic: str = "", **_: Any) -> Any:
        """Send a file to the caller, who has no use for it."""
        del file_path
        return _info(topic)

    def register_rpc_method(self, method_name: str, handler: Any = None) -> Any:
        """Keep a method that the caller may ask for; as a decorator, too."""

        def register(function: Any) -> Any:
            self._handlers[method_name] = function
            return function

        return register if handler is None else register(handler)

    def unregister_rpc_method(self, method: str) -> None:
        """Keep it no more."""
        self._handlers.pop(method, None)

    async def perform_rpc(self, *, method: str, **_: Any) -> str:
        """Ask the caller, who is at a telephone and has no page to answer with.

        Raises:
            RpcError: As of a participant that does not know the method.
        """
        self._room.tell("asked_caller", method=method)
        raise rtc.RpcError(rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD, f"no caller has {method!r}")

    def _tell_text(self, text: bytes, topic: str, attributes: dict[str, str]) -> None:
        self._room.tell("text", text, topic=topic, attributes=attributes)

    def _tell_bytes(self, data: bytes, topic: str, attributes: dict[str, str]) -> None:
        del attributes
        if topic == SESSION_TOPIC:
            self._room.tell("session", data)


class Writer:
    """As rtc's writers of streams: what is written is told as a whole when it is closed."""

    def __init__(
        self, tell: Callable[[bytes, str, dict[str, str]], None], topic: str, attributes: Any
    ):
        self.info = _info(topic)
        self._tell, self._topic, self._attributes = tell, topic, attributes
        self._parts: list[bytes] = []

    async def write(self, data: str | bytes) -> None:
        """Add to it."""
        self._parts.append(data.encode() if isinstance(data, str) else bytes(data))

    async def aclose(self, *, reason: str = "", attributes: Any = None) -> None:
        """Send it."""
        del reason
        self._tell(b"".join(self._parts), self._topic, self._attributes | (attributes or {}))


def _info(topic: str) -> Any:
    return rtc.TextStreamInfo(
        stream_id="direct",
        mime_type="",
        topic=topic,
        timestamp=0,
        size=0,
        attributes={},
        attachments=[],
    )


def install() -> None:
    """Have `livekit.rtc` make these from now on; before the agent's file is imported."""
    ours: dict[str, Any] = {
        "Room": Room,
        "AudioSource": AudioSource,
        "AudioStream": AudioStream,
        "AudioResampler": AudioResampler,
        "LocalAudioTrack": LocalAudioTrack,
    }
    for name, stand_in in ours.items():
        setattr(rtc, name, stand_in)
