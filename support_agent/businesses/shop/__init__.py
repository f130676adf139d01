"""Northwind, an online shop: late orders, double charges, cancellations, damaged items."""

from support_agent.business import Business, Identification, read_text
from support_agent.businesses.shop.procedures import (
    cancel_order,
    charged_twice,
    damaged_item,
    late_order,
)
from support_agent.businesses.shop.stock import STOCK, neighbours
from support_agent.businesses.shop.tools import ShopTools
from support_agent.slots import NAME, Slot, SlotKind
from support_agent.talk import Problem

ORDER_NUMBER = Slot(
    name="order_number",
    kind=SlotKind.CODE,
    noun="your order number",
    under="order number {}",
    words=("order", "order number", "number", "reference"),
    lengths=(5, 4, 6, 7, 8),
)
POSTCODE = Slot(
    name="postcode",
    kind=SlotKind.CODE,
    noun="your postcode",
    under="with the postcode {}",
    words=("postcode", "postal code", "zip", "zip code"),
    lengths=(5, 4, 6),
)

BUSINESS = Business(
    name="Northwind",
    schema=read_text(__package__, "schema.sql"),
    stock=STOCK,
    grows=frozenset({"replacements"}),
    neighbours=neighbours,
    needs_consent=frozenset({"refund_charge", "cancel_order", "replace_item"}),
    policy=read_text(__package__, "policy.md"),
    tools=ShopTools,
    identifications=(
        Identification((ORDER_NUMBER, NAME), "find_order"),
        Identification((NAME, POSTCODE), "find_customer"),
    ),
    problems=(
        Problem(
            "late_order",
            "a late order",
            (
                r" (?:late|later|delay|delayed|overdue|tracking|missing) ",
                (
                    r" (?:not|never|nothing)(?: \w+){0,3}"
                    r" (?:arrived?|come|came|here|received?|shown|got|get|delivered) "
                ),
                r" where(?: \w+){0,4} (?:order|package|parcel|delivery|it) ",
                r" when(?: \w+){0,5} (?:here|arrives?|arriving|comes?|coming|deliver\w*|get it) ",
                r" (?:supposed|meant|due|expected)(?: \w+){0,5} (?:here|arrive|come|deliver\w*) ",
                r" still(?: been)? (?:waiting|no|not) ",
                r" should(?: \w+){0,3} (?:arrived?|come|here|delivered) ",
            ),
            late_order,
        ),
        Problem(
            "charged_twice",
            "a double charge",
            (
                (
                    r" (?:charg\w*|bill\w*|buil[td]|pa(?:y|id)\w*|debit\w*|took|taken|card|money)"
                    r"(?: \w+){0,6} (?:twice|2 times|double|again) "
                ),
                (
                    r" (?:double|duplicate|2|2 th|extra)(?: \w+)?"
                    r" (?:charg\w*|payments?|bill\w*|debits?|transactions?) "
                ),
                r" (?:twice|2 times)(?: \w+){0,4} (?:charg\w*|bill\w*|pa(?:y|id)\w*|card|money) ",
                r" same (?:amount|charge|payment)(?: \w+){0,4} (?:twice|2) ",
            ),
            charged_twice,
        ),
        Problem(
            "cancel_order",
            "a cancellation",
            (
                r" cancel\w* ",
                r" (?:do|does) not want (?:it|the order|my order|this)(?: any ?more)? ",
            ),
            cancel_order,
        ),
        Problem(
            "damaged_item",
            "a damaged item",
            (
                r" (?:damaged?|broken|broke|cracked|defective|faulty|smashed|shattered|scratched) ",
                r" (?:does|did|is) not (?:work|working|turn on) ",
            ),
            damaged_item,
        ),
    ),
)
