"""A server that speaks OpenAI's protocol: chat completions, transcriptions, speech.

    with OpenAIServer() as server:
        server.answer = scripted("Hello.", Reply(calls=(ToolCall("find_order", {...}),)), "Bye.")
        settings = Settings(_env_file=None, **server.settings)

It refuses what OpenAI refuses, hears with Whisper and speaks with Hibari.
"""

import asyncio
import base64
import json
from contextlib import ExitStack
from typing import Any, Self

import soundfile
from aiohttp import web
from aiohttp.multipart import BodyPartReader
from openai.types.audio.speech_create_params import SpeechCreateParams
from pydantic import TypeAdapter, ValidationError

from shared.engines.local_tts import SAMPLE_RATE as SPOKEN_RATE
from tests.providers import speech
from tests.providers.chat import Answer, Chat, check_model, chunks, read_chat, scripted
from tests.providers.service import (
    GARBAGE,
    RETRY_AFTER_S,
    STATUSES,
    Fault,
    Faults,
    Hear,
    Refused,
    Speak,
    break_off,
    served,
)

CHAT_MODELS = ("gpt-4.1-mini", "gpt-4.1")
HEARING_MODELS = ("gpt-4o-mini-transcribe", "whisper-1")
SPEECH_MODELS = ("gpt-4o-mini-tts", "tts-1")
VOICES = {"alloy": "heart-low", "ash": "heart-deep"}
"""OpenAI's voices, and those of Hibari that speak for them."""

SHORTEST_S = 0.1
CHUNK = 9_600
"""Bytes of audio in one event: 0.2 s."""
_SPEECH = TypeAdapter(SpeechCreateParams)


