"""The shop's own rows, and rows easily mistaken for those of a call.

The stock was made once, by a fixed rule: 120 customers, among them pairs whose names sound alike,
and 240 orders, among them pairs of numbers one digit apart that belong to people whose names
differ. A desk of unlike rows would forgive an agent that mishears.
"""

import csv
import zlib
from collections.abc import Iterator
from importlib.resources import files

from shared.names import likeness
from shared.values import Row, Value
from support_agent.desk import Rows

_TABLES = ("customers", "orders", "charges")
_ALIKE = str.maketrans("bpdtgkcfvszmnyjaeiou", "pbtdkggvfzsnmjyeaeuo")
_UNLIKE = 0.4


def read_stock() -> Rows:
    """The committed rows, by table."""
    return {table: tuple(_read(table)) for table in _TABLES}


def neighbours(rows: Rows) -> Rows:
    """For each order one of a number one digit off, for each customer one who sounds alike."""
    near: dict[str, list[Row]] = {table: [] for table in _TABLES}
    names = {row.get("id"): str(row.get("name")) for row in rows.get("customers", ())}
    taken = {str(row.get("number")) for row in rows.get("orders", ())}
    for order in rows.get("orders", ()):
        number = str(order.get("number"))
        off = _one_digit_off(number, taken)
        if off:
            taken.add(off)
            stranger = _unlike(names.get(order.get("customer_id"), ""), number)
            _add_order(near, name=stranger, number=off, like=order)
    for name in names.values():
        far = str(10_000 + zlib.crc32(name.encode()) % 90_000)
        if far not in taken and rows.get("orders"):
            taken.add(far)
            _add_order(near, name=_sound_alike(name), number=far, like=rows["orders"][0])
    return near


def _read(table: str) -> Iterator[Row]:
    text = (files(__package__) / f"{table}.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        row: dict[str, Value] = {name: value or None for name, value in line.items()}
        if "amount_cents" in row:
            row["amount_cents"] = int(line["amount_cents"])
        yield row


def _add_order(near: dict[str, list[Row]], *, name: str, number: str, like: Row) -> None:
    customer = f"N{number}"
    postcode = str(10_000 + zlib.crc32(number.encode()) % 90_000)
    near["customers"].append({"id": customer, "name": name, "postcode": postcode})
    near["orders"].append({**like, "number": number, "customer_id": customer})
    near["charges"].append(
        {
            "id": f"N{number}-1",
            "order_number": number,
            "amount_cents": 2500,
            "charged_on": like.get("ordered_on"),
        }
    )


def _one_digit_off(number: str, taken: set[str]) -> str:
    """`number` with one digit changed, another than any in `taken`; empty if there is none."""
    seed = zlib.crc32(number.encode())
    places = [index for index, char in enumerate(number) if char.isdecimal()]
    for step in range(9 * len(places)):
        place = places[(seed + step) % len(places)]
        digit = (int(number[place]) + 1 + step % 9) % 10
        off = f"{number[:place]}{digit}{number[place + 1 :]}"
        if off not in taken:
            return off
    return ""


def _unlike(name: str, number: str) -> str:
    """A name from the stock that nobody takes for `name`."""
    others = [str(row["name"]) for row in _read("customers")]
    start = zlib.crc32(number.encode()) % len(others)
    return next(
        other for other in others[start:] + others[:start] if likeness(name, other) < _UNLIKE
    )


def _sound_alike(name: str) -> str:
    """`name` with a neighbouring sound at the start: "Yash Patel" becomes "Jash Patel"."""
    first = name[0].lower()
    changed = first.translate(_ALIKE)
    return f"{changed.upper()}{name[1:]}" if changed != first else f"{name}son"
