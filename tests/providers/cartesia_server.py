"""A server that speaks Cartesia's protocol: turns are heard, and text is spoken, over websockets.

It refuses what Cartesia refuses, hears with Whisper and speaks with Hibari.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any, Literal, Self

import numpy as np
from aiohttp import WSMsgType, web
from pydantic import BaseModel, Field, ValidationError

from shared.engines.local_tts import SAMPLE_RATE as SPOKEN_RATE
from shared.engines.local_tts import place_words
from shared.engines.pcm import FULL_SCALE, Samples, resample
from shared.errors import wrong_field
from tests.providers import speech
from tests.providers.endpointing import Endpointing, Started
from tests.providers.service import GARBAGE, STATUSES, Fault, Faults, Hear, Speak, break_off, served

HEARING_MODELS = ("ink-2",)
SPEECH_MODELS = ("sonic-3",)
VOICES = {"f786b574-daa5-4673-aa0c-cbe3e8534c02": "heart"}
"""Cartesia's voices, and those of Hibari that speak for them."""
RATES = (8_000, 16_000, 22_050, 24_000, 44_100, 48_000)
VERSION = "2025-04-16"
SILENCE_S = 0.7
"""After which a turn is over; Cartesia's own model looks at more."""
CHUNK_S = 0.2

Talk = Callable[[web.Request, web.WebSocketResponse, Fault | None], Awaitable[None]]


class _Voice(BaseModel):
    mode: Literal["id"]
    id: str


class _Format(BaseModel):
    container: Literal["raw"]
    encoding: Literal["pcm_s16le"]
    sample_rate: int


class _Generation(BaseModel):
    """A message of the text-to-speech websocket."""

    model_id: str
    voice: _Voice
    output_format: _Format
    context_id: str = Field(min_length=1)
    transcript: str
    go_on: bool = Field(default=False, alias="continue")
    language: str | None = None
    add_timestamps: bool = False


