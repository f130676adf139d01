"""The internet provider's own rows, and rows easily mistaken for those of a call.

The stock was made once, by a fixed rule: 120 accounts, among them pairs of numbers one digit
apart that belong to people whose names differ, and pairs of names that sound alike.
"""

from shared.values import Row
from support_agent.desk import Rows
from support_agent.stock import made_up_code, one_digit_off, read_stock, sound_alike, unlike

STOCK = read_stock(
    __package__, ("calendar", "plans", "accounts", "outages", "slots", "visits", "charges")
)
"""The committed rows, by table."""

_NAMES = [str(row["name"]) for row in STOCK["accounts"]]
_PLAN = STOCK["plans"][0]["id"]


def neighbours(rows: Rows) -> Rows:
    """For each account of a call two that are like it, each with a charge to credit.

    One has a number one digit off and a name unlike the caller's, the other a name that sounds
    alike and another date of birth. For each outage there is one at a postcode one digit off.
    """
    near: dict[str, list[Row]] = {"accounts": [], "charges": [], "outages": []}
    accounts = rows.get("accounts", ())
    taken = {str(account.get("number")) for account in accounts}
    for account in accounts:
        name, number = str(account.get("name")), str(account.get("number"))
        stranger = unlike(name, _NAMES, number)
        birth = f"19{made_up_code(name, 2)}-07-15"
        for other, changed in (
            (one_digit_off(number, taken), {"name": stranger}),
            (made_up_code(name, 6), {"name": sound_alike(name), "date_of_birth": birth}),
        ):
            if other and other not in taken:
                taken.add(other)
                near["accounts"].append({**account, "plan": _PLAN, **changed, "number": other})
                near["charges"].append(_wrong_charge(other))
    postcodes = {str(outage.get("postcode")) for outage in rows.get("outages", ())}
    for outage in rows.get("outages", ()):
        if off := one_digit_off(str(outage.get("postcode")), postcodes):
            postcodes.add(off)
            near["outages"].append({**outage, "postcode": off, "ends_on": "2026-12-24"})
    return near


def _wrong_charge(number: str) -> Row:
    return {
        "id": f"N{number}",
        "account_number": number,
        "item": "a new router",
        "amount_cents": 2500,
        "agreed_cents": 0,
        "billed_on": "2026-11-01",
    }
