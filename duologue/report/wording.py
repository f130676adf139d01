"""Numbers and names as pages show them: "0.47 s", "1.9 %", "Late and charged twice"."""

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
