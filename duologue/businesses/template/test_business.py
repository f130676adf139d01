"""`pytest <this folder>`: all files fit together, and every scenario reaches its goal.

Calls are held in text: with the real desk, tools and procedures, without sound, in milliseconds.
"""

from pathlib import Path

from duologue.businesses import check


def test_nothing_is_wrong_with_the_business() -> None:
    """What is missing or wrong is named, as `duologue business check` names it."""
    assert [str(complaint) for complaint in check(str(Path(__file__).parent))] == []
