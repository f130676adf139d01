"""A provider of somebody else's: one voice, at one address, a request for each sentence.

It stands here as it would in a package of its own, which `test_from_outside.py` installs.
"""

from pathlib import Path
from typing import Never

from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, APIStatusError, tts

from shared.engines.providers import EngineRequest, Offer, Package, Provider
from shared.engines.service_client import ServiceClient

RATE_HZ = 24_000


class AcmeTTS(tts.TTS[Never]):
    """A voice of Acme's, as LiveKit wants it."""

    def __init__(self, *, voice: str, client: ServiceClient) -> None:
        whole_sentences = tts.TTSCapabilities(streaming=False)
        super().__init__(capabilities=whole_sentences, sample_rate=RATE_HZ, num_channels=1)
        self.voice, self.client = voice, client

    @property
    def model(self) -> str:
        return self.voice

    @property
    def provider(self) -> str:
        return "Acme"

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return Spoken(tts=self, input_text=text, conn_options=conn_options)


class Spoken(tts.ChunkedStream):
    """One sentence."""

    _tts: AcmeTTS

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        client = self._tts.client
        async with client.http.post(
            f"{client.base_url}/speak",
            headers={"X-Acme-Key": client.key},
            json={"voice": self._tts.voice, "text": self._input_text},
        ) as response:
            if response.status != 200:
                raise APIStatusError(await response.text(), status_code=response.status)
            output_emitter.initialize(
                request_id=response.headers["X-Acme-Request"],
                sample_rate=RATE_HZ,
                num_channels=1,
                mime_type="audio/pcm",
            )
            output_emitter.push(await response.read())


def make_voice(request: EngineRequest) -> AcmeTTS:
    return AcmeTTS(voice=request.name, client=request.client)


PROVIDER = Provider(
    "acme",
    packages=(Package("acme-voices", "acme_voices", "service"),),
    base_url="https://api.acme.example",
    prices=Path(__file__).with_name("acme_prices.yaml"),
    tts=Offer(("voice-1",), make_voice),
)
