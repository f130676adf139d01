"""Other words for the same: that there is none of something, and that all stays as it was.

Who writes down what an answer has to say cannot know in which words it will be said.
"""

import re
from collections.abc import Iterator

from shared.language.as_heard import normalize, phrase

_UNDONE = (
    r"(?:nothing (?:(?:is|was|will be|has been|gets) )?(?:change[sd]?|done)"
    r"|no changes? (?:was|were|has been|have been|will be) made"
    r"|(?:stay(?:s|ed)?|remain(?:s|ed)?|keep|kept|leave|leaving|left)(?: \w+){0,4}"
    r" (?:as (?:it|they|that) (?:is|are|was|were)|as is|in place|the same|unchanged)"
    r"|(?:is|are|stays?|remains?) (?:kept|unchanged|untouched)"
    r"|keep(?:ing)? (?:it|them|that|your (?:order|appointment|visit|plan|contract|booking))"
    r"|(?:have|did|will|shall|am|are) not (?:going to )?(?:cancel|mov|chang|touch)\w*"
    r"|(?:will|shall|am|are) not (?:going to )?(?:book|order|send|reset|refund|replac|credit)\w*) "
)
"""That all stays as it was: "All right, nothing changes", "I will not cancel it"."""
_IS_UNDONE = re.compile(f" {_UNDONE}")
_NONE_OF = re.compile(r"^ no ((?:\w+ )+)$")
_NOT_SEEN = (
    r"(?:(?:not|never) (?:see|seen|find|found|have|detect|notice|get)|not (?:seeing|finding))"
    r"(?: any ?where| here)? (?:an? |any |1 )(?:\w+ )?"
)
"""What says the same as "no" does: "I do not see any fault"."""


def ways_to_say(claim: str, pause: str) -> Iterator[str]:
    """Regular expressions for the words of a claim, and for others that say the same.

    Args:
        claim: Such as "no fault", which "I do not see a fault" says too.
        pause: What may stand for a comma among the words.
    """
    yield rf"(?:{re.escape(pause)} )?".join(f"{word} " for word in normalize(claim))
    words = phrase(claim)
    if none := _NONE_OF.match(words):
        yield f"{_NOT_SEEN}{none[1]}"
    if _IS_UNDONE.search(words) or _IS_UNDONE.search(f" stays{words}"):
        yield _UNDONE
