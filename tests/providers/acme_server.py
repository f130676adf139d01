"""A server that speaks the protocol of the provider in `acme_voices.py`."""

import asyncio
from contextlib import ExitStack
from typing import Self

from aiohttp import web

from tests.providers import acme_voices, speech
from tests.providers.service import Speak, served

VOICES = {"voice-1": "heart-deep"}
"""Acme's voices, and those of Hibari that speak for them."""


class AcmeServer:
    """A server on loopback, from `with` to its end."""

    def __init__(self) -> None:
        self.key = "acme-local"
        self.speak: Speak = speech.speak
        self.spoken: list[str] = []
        self.url = ""
        self._serving = ExitStack()

    def __enter__(self) -> Self:
        self.url = f"http://{self._serving.enter_context(served([web.post('/speak', self._say)]))}"
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.close()

    async def _say(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Acme-Key") != self.key:
            return web.Response(status=401, text="no such key")
        asked = await request.json()
        voice = VOICES[asked["voice"]]
        self.spoken.append(asked["text"])
        pcm = await asyncio.to_thread(self.speak, asked["text"], voice, acme_voices.RATE_HZ)
        return web.Response(body=pcm, headers={"X-Acme-Request": str(len(self.spoken))})
