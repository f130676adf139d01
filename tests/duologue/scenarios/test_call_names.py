"""Names of calls are safe as names of folders, and each once, whatever the labels are."""

import re

import pytest

from duologue.scenarios.call_names import call_names
from shared.spec import CALL_ID_PATTERN


@pytest.mark.parametrize(
    "labels",
    [
        ["Order is late, caller wants the new date", "late-order", "Order is late"],
        ["Where is it?", "Where is it!", "where is it", "where-is-it"],
        ["予約の変更", "予約の取消", "…", "../../x"],
        ["a" * 200 + "b", "a" * 200 + "c"],
    ],
)
def test_labels_become_names_that_are_safe_and_of_one_call_each(labels: list[str]) -> None:
    names = call_names(labels)
    assert len({name.casefold() for name in names}) == len(labels)
    for name in names:
        assert re.fullmatch(CALL_ID_PATTERN, f"{name}-{2**62}"[:100])
        assert len(name) <= 80
    again = call_names([*labels, "another"])
    assert again[:-1] == names
