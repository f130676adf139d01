"""How the agent works off what callers call about, where it has no language model.

A procedure is a conversation written down in order. The caller is identified by then, and
`talk.known` has what the look-up told. What procedures do:

    yield from tell("...")                         say something before the next question
    agreed = yield from talk.confirm("...?")       ask for yes or no
    chosen = yield from talk.choose("...?", {...}) ask for one of several
    result = yield from call("tool", argument=...) use a tool; `result.data` is what it returned
    yield from talk.do("tool", "Done.", ...)       use one that changes something, and say so
"""

from support_agent import Dialogue, Talk, date_aloud, tell


def tell_booking(talk: Talk) -> Dialogue[None]:
    """Say when the caller's booking begins."""
    booking = talk.known("booking")  # as `find_booking` told it
    # What is said must be easy to hear: dates, amounts and codes in words.
    yield from tell(f"Your booking begins on {date_aloud(booking['begins_on'])}.")
