"""OpenAI, and any server that speaks its protocol."""
# ruff: noqa: PLC0415 - the plugin is imported only where the provider is chosen

from typing import Any

from livekit.agents import llm, stt, tts

from shared.engines.providers import EngineRequest, Offer, Package, Provider
from shared.engines.service_client import ServiceClient


def client(service: ServiceClient) -> Any:
    """An `openai.AsyncClient`. LiveKit's plugin waits for 30 s where it says nothing."""
    import openai

    async def on_request(request: Any) -> None:
        limits = request.extensions["timeout"]
        limits["read"] = min(limits["read"] or service.timeout_s, service.timeout_s)
        await service.wait_turn()

    made = openai.AsyncClient(
        api_key=service.key,
        base_url=service.base_url,
        max_retries=0,
        http_client=openai.DefaultAsyncHttpxClient(event_hooks={"request": [on_request]}),
    )
    service.close_with(made.close)
    return made


def _stt(request: EngineRequest) -> stt.STT[Any]:
    from livekit.plugins import openai

    return openai.STT(model=request.name, client=client(request.client))


def _llm(request: EngineRequest) -> llm.LLM[Any]:
    from livekit.plugins import openai

    return openai.LLM(model=request.name, client=client(request.client))


def _tts(request: EngineRequest) -> tts.TTS[Any]:
    from livekit.plugins import openai

    return openai.TTS(
        model=request.model or "gpt-4o-mini-tts",
        voice=request.voice,
        client=client(request.client),
        response_format="pcm",
    )


PROVIDER = Provider(
    "openai",
    packages=(Package("livekit-plugins-openai", "livekit.plugins.openai", "service"),),
    base_url="https://api.openai.com/v1",
    reported_as="api.openai.com",
    stt=Offer(("gpt-4o-mini-transcribe", "whisper-1"), _stt, open_ended=True),
    llm=Offer(("gpt-4.1-mini", "gpt-4.1"), _llm, open_ended=True),
    tts=Offer(("alloy", "ash"), _tts, open_ended=True),
)
