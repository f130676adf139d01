"""People's names as they are written and said, whatever their accents and apostrophes."""

import re
from collections.abc import Iterator

from shared.language.facts.spoken_names import name_aloud
from shared.language.letters import plain

_MY_NAME = re.compile(r"\bmy (?:full )?name(?: is|'s|\u2019s) ([^.,;!?]+)", re.IGNORECASE)


def name_words(text: str) -> frozenset[str]:
    """The words of a name: "Siobhán O'Reilly-Brandt" is siobhan, oreilly, brandt.

    They are those that are said: "St. John" is saint, john.
    """
    aloud = plain(name_aloud(text)).casefold().replace("'", "")
    return frozenset(re.findall(r"[^\W\d_]+", aloud))


def is_same_name(one: str, other: str) -> bool:
    """Whether two full names are one person's; one may have more words, such as a second name."""
    words, others = name_words(one), name_words(other)
    less = min(words, others, key=len)
    return words == others or (len(less) > 1 and less == words & others)


def given_names(text: str) -> Iterator[str]:
    """What follows "my name is", as far as it is written like a name."""
    for given in _MY_NAME.findall(text):
        if name := " ".join(word for word in given.split() if word[0].isupper()):
            yield name