class CartesiaServer:
    """A server on loopback, from `with` to its end."""

    def __init__(self) -> None:
        self.key = "sk_car_local"
        self.hear: Hear = speech.hear
        self.speak: Speak = speech.speak
        self.faults = {kind: Faults() for kind in ("stt", "tts")}
        self.spoken: list[str] = []
        self.refused: list[str] = []
        """Why, of what was refused."""
        self.url = ""
        self._serving = ExitStack()

    @property
    def settings(self) -> dict[str, Any]:
        """What has the engines `cartesia/...` talk to this server."""
        return {"cartesia_api_key": self.key, "cartesia_base_url": self.url}

    def __enter__(self) -> Self:
        routes = [
            web.get("/stt/turns/websocket", self._guarded("stt", _may_listen, self._listen)),
            web.get("/tts/websocket", self._guarded("tts", _may_speak, self._speak)),
        ]
        self.url = f"http://{self._serving.enter_context(served(routes))}"
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.close()

    def _guarded(self, kind: str, allowed: Callable[[web.Request], str], talk: Talk) -> Any:
        """A websocket on which `talk` is held, unless it is refused or is to fail."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            fault = self.faults[kind].next()
            status, why = STATUSES.get(fault, 0), f"{fault} was asked for"
            if not status and request.headers.get("X-API-Key") != self.key:
                status, why = 401, "Invalid API key"
            if not status and (why := allowed(request)):
                status = 400
            if status:
                self.refused.append(why)
                return web.Response(text=why, status=status)
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await talk(request, socket, fault)
            return socket

        return guarded

    async def _listen(
        self, request: web.Request, socket: web.WebSocketResponse, fault: Fault | None
    ) -> None:
        rate = int(request.query["sample_rate"])
        endpointing = Endpointing(rate, SILENCE_S)
        await socket.send_json({"type": "connected", "request_id": "local"})
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                if fault is Fault.SILENT:
                    continue
                for found in endpointing.take(message.data):
                    if fault is Fault.GARBAGE:
                        await socket.send_str(GARBAGE.decode())
                    elif isinstance(found, Started):
                        await socket.send_json({"type": "turn.start", "request_id": "local"})
                        await break_off(request, fault)
                    else:
                        await self._tell(socket, found.samples, rate)
            elif message.data == '{"type":"close"}':
                if endpointing.open:
                    await self._tell(socket, endpointing.end().samples, rate)
                await socket.close()
            else:
                self.refused.append(f"unknown message {message.data!r}")
                error = {"type": "error", "status_code": 400, "message": "unknown message"}
                await socket.send_json(error)

    async def _tell(self, socket: web.WebSocketResponse, samples: Any, rate: int) -> None:
        """Send the words of a turn: while it may go on, and when it is over."""
        told = {"request_id": "local", "transcript": ""}
        told["transcript"] = await asyncio.to_thread(self.hear, samples, rate)
        for kind in ("turn.update", "turn.eager_end", "turn.end"):
            await socket.send_json({"type": kind, **told})

    async def _speak(
        self, request: web.Request, socket: web.WebSocketResponse, fault: Fault | None
    ) -> None:
        spoken_s: dict[str, float] = {}
        async for message in socket:
            if fault is Fault.SILENT:
                continue
            if fault is Fault.GARBAGE:
                await socket.send_str(GARBAGE.decode())
                continue
            try:
                asked = _Generation.model_validate_json(message.data)
                _check(asked)
            except ValueError as error:
                why = _why(error)
                self.refused.append(why)
                context = _context_of(message.data)
                await socket.send_json(
                    {"type": "error", "status_code": 400, "message": why, "context_id": context}
                )
                continue
            begin_s = spoken_s.setdefault(asked.context_id, 0.0)
            if asked.transcript.strip():
                self.spoken.append(asked.transcript.strip())
                spoken_s[asked.context_id] += await self._say(
                    request, socket, asked, begin_s, fault
                )
            if not asked.go_on:
                done = {"type": "done", "done": True, "status_code": 200}
                await socket.send_json({**done, "context_id": asked.context_id})

    async def _say(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        asked: _Generation,
        begin_s: float,
        fault: Fault | None,
    ) -> float:
        """Speak a part of a context that begins at `begin_s` of it; how long it is, in seconds."""
        rate = asked.output_format.sample_rate
        pcm = await asyncio.to_thread(self.speak, asked.transcript, VOICES[asked.voice.id], rate)
        size = 2 * int(CHUNK_S * rate)
        for begin in range(0, len(pcm), size):
            if begin:
                await break_off(request, fault)
            data = base64.b64encode(pcm[begin : begin + size]).decode()
            chunk = {"type": "chunk", "data": data, "done": False, "status_code": 206}
            await socket.send_json({**chunk, "context_id": asked.context_id})
        samples: Samples = np.frombuffer(pcm, np.int16).astype(np.float32)
        samples /= FULL_SCALE
        if asked.add_timestamps:
            words = place_words(asked.transcript, resample(samples, rate, SPOKEN_RATE))
            times = {
                "words": [word.text for word in words],
                "start": [begin_s + word.start_s for word in words],
                "end": [begin_s + word.end_s for word in words],
            }
            stamps = {"type": "timestamps", "word_timestamps": times, "done": False}
            await socket.send_json({**stamps, "context_id": asked.context_id})
        return len(samples) / rate


def _may_listen(request: web.Request) -> str:
    """Why a stream is refused; empty if it is not."""
    query = request.query
    if request.headers.get("Cartesia-Version") != VERSION:
        return "a version header is required"
    if query.get("model") not in HEARING_MODELS:
        return f"invalid model {query.get('model')!r}"
    if query.get("encoding") != "pcm_s16le":
        return f"invalid encoding {query.get('encoding')!r}"
    rate = query.get("sample_rate", "")
    return "" if rate.isdigit() and int(rate) in RATES else f"invalid sample rate {rate!r}"


def _may_speak(request: web.Request) -> str:
    version = request.query.get("cartesia_version")
    return "" if version == VERSION else f"unknown version {version!r}"


def _check(asked: _Generation) -> None:
    if asked.model_id not in SPEECH_MODELS:
        raise ValueError(f"invalid model_id {asked.model_id!r}")
    if asked.voice.id not in VOICES:
        raise ValueError(f"voice not found: {asked.voice.id!r}")
    if asked.output_format.sample_rate not in RATES:
        raise ValueError(f"invalid sample rate {asked.output_format.sample_rate}")


def _why(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    wrong = wrong_field(error)
    return f"{wrong.field}: {wrong.problem}"


def _context_of(data: Any) -> str | None:
    try:
        context = json.loads(data).get("context_id")
    except (AttributeError, ValueError):
        return None
    return str(context) if context else None
