"""What an agent that knows of simulations says itself of the call that it has just held."""

from livekit import rtc
from livekit.agents.voice.remote_session import RemoteSession

from shared.events import AgentVerdict
from shared.logs import get_logger

log = get_logger(__name__)

VERDICT_TIMEOUT_S = 20.0
"""How long an agent may take over its own verdict; it may ask a model for it."""


async def own_verdict(room: rtc.Room, identity: str, *, content: bool) -> AgentVerdict | None:
    """What the agent says of the call that it has just held; None if it does not answer.

    Args:
        room: Where both still are.
        identity: The agent's.
        content: Whether the caller got what it called for.
    """
    if identity not in room.remote_participants or not room.isconnected():
        return None
    session = RemoteSession.from_room(room, identity)
    await session.start()
    try:
        reason = "the caller got what it called for" if content else "the caller gave up"
        answer = await session.finalize_simulation(
            provisional_success=content, provisional_reason=reason, timeout=VERDICT_TIMEOUT_S
        )
    except TimeoutError:
        log.info("the agent gave no verdict of its own")
        return None
    except RuntimeError as error:  # its hook raised, or it has left meanwhile
        return AgentVerdict(success=None, reason=str(error))
    finally:
        await session.aclose()
    if not answer.HasField("user_verdict"):
        return AgentVerdict(success=None)
    return AgentVerdict(success=answer.user_verdict.success, reason=answer.user_verdict.reason)
