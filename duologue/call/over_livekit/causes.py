"""Why a call really ended that only shows a symptom: an agent that is silent, leaves or never came.

What failed is known from what the agent's session tells the room, and from its worker's log, if it
was started here. An engine that failed is no fault of the agent's: the call is not valid.
"""

import re

from duologue.call.over_livekit.agent_log import Trouble, TroubleKind, in_one_line
from shared.endings import Ending, Fault, Outcome

_ABSENT = frozenset({Outcome.NOT_PICKED_UP, Outcome.PEER_NEVER_CAME})
_SILENT = frozenset({Outcome.DEAD_AIR, Outcome.AGENT_LEFT})
_STUCK = frozenset({Outcome.GAVE_UP, Outcome.TURN_LIMIT, Outcome.LENGTH_LIMIT})
_ERROR = re.compile(r"\berror=(?P<error>.*?)(?: recoverable=\w+)?$", re.DOTALL)
_LABEL = re.compile(r"\blabel='(?P<label>[^']*)'")
_FINAL = "recoverable=False"


def true_cause(ending: Ending, session_error: str, trouble: Trouble | None) -> Ending:
    """The ending by what led to it, if that is known.

    Args:
        ending: How the call ended, as far as it showed.
        session_error: The last error that the agent's session told the room; empty if none.
        trouble: What its worker's log says of this call.
    """
    if ending.outcome not in _ABSENT | _SILENT | _STUCK:
        return ending
    seen = f"{ending.outcome}: {ending.detail}" if ending.detail else ending.outcome
    kind = trouble.kind if trouble else None
    failed = engine_error(session_error)
    if not failed and trouble and kind is TroubleKind.ENGINE:
        failed = engine_error(trouble.told) or trouble.told
    if failed:
        detail = f"an engine of the agent failed: {failed} ({seen})"
        return Ending(Outcome.ENGINE_FAILED, Fault.SYSTEM, detail)
    if trouble and kind is TroubleKind.CRASH and ending.outcome in _ABSENT | _SILENT:
        detail = f"the agent's own code raised: {trouble.told} ({seen})"
        return Ending(Outcome.AGENT_CRASHED, Fault.SUPPORT, detail)
    if trouble and ending.outcome in _ABSENT | {Outcome.DEAD_AIR}:
        return ending._replace(detail=f"{ending.detail}; its log says: {trouble.told}".lstrip("; "))
    return ending


def engine_error(message: str) -> str:
    """What a session says of an engine that failed for good; empty if it goes on.

    Example:
        >>> told = "type='stt_error' timestamp=1.5 label='a.STT' error=Down('no route') "
        >>> engine_error(told + "recoverable=False")
        "a.STT: Down('no route')"
        >>> engine_error(told + "recoverable=True")
        ''
    """
    if _FINAL not in message:
        return ""
    error, label = _ERROR.search(message), _LABEL.search(message)
    told = in_one_line(error["error"].strip() if error else message)
    name = label["label"].removeprefix("livekit.plugins.") if label else ""
    return f"{name}: {told}" if name else told
