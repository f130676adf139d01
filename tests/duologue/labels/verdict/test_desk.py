import pytest

from duologue.labels.verdict.desk import compare
from shared.values import Row

REFUNDED: Row = {"id": "b", "status": "refunded", "amount": 49}
OTHER: Row = {"id": "c", "status": "refunded", "amount": 49}


def expect(*rows: Row) -> dict[str, tuple[Row, ...]]:
    return {"charges": rows}


def test_the_expected_rows_and_no_others_are_success() -> None:
    assert not compare(expect({"id": "b", "status": "refunded"}), {"charges": [REFUNDED]})
    assert not compare({}, {})


@pytest.mark.parametrize(
    ("expected", "changes", "problem"),
    [
        (expect({"id": "b"}), {}, "charges: expected id='b', but no such row changed"),
        (expect({"id": "b", "x": 1}), {"charges": [REFUNDED]}, "expected id='b', x=1"),
        (expect(), {"charges": [REFUNDED]}, "charges: changed unexpectedly: id='b'"),
        (expect({"id": "b"}), {"charges": [REFUNDED], "orders": [OTHER]}, "orders: changed"),
        (
            expect({"status": "refunded"}, {"status": "refunded"}),
            {"charges": [REFUNDED]},
            "expected status='refunded'",
        ),
        (expect({"id": "b"}), {"charges": [REFUNDED, OTHER]}, "unexpectedly: id='c'"),
    ],
)
def test_anything_else_is_not_and_says_what(
    expected: dict[str, tuple[Row, ...]], changes: dict[str, list[Row]], problem: str
) -> None:
    problems = compare(expected, changes)
    assert any(problem in line for line in problems), problems


def test_each_expected_row_takes_a_row_of_its_own_whatever_their_order() -> None:
    expected = expect({"status": "refunded"}, {"id": "b"})
    assert not compare(expected, {"charges": [REFUNDED, OTHER]})
    assert not compare(expected, {"charges": [OTHER, REFUNDED]})
