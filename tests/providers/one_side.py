"""The support agent's side of a call, between the pipes of the direct transport, in real time."""

import asyncio
from typing import Any

import numpy as np

from duologue.call.direct.connection import DirectConnection
from duologue.call.direct.pipes import SILENCE, TICK_S, TICK_SAMPLES
from duologue.folder.channels import Pcm
from shared import engines
from shared.endings import EndReason
from shared.engines.pcm import Samples, to_pcm
from shared.events import Heard, Said
from shared.events.journal import Event, Journal
from shared.settings import Settings
from shared.side.agent import CallAgent, Party
from shared.side.conversation import converse, load_models
from shared.side.line import Line
from shared.side.session import create_session
from shared.spec import EngineChoice, Peer, Role
from tests.roles import Script, call_spec

BEFORE = 10
"""Ticks until the caller speaks."""
LONGEST_S = 30.0


async def take_side(
    choice: EngineChoice,
    server: dict[str, Any],
    *,
    hears: Samples | None = None,
    says: str = "",
    words: int = 1_000,
    timeout_s: float,
    retries: int = 1,
    silence_s: float = 0.0,
) -> list[Event]:
    """Take the support agent's side of a call, and see what happens.

    Args:
        choice: Its engines, where they are not the local ones.
        server: Settings of the provider.
        hears: What the caller says, at 24 kHz.
        says: What the agent opens the call with, without a language model; else it does not.
        words: The call is over when so many were heard, or something was said.
        timeout_s: How long services are waited for.
        retries: How often they are asked again.
        silence_s: What ends a turn of the caller's voice.
    """
    settings = Settings(
        _env_file=None,
        duologue_service_timeout_s=timeout_s,
        duologue_service_retries=retries,
        **server,
    )
    chosen = settings.engines(Role.SUPPORT).with_choice(choice)
    opener = Role.SUPPORT if hears is None else Role.CUSTOMER
    silences_s = {Role.SUPPORT: silence_s}
    spec = call_spec(engines={Role.SUPPORT: chosen}, opener=opener, silences_s=silences_s)
    journal = Journal(Role.SUPPORT)
    events: list[Event] = []
    journal.add_sink(events.append)
    engines.check(chosen, settings)
    models = await load_models(Role.SUPPORT, spec, settings, journal)
    # A connection that is made in advance would be the one that fails.
    models.tts.prewarm = lambda: None  # type: ignore[method-assign]
    line = Line(Role.SUPPORT, spec, journal)

    def on_event(event: Event) -> None:
        enough = isinstance(event.payload, Heard) and len(heard(events).split()) >= words
        if enough or isinstance(event.payload, Said):
            line.end(EndReason.GOODBYE)

    journal.add_sink(on_event)
    session = create_session(line, models, models.llm or Script((says,) if says else ()))
    connection = DirectConnection(Peer(identity="customer"))
    connection.listening.set()
    pcm = np.frombuffer(to_pcm(hears), np.int16) if hears is not None else SILENCE
    speaking = asyncio.create_task(_speak(connection, pcm), name="caller")
    try:
        async with asyncio.timeout(LONGEST_S):
            party = Party(CallAgent(line, instructions="Answer."), session, line)
            await converse(party, connection)
    finally:
        speaking.cancel()
        await asyncio.wait([speaking])
        await connection.leave()
        await models.aclose()
    return events


def heard(events: list[Event]) -> str:
    """All that was heard."""
    return " ".join(event.payload.text for event in events if isinstance(event.payload, Heard))


async def _speak(connection: DirectConnection, spoken: Pcm) -> None:
    """Let the agent hear the caller once, then silence, and play what it says."""
    loop = asyncio.get_running_loop()
    spoken = np.pad(spoken, (0, -len(spoken) % TICK_SAMPLES))
    began_s, ticks = loop.time(), 0
    while True:
        begin = (ticks - BEFORE) * TICK_SAMPLES
        tick = spoken[begin : begin + TICK_SAMPLES] if 0 <= begin < len(spoken) else SILENCE
        connection.output.tick()
        connection.input.push(tick)
        ticks += 1
        await asyncio.sleep(began_s + ticks * TICK_S - loop.time())