class OpenAIServer:
    """A server on loopback, from `with` to its end."""

    def __init__(self) -> None:
        self.key = "sk-local"
        self.chat_models: tuple[str, ...] = CHAT_MODELS
        self.answer: Answer = scripted()
        """What the language model says; an AssertionError of it is a 500."""
        self.hear: Hear = speech.hear
        self.speak: Speak = speech.speak
        self.pauses_s = (0.0, 0.0)
        """Before an answer begins, and in its middle."""
        self.faults = {kind: Faults() for kind in ("llm", "stt", "tts")}
        self.chats: list[Chat] = []
        """Requests for completions that were taken."""
        self.url = ""
        self._serving = ExitStack()

    @property
    def settings(self) -> dict[str, Any]:
        """What has the engines `openai/...` talk to this server."""
        return {"openai_api_key": self.key, "openai_base_url": self.url}

    def __enter__(self) -> Self:
        routes = [
            web.get("/v1/models", self._models),
            web.post("/v1/chat/completions", self._guarded("llm", self._complete)),
            web.post("/v1/audio/transcriptions", self._guarded("stt", self._transcribe)),
            web.post("/v1/audio/speech", self._guarded("tts", self._speak)),
        ]
        self.url = f"http://{self._serving.enter_context(served(routes))}/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.close()

    def _guarded(self, kind: str, handle: Any) -> Any:
        """`handle`, unless the request is refused or is to fail."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            fault = self.faults[kind].next()
            try:
                self._let_in(request, fault)
                if fault is Fault.SILENT:
                    await break_off(request, fault)
                response: web.StreamResponse = await handle(request, fault)
            except Refused as refused:
                return _refusal(refused)
            except Exception as error:  # noqa: BLE001 - the client's test is to say why
                return _refusal(Refused(500, repr(error)))
            return response

        return guarded

    def _let_in(self, request: web.Request, fault: Fault | None) -> None:
        if fault in STATUSES:
            raise Refused(STATUSES[fault], f"{fault} was asked for")
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            raise Refused(401, "Incorrect API key provided.", "invalid_api_key")

    async def _models(self, _: web.Request) -> web.Response:
        known = (*self.chat_models, *HEARING_MODELS, *SPEECH_MODELS)
        data = [{"id": model, "object": "model"} for model in known]
        return web.json_response({"object": "list", "data": data})

    async def _complete(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        try:
            body = await request.json()
        except ValueError:
            raise Refused(400, "We could not parse the JSON body of your request.") from None
        chat = read_chat(body, self.chat_models)
        self.chats.append(chat)
        reply = await asyncio.to_thread(self.answer, chat)
        parts = [*chunks(reply, chat, len(self.chats))]
        stream = await self._event_stream(request)
        for number, part in enumerate(parts):
            if number == 2:
                await break_off(request, fault)
            if number == len(parts) // 2:
                await asyncio.sleep(self.pauses_s[1])
            data = GARBAGE if fault is Fault.GARBAGE else json.dumps(part).encode()
            await stream.write(b"data: " + data + b"\n\n")
        await stream.write(b"data: [DONE]\n\n")
        return stream

    async def _transcribe(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        fields: dict[str, str] = {}
        audio = b""
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "file":
                audio = bytes(await part.read())
            else:
                fields[part.name or ""] = await part.text()
        check_model(fields.get("model", ""), HEARING_MODELS)
        wanted = fields.get("response_format", "json")
        if wanted != ("verbose_json" if fields["model"] == "whisper-1" else "json"):
            raise Refused(400, f"response_format {wanted!r} is not made here")
        try:
            samples, rate = speech.read_wav(audio)
        except soundfile.LibsndfileError:
            raise Refused(400, "Audio file might be corrupted or unsupported") from None
        if len(samples) / rate < SHORTEST_S:
            raise Refused(400, "Audio file is too short. Minimum audio length is 0.1 seconds.")
        await asyncio.sleep(self.pauses_s[0])
        body: dict[str, Any] = {"text": await asyncio.to_thread(self.hear, samples, rate)}
        if wanted == "verbose_json":
            body |= {"language": "english", "duration": len(samples) / rate, "segments": []}
        await _cut_short(request, fault, "application/json", json.dumps(body).encode())
        if fault is Fault.GARBAGE:
            return web.Response(body=GARBAGE, content_type="application/json")
        return web.json_response(body)

    async def _speak(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        try:
            asked = _SPEECH.validate_python(await request.json())
        except (ValueError, ValidationError) as error:
            raise Refused(400, f"Invalid request: {error}") from None
        check_model(asked["model"], SPEECH_MODELS)
        streamed = asked.get("stream_format") == "sse"
        if asked["voice"] not in VOICES:
            raise Refused(400, f"Input should be one of {', '.join(VOICES)}")
        if streamed and asked["model"] == "tts-1":
            raise Refused(400, "stream_format 'sse' is not supported for tts-1")
        if asked.get("response_format") != "pcm":
            raise Refused(400, "only pcm is made here")
        if not asked["input"].strip():
            raise Refused(400, "Invalid 'input': string too short.")
        voice = VOICES[str(asked["voice"])]
        pcm = await asyncio.to_thread(self.speak, asked["input"], voice, SPOKEN_RATE)
        if not streamed:
            await asyncio.sleep(self.pauses_s[0])
            await _cut_short(request, fault, "audio/pcm", pcm)
            return web.Response(body=pcm, content_type="audio/pcm")
        stream = await self._event_stream(request)
        for begin in range(0, len(pcm), CHUNK):
            if begin:
                await break_off(request, fault)
            audio = base64.b64encode(pcm[begin : begin + CHUNK]).decode()
            event = json.dumps({"type": "speech.audio.delta", "audio": audio}).encode()
            await stream.write(b"data: " + (GARBAGE if fault is Fault.GARBAGE else event) + b"\n\n")
        usage = {"input_tokens": len(asked["input"].split()), "output_tokens": len(pcm) // CHUNK}
        usage["total_tokens"] = sum(usage.values())
        if fault is not Fault.GARBAGE:
            event = json.dumps({"type": "speech.audio.done", "usage": usage}).encode()
            await stream.write(b"data: " + event + b"\n\n")
        return stream

    async def _event_stream(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.pauses_s[0])
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        return stream


async def _cut_short(
    request: web.Request, fault: Fault | None, content_type: str, body: bytes
) -> None:
    """If that is the fault, send a half of what is to be sent."""
    if fault is Fault.CUT:
        stream = web.StreamResponse(headers={"Content-Type": content_type})
        stream.content_length = len(body)
        await stream.prepare(request)
        await stream.write(body[: len(body) // 2])
        await break_off(request, fault)


def _refusal(refused: Refused) -> web.Response:
    kind = "invalid_request_error" if refused.status < 429 else "server_error"
    error = {"message": refused.message, "type": kind, "param": None, "code": refused.code}
    headers = {"Retry-After": str(RETRY_AFTER_S)} if refused.status == 429 else None
    return web.json_response({"error": error}, status=refused.status, headers=headers)
