"""A server that speaks Deepgram's protocol: listening and speaking over websockets.

It refuses what Deepgram refuses, hears with Whisper and speaks with Hibari.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any, Self

from aiohttp import WSMsgType, web

from shared.engines.local_tts import SAMPLE_RATE as SPOKEN_RATE
from shared.engines.local_tts import place_words
from shared.engines.pcm import resample
from tests.providers import speech
from tests.providers.endpointing import Endpointing, Started, Turn
from tests.providers.service import GARBAGE, STATUSES, Fault, Faults, Hear, Speak, break_off, served

HEARING_MODELS = ("nova-3",)
VOICES = {"aura-2-andromeda-en": "heart", "aura-2-apollo-en": "heart-deep"}
"""Deepgram's voices, and those of Hibari that speak for them."""
RATES = range(8_000, 48_001)
CHUNK = 9_600

Talk = Callable[[web.Request, web.WebSocketResponse, Fault | None], Awaitable[None]]


class Malformed(Exception):
    """A message that Deepgram closes the connection for."""


class DeepgramServer:
    """A server on loopback, from `with` to its end."""

    def __init__(self) -> None:
        self.key = "dg-local"
        self.hear: Hear = speech.hear
        self.speak: Speak = speech.speak
        self.late_s = 0.0
        """How much later than it could the words come."""
        self.faults = {kind: Faults() for kind in ("stt", "tts")}
        self.spoken: list[str] = []
        self.refused: list[str] = []
        """Why, of what was refused."""
        self.url = ""
        self._serving = ExitStack()

    @property
    def settings(self) -> dict[str, Any]:
        """What has the engines `deepgram/...` talk to this server."""
        return {"deepgram_api_key": self.key, "deepgram_base_url": self.url}

    def __enter__(self) -> Self:
        routes = [
            web.get("/v1/listen", self._guarded("stt", self._may_listen, self._listen)),
            web.get("/v1/speak", self._guarded("tts", self._may_speak, self._speak)),
        ]
        self.url = f"http://{self._serving.enter_context(served(routes))}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.close()

    def _guarded(self, kind: str, allowed: Callable[[Any], str], talk: Talk) -> Any:
        """A websocket on which `talk` is held, unless it is refused or is to fail."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            fault = self.faults[kind].next()
            status, why = STATUSES.get(fault, 0), f"{fault} was asked for"
            if not status and request.headers.get("Authorization") != f"Token {self.key}":
                status, why = 401, "Invalid credentials."
            if not status and (why := allowed(request.query)):
                status = 400
            if status:
                self.refused.append(why)
                body = {"err_code": "REFUSED", "err_msg": why, "request_id": "local"}
                return web.json_response(body, status=status)
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            try:
                await talk(request, socket, fault)
            except Malformed as malformed:
                self.refused.append(str(malformed))
                await socket.close(code=1008, message=str(malformed).encode())
            return socket

        return guarded

    def _may_listen(self, query: Any) -> str:
        """Why a stream with these parameters is refused; empty if it is not."""
        if query.get("model") not in HEARING_MODELS:
            return f"No such model: {query.get('model')!r}"
        return _wrong_audio(query)

    def _may_speak(self, query: Any) -> str:
        if query.get("model") not in VOICES:
            return f"No such model: {query.get('model')!r}"
        return _wrong_audio(query)

    async def _listen(
        self, request: web.Request, socket: web.WebSocketResponse, fault: Fault | None
    ) -> None:
        query = request.query
        listening = _Listening(self, socket, int(query["sample_rate"]), int(query["endpointing"]))
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                if not message.data or len(message.data) % 2:
                    raise Malformed("audio must be whole 16-bit samples")
                if fault is Fault.SILENT:
                    continue
                await listening.take(request, message.data, fault)
                continue
            kind = _kind(message.data)
            if kind == "Finalize":
                await listening.finalize()
            elif kind == "CloseStream":
                await listening.finalize()
                await socket.send_json({"type": "Metadata", "request_id": "local"})
                await socket.close()
            elif kind != "KeepAlive":
                raise Malformed(f"unknown message {kind!r}")

    async def _speak(
        self, request: web.Request, socket: web.WebSocketResponse, fault: Fault | None
    ) -> None:
        text = ""
        await socket.send_json({"type": "Metadata", "request_id": "local"})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                raise Malformed("audio is not spoken")
            kind = _kind(message.data)
            if kind == "Speak":
                text += json.loads(message.data)["text"]
            elif kind == "Flush":
                await self._say(request, socket, text, fault)
                text = ""
            elif kind == "Close":
                await socket.close()
            elif kind != "Clear":
                raise Malformed(f"unknown message {kind!r}")

    async def _say(
        self, request: web.Request, socket: web.WebSocketResponse, text: str, fault: Fault | None
    ) -> None:
        if fault is Fault.SILENT:
            return
        if fault is Fault.GARBAGE:
            await socket.send_str(GARBAGE.decode())
            return
        if text.strip():
            self.spoken.append(text.strip())
            voice, rate = VOICES[request.query["model"]], int(request.query["sample_rate"])
            pcm = await asyncio.to_thread(self.speak, text, voice, rate)
            for begin in range(0, len(pcm), CHUNK):
                if begin:
                    await break_off(request, fault)
                await socket.send_bytes(pcm[begin : begin + CHUNK])
        await socket.send_json({"type": "Flushed", "sequence_id": 0})


class _Listening:
    """One stream of audio."""

    def __init__(
        self, server: DeepgramServer, socket: web.WebSocketResponse, rate: int, silence_ms: int
    ) -> None:
        self._server, self._socket, self._rate = server, socket, rate
        self._endpointing = Endpointing(rate, silence_ms / 1000)

    async def take(self, request: web.Request, pcm: bytes, fault: Fault | None) -> None:
        for found in self._endpointing.take(pcm):
            if fault is Fault.GARBAGE:
                await self._socket.send_str(GARBAGE.decode())
            elif isinstance(found, Started):
                await self._socket.send_json(
                    {"type": "SpeechStarted", "channel": [0], "timestamp": found.at_s}
                )
                await break_off(request, fault)
            else:
                await self._tell(found)

    async def finalize(self) -> None:
        if self._endpointing.open:
            await self._tell(self._endpointing.end())

    async def _tell(self, turn: Turn) -> None:
        """Send the words of a turn, in two parts as Deepgram would send those of a longer one."""
        text = await asyncio.to_thread(self._server.hear, turn.samples, self._rate)
        await asyncio.sleep(self._server.late_s)
        placed = place_words(text, resample(turn.samples, self._rate, SPOKEN_RATE))
        words = [
            {
                "word": word.text.lower().strip(".,?!"),
                "punctuated_word": word.text,
                "start": turn.at_s + word.start_s,
                "end": turn.at_s + word.end_s,
                "confidence": 0.9,
            }
            for word in placed
        ]
        half = len(words) // 2
        if half:
            await self._results(words[:half], last=False)
        await self._results(words[half:], last=True)

    async def _results(self, words: list[dict[str, Any]], *, last: bool) -> None:
        transcript = " ".join(word["punctuated_word"] for word in words)
        alternative = {"transcript": transcript, "confidence": 0.9, "words": words}
        await self._socket.send_json(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "is_final": True,
                "speech_final": last,
                "channel": {"alternatives": [alternative]},
                "metadata": {"request_id": "local"},
            }
        )


def _wrong_audio(query: Any) -> str:
    if query.get("encoding") != "linear16":
        return f"encoding {query.get('encoding')!r} is not linear16"
    rate = query.get("sample_rate", "")
    if not rate.isdigit() or int(rate) not in RATES:
        return f"Unsupported audio format: sample_rate {rate!r}"
    return ""


def _kind(data: Any) -> Any:
    try:
        return json.loads(data)["type"]
    except (TypeError, ValueError, KeyError):
        raise Malformed("a message is a JSON object with a type") from None
