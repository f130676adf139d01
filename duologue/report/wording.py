"""Numbers and names as pages show them: "0.47 s", "1.9 %", "Late and charged twice"."""

from duologue.labels.verdict import Check

NOTHING = "\N{EN DASH}"
"""Where there is no value."""


def at(seconds: float) -> str:
    """A moment of the recording: "1:07"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def length(seconds: float) -> str:
    """How long a call is: "55 s", "3 min 20 s"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def seconds(value: float | None) -> str:
    """A measured time: "0.47 s"."""
    return NOTHING if value is None else f"{value:.2f} s".replace("-", "\N{MINUS SIGN}")


def share(value: float | None) -> str:
    """A rate: "1.9 %"."""
    return NOTHING if value is None else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def plain(name: str) -> str:
    """A label as words: "late-and-charged-twice" is "Late and charged twice"."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


_FOUND = {
    Check.DESK: "The records are not as they should be",
    Check.NOT_SAID: "The agent never said what it should",
    Check.FORBIDDEN_SAID: "The agent said what it must not",
    Check.NOT_DONE: "The agent did not do what it should",
    Check.FORBIDDEN_DONE: "The agent did what it must not",
    Check.DISCLOSED: "Data was told to somebody it is not for",
    Check.NO_CONSENT: "Something was changed without the caller's yes",
    Check.UNPROVEN: "Money was moved without a second fact of the caller's",
    Check.LEFT_SHEET: "The caller made something up",
    Check.GOAL: "The caller did not get what it called for",
    Check.VETO: "The agent says itself that it did not do what it should",
    Check.SPOILED: "The caller itself left nothing to judge",
    Check.LOOP: "The same was said again and again",
    Check.ASKED_TOO_OFTEN: "The same fact was asked for too often",
    Check.REPLY_CUT: "A reply did not end and was cut",
    Check.ENDING: "The call did not end as calls should",
    Check.HUNG_UP_EARLY: "The caller hung up early",
    Check.SYSTEM: "A part of the system failed",
    Check.AUDIO: "The recording is not what was spoken",
}


def found(check: Check) -> str:
    """What a check has found, in a sentence for people."""
    return _FOUND[check]
