"""What can be had from LiveKit's `instructions` without a language model: who calls, and why.

They are written for a model and in the second person. LiveKit's own files name the caller in their
first line, and say what it says first as an opening line or as the first of its goals.
"""

import re

_NAME = re.compile(
    r"(?:^|\n)\s*(?:PERSONA:|You are|You're|Your name is|NAME:)\s+"
    r"(?P<name>[A-Z][\w'\u2019-]*(?:\s+[A-Z][\w'\u2019-]*){1,3})(?=\s*(?:[,(.;:\n-]|$|who\b|and\b|from\b))"
)
_OPENING = re.compile(
    r"^\W*(?:opening|first|your (?:opening|first))(?: line| sentence| words)?\b[^:\n]*:\s*"
    r"(?:[\"“](?P<quoted>[^\"”]+)[\"”]|(?P<plain>[^\"“\n]+))",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED = re.compile(
    r"\b(?:open|begin|start|ask|say|tell)\w*\b[^\"“.!?]{0,80}[\"“](?P<quoted>[^\"”]+)[\"”]",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"(?:^\W*(?:\d+[.)]\s*)?|\byou )(?P<verb>ask|demand|request|want|need|would like)\s+"
    r"(?P<what>[^.;:?!]+)",
    re.IGNORECASE | re.MULTILINE,
)
_CLAUSE = re.compile(r",\s+(?!\w+ \d)|\s+and\s+(?!\w+(?:[.,]|$))")
"""Where a second thing begins: after a comma that is not within a date, and after most an "and"."""
_AS_I = {"you": "I", "your": "my", "yourself": "myself", "yours": "mine", "you're": "I am"}
_OBJECT = re.compile(r"\b(for|to|with|of|let|give|tell|show|help)\s+I\b")
_SAID = {
    "ask": "I would like to ask",
    "demand": "I want",
    "request": "I would like",
    "want": "I want",
    "need": "I need",
    "would like": "I would like",
}


def caller_name(instructions: str) -> str | None:
    """The full name of the caller, if the instructions begin a line with it.

    Example:
        >>> caller_name("You are Maya Chen (maya@example.com), a designer.")
        'Maya Chen'
        >>> caller_name("You are a guest who is in a hurry.") is None
        True
    """
    found = _NAME.search(instructions)
    return " ".join(found["name"].split()) if found else None


def opening(instructions: str) -> str | None:
    r"""The first sentence of what the caller wants, if it stands there in words to be said.

    Example:
        >>> opening('PERSONA: Ana Lima.\nOPENING LINE: "I need a room."')
        'I need a room.'
        >>> opening("Goals:\n- Ask for the soonest appointment, whatever your day.")
        'I would like to ask for the soonest appointment.'
        >>> opening("You only talk.") is None
        True
    """
    if found := _OPENING.search(instructions):
        return _in_one_line(found["quoted"] or found["plain"])
    quoted, wanted = _QUOTED.search(instructions), _WANTED.search(instructions)
    if quoted and not (wanted and wanted.start() < quoted.start()):
        return _in_one_line(quoted["quoted"])
    return _as_i(wanted["verb"], wanted["what"]) if wanted else None


def _as_i(verb: str, what: str) -> str:
    """What somebody is told to want, in that one's own words."""
    first = _CLAUSE.split(_in_one_line(what))[0]
    words = [_AS_I.get(word.lower(), word) for word in first.split()]
    told = _OBJECT.sub(r"\1 me", " ".join(words))
    return f"{_SAID[verb.lower()]} {told}."


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
