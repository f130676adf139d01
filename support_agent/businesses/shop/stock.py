"""The shop's own rows, and rows easily mistaken for those of a call.

The stock was made once, by a fixed rule: 120 customers, among them pairs whose names sound alike,
and 240 orders, among them pairs of numbers one digit apart that belong to people whose names
differ.
"""

from shared.values import Row
from support_agent.desk import Rows
from support_agent.stock import made_up_code, one_digit_off, read_stock, sound_alike, unlike

_TABLES = ("customers", "orders", "charges")

STOCK = read_stock(__package__, _TABLES)
"""The committed rows, by table."""

_NAMES = [str(row["name"]) for row in STOCK["customers"]]


def neighbours(rows: Rows) -> Rows:
    """For each order one of a number one digit off, for each customer one who sounds alike."""
    near: dict[str, list[Row]] = {table: [] for table in _TABLES}
    names = {row.get("id"): str(row.get("name")) for row in rows.get("customers", ())}
    taken = {str(row.get("number")) for row in rows.get("orders", ())}
    for order in rows.get("orders", ()):
        number = str(order.get("number"))
        off = one_digit_off(number, taken)
        if off:
            taken.add(off)
            stranger = unlike(names.get(order.get("customer_id"), ""), _NAMES, number)
            _add_order(near, name=stranger, number=off, like=order)
    for name in names.values():
        far = made_up_code(name, 5)
        if far not in taken and rows.get("orders"):
            taken.add(far)
            _add_order(near, name=sound_alike(name), number=far, like=rows["orders"][0])
    return near


def _add_order(near: dict[str, list[Row]], *, name: str, number: str, like: Row) -> None:
    customer = f"N{number}"
    postcode = made_up_code(number, 5)
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
