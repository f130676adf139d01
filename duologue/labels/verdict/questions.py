"""What is asked in a call, and which turn answers what."""

import re
from collections.abc import Iterator, Sequence

from duologue.labels.verdict.evidence import Spoken
from shared.customer_sheet import Behaviour
from shared.language.as_heard import phrase, sentences

_SAY_AGAIN = re.compile(
    r" (?:(?:say|repeat|tell me)(?: \w+)? again|repeat (?:that|it|this)|pardon|1 more time"
    r"|once more|what did you say|come again) "
)
_FOR_A_FACT = re.compile(
    r"^ (?:and |so |sorry )?(?:what|which|when|where|who|whose|how|why) "
    r"| (?:tell|give|remind) (?:me|us) | (?:spell|repeat|say) (?:it|that|your|the) "
    r"| (?:have|get|take) (?:your|the) | (?:anything|something|what) else | still there "
)


def asks_to_repeat(text: str) -> bool:
    """Whether somebody asks to hear it once more, which is answered by the same again."""
    return bool(_SAY_AGAIN.search(phrase(text)))


def offers(turn: Spoken) -> bool:
    """Whether a turn puts a question to which yes and no are the answers."""
    return any(
        part.endswith("?") and not _FOR_A_FACT.search(phrase(part)) for part in sentences(turn.text)
    )


def with_prompt(turns: Sequence[Spoken]) -> Iterator[tuple[Spoken, Spoken | None]]:
    """Each turn but backchannels, with what the other side said since its speaker's last one."""
    before: Spoken | None = None
    for turn in turns:
        if turn.behaviour is Behaviour.BACKCHANNEL:
            continue
        yield turn, before if before and before.role is not turn.role else None
        before = turn
