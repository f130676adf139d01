"""The clinic's own rows, and rows easily mistaken for those of a call.

The stock was made once, by a fixed rule: 120 patients, among them pairs whose names sound alike and
who were born a day apart, others born a day apart, and numbers one digit apart; their appointments
for two months from the clinic's "now" on, with free times from the sixth week on.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from shared.values import Row
from support_agent.desk import Rows
from support_agent.stock import made_up_code, one_digit_off, read_stock, sound_alike, unlike

_TABLES = (
    "clinic", "hours", "services", "patients", "appointments", "prescriptions", "results",
)  # fmt: skip

STOCK = read_stock(__package__, _TABLES)
"""The committed rows, by table."""

_NAMES = [str(row["name"]) for row in STOCK["patients"]]
_OWNED = ("appointments", "prescriptions", "results")
_DAY, _YEARS = timedelta(days=1), timedelta(days=1000)


def neighbours(rows: Rows) -> Rows:
    """For each patient two others, who have all that the patient has.

    One was born a day later and has a number one digit off; the other's name sounds alike.
    """
    near: dict[str, list[Row]] = {table: [] for table in ("patients", *_OWNED)}
    taken = {str(row.get("number")) for row in rows.get("patients", ())}
    for patient in rows.get("patients", ()):
        name, number = str(patient.get("name")), str(patient.get("number"))
        born = date.fromisoformat(str(patient.get("date_of_birth")))
        for other in (
            _patient(one_digit_off(number, taken), unlike(name, _NAMES, number), born + _DAY),
            _patient(made_up_code(name, 6), sound_alike(name), born + _YEARS),
        ):
            if other["number"] not in taken:
                taken.add(str(other["number"]))
                near["patients"].append(other)
                for table in _OWNED:
                    near[table] += _copies(rows.get(table, ()), number, str(other["number"]))
    return near


def _patient(number: str, name: str, born: date) -> Row:
    return {"number": number, "name": name, "date_of_birth": born.isoformat()}


def _copies(rows: Iterable[Row], number: str, other: str) -> list[Row]:
    """What one patient has of `rows`, for another one."""
    return [
        {**row, "id": f"{row.get('id')}-{other}", "patient_number": other}
        for row in rows
        if row.get("patient_number") == number
    ]
