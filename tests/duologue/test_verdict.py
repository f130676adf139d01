import pytest

from duologue.verdict import judge
from shared.spec import Expectation, Row

REFUNDED: Row = {"id": "b", "status": "refunded", "amount": 49}
OTHER: Row = {"id": "c", "status": "refunded", "amount": 49}


def expect(*rows: Row) -> Expectation:
    return Expectation(desk={"charges": rows})


def test_the_expected_rows_and_no_others_are_success() -> None:
    assert judge(expect({"id": "b", "status": "refunded"}), {"charges": [REFUNDED]}).task_success
    assert judge(Expectation(), {}) == (True, ())


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
    expected: Expectation, changes: dict[str, list[Row]], problem: str
) -> None:
    verdict = judge(expected, changes)
    assert not verdict.task_success
    assert any(problem in line for line in verdict.problems), verdict


def test_each_expected_row_takes_a_row_of_its_own_whatever_their_order() -> None:
    expected = expect({"status": "refunded"}, {"id": "b"})
    assert judge(expected, {"charges": [REFUNDED, OTHER]}).task_success
    assert judge(expected, {"charges": [OTHER, REFUNDED]}).task_success
