import pytest

from shared.errors import SpecError
from shared.language.likeness import SAME, likeness, sound
from shared.values import Row
from support_agent.desk import Changes, Desk
from support_agent.registry import load_business

SCHEMA = """
CREATE TABLE people (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL);
CREATE TABLE pets (
    id INTEGER PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    kind TEXT NOT NULL DEFAULT 'cat' CHECK (kind IN ('cat', 'dog'))
);
"""
ANN: Row = {"id": "a", "name": "Ann"}
BOB: Row = {"id": "b", "name": "Bob"}


def desk() -> Desk:
    return Desk(SCHEMA, stock={"people": [ANN]}, rows={"pets": [{"id": 1, "owner": "a"}]})


def test_changes_are_the_whole_rows_that_differ_from_the_start() -> None:
    opened = desk()
    assert opened.changes() == {}
    opened.update("pets", 1, kind="dog")
    opened.add("people", BOB)
    assert opened.changes() == {
        "people": [BOB],
        "pets": [{"id": 1, "owner": "a", "kind": "dog"}],
    }
    opened.update("pets", 1, kind="cat")
    assert opened.changes() == {"people": [BOB]}


def test_who_watches_is_told_all_changes_after_each() -> None:
    opened, seen = desk(), list[Changes]()
    opened.watch(seen.append)
    opened.add("people", BOB)
    opened.update("people", "b", name="Rob")
    assert seen == [{"people": [BOB]}, {"people": [{"id": "b", "name": "Rob"}]}]


def test_rows_of_a_call_replace_those_of_the_stock_and_what_refers_to_them() -> None:
    opened = Desk(
        SCHEMA,
        stock={"people": [ANN], "pets": [{"id": 1, "owner": "a"}]},
        rows={"people": [{"id": "a", "name": "Anna"}]},
    )
    assert opened.find("people") == [{"id": "a", "name": "Anna"}]
    assert opened.find("pets") == []


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ({"cars": []}, "no table 'cars'; there are people, pets"),
        ({"people": [{"id": "x", "nmae": "X"}]}, "people: no column 'nmae'; there are id, name"),
        ({"people": [ANN, ANN]}, "people: row id='a': UNIQUE"),
        ({"pets": [{"id": 1, "owner": "nobody"}]}, "pets: row id=1: FOREIGN KEY"),
        ({"people": [ANN], "pets": [{"id": 1, "owner": "a", "kind": "fox"}]}, "row id=1: CHECK"),
        ({"people": [{"id": "x"}]}, "people: row id='x': NOT NULL"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_table_and_row(
    rows: dict[str, list[Row]], problem: str
) -> None:
    with pytest.raises(SpecError, match=problem):
        Desk(SCHEMA, rows=rows)


def test_a_business_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(SpecError, match=r"no business 'bank'; there are .*shop"):
        load_business("bank")


def test_the_shop_has_two_hundred_orders_and_near_misses_among_them() -> None:
    shop = load_business("shop")
    opened = shop.open_desk({})
    numbers = [str(row["number"]) for row in opened.find("orders")]
    names = [str(row["name"]) for row in opened.find("customers")]
    assert len(numbers) >= 200
    close = [(a, b) for a in numbers for b in numbers if a < b and _digits_apart(a, b) == 1]
    alike = [
        (a, b)
        for a in names
        for b in names
        if a < b and sound(a.split()[-1].lower()) == sound(b.split()[-1].lower())
        if likeness(a, b) >= 0.75
    ]
    assert len(close) >= 20
    assert len(alike) >= 8


def test_the_rows_of_a_call_get_neighbours_that_do_not_replace_them() -> None:
    shop = load_business("shop")
    rows: dict[str, list[Row]] = {
        "customers": [{"id": "C001", "name": "Yash Patel", "postcode": "60614"}],
        "orders": [
            {
                "number": number,
                "customer_id": "C001",
                "item": "lamp",
                "ordered_on": "2026-01-01",
                "promised_on": "2026-01-04",
                "expected_on": "2026-01-04",
            }
            for number in ("47219", "47218")
        ],
    }
    opened = shop.open_desk(rows)
    numbers = {str(row["number"]): row for row in opened.find("orders")}
    near = [number for number in numbers if _digits_apart(number, "47219") == 1]
    assert numbers["47218"]["customer_id"] == "C001"
    assert len(near) >= 2
    for number in set(near) - {"47218"}:
        [owner] = opened.find("customers", id=numbers[number]["customer_id"])
        assert likeness(str(owner["name"]), "Yash Patel") < SAME
    names = [str(row["name"]) for row in opened.find("customers")]
    assert any(name != "Yash Patel" and likeness(name, "Yash Patel") >= 0.8 for name in names)
    assert opened.changes() == {}


def _digits_apart(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True)) if len(one) == len(other) else 99
