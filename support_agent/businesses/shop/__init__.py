"""Northwind, an online shop: late orders, double charges, cancellations, damaged items."""

from support_agent.business import Business, Identification, read_text
from support_agent.businesses.shop.procedures import (
    cancel_order,
    charged_twice,
    damaged_item,
    late_order,
    person,
)
from support_agent.businesses.shop.stock import STOCK, neighbours
from support_agent.businesses.shop.tools import ShopTools
from support_agent.signs import CALL_OFF, NEED_NOT, PERSON, then
from support_agent.slots import NAME, SPELLED_NAME, Slot, SlotKind
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

_ORDER = r"(?:orders?|packages?|parcels?|deliver(?:y|ies)|box|shipments?|stuff|things?|it)"
_PAID = (
    r"(?:charg\w*|bill\w*|buil[td]|pa(?:y|id)\w*|debit\w*|took|taken|card|money|account|statement)"
)
_TWICE = r"(?:twice|2 times|double|again|(?:a|the) 2 th time|2 th charge)"

BUSINESS = Business(
    name="Northwind",
    schema=read_text(__package__, "schema.sql"),
    stock=STOCK,
    grows=frozenset({"replacements"}),
    neighbours=neighbours,
    needs_consent=frozenset({"refund_charge", "cancel_order", "replace_item"}),
    proofs=(POSTCODE,),
    needs_proof=frozenset({"refund_charge", "cancel_order", "replace_item"}),
    policy=read_text(__package__, "policy.md"),
    tools=ShopTools,
    identifications=(
        Identification((ORDER_NUMBER, NAME), "find_order", SPELLED_NAME),
        Identification((NAME, POSTCODE), "find_customer", SPELLED_NAME),
    ),
    problems=(
        Problem(
            "late_order",
            "a late order",
            (
                r" (?:(?<!too )late|delay|delayed|overdue|tracking|(?<!is )missing) ",
                (
                    r" (?:not|never|no|nothing|nobody|when|will|has|have|still|yet|should|did)"
                    r"(?: \w+){0,5} (?:turn(?:ed)?|show(?:n|ed)?) up "
                ),
                r" (?:waiting (?:for|on)|been waiting|status|whereabouts) ",
                rf" where(?: \w+){{0,2}} {_ORDER} ",
                r" where(?: \w+){0,4} (?:got to|gone) ",
                then(r"(?:happening|going on|up) with", _ORDER, 1),
                then(r"(?:track|chas\w+|check(?:ing)?(?: up)? on|find|locate)", _ORDER, 3),
                then(
                    r"how (?:much )?(?:long|longer)", r"(?:take|taking|wait|until|till|arrive)", 6
                ),
                (
                    r" (?:says|said|marked|shows)(?: as| it was| it is)?"
                    r" (?:delivered|out for delivery) "
                ),
                r" (?:stuck|lost) (?:in|on|at|some ?where) | got lost | never made it ",
                r" no (?:sign|trace|package|parcel|delivery) ",
                r" has (?:\w+ ){1,3}been (?:sent|shipped|dispatched) ",
                r" taking (?:\w+ ){0,4}(?:so|too|that|this) long ",
                r" nothing (?:\w+ ){0,2}(?:come|came|arrived|here) ",
                r" promised (?:it|me|by|for) | was told (?:\w+ ){0,3}(?:days?|weeks?) ",
                r" expect (?:my|the|it) | behind schedule | heard nothing | when am i getting ",
                r" (?:not|nobody|nothing|never) (?:been )?(?:shipped|delivered|dispatched) ",
                r" (?:said|promised)(?: \w+){0,3} (?:days?|weeks?)(?: \w+){0,5} been ",
                then(r"(?:supposed|meant)", r"(?:get|be) (?:to me|here|with me)", 2),
                r" (?:and|but|ago)(?: i have)?(?: got)? nothing(?: has come)? $",
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
                r" same (?:amount|charge|payment|thing)(?: \w+){0,4} (?:twice|2) ",
                rf" {_PAID}(?: \w+){{0,7}} {_TWICE} ",
                r" duplicates? | paid for 2 | double charged | there twice ",
                r" 2 (?:different )?(?:days|charges|payments) (?:for|on) ",
                r" 2 charges ",
                r" extra (?:charge|payment) ",
            ),
            charged_twice,
        ),
        Problem(
            "cancel_order",
            "a cancellation",
            (
                r" can[cs]el\w* ",
                rf" {NEED_NOT} ",
                rf" {CALL_OFF} (?:\w+ ){{0,3}}(?:order|purchase|thing|it|this) ",
                r" call(?:ed|ing)? (?:\w+ ){1,4}off | can(?: not)? sell (?:it|this|that|my|the) ",
                (
                    r" (?:bought|got|found|picked up)(?: \w+){1,7} (?:some ?where else|elsewhere"
                    r"|another (?:shop|store|place)|a different (?:shop|store)|cheaper|locally"
                    r"|in a (?:shop|store)|in town) "
                ),
                r" not (?:to )?(?:send|ship) (?:it|that|this|the) ",
                r" stop (?:my|the|that) (?:order|shipment|delivery|parcel|package) ",
                r" (?:ordered|bought)(?: \w+){0,2} (?:wrong|by (?:accident|mistake)) ",
                r" by accident ",
                r" want out | changed my mind about ",
            ),
            cancel_order,
        ),
        Problem(
            "damaged_item",
            "a damaged item",
            (
                (
                    r" (?:damaged?|broken?|cracks?|cracked|defective|defects?|faulty|fault|smashed"
                    r"|shattered|scratch(?:ed|es)?|bent|dents?|dented|crushed|ruined|torn|chipped"
                    r"|busted|wrecked|leaks?|leaking|ripped|snapped) "
                ),
                (
                    r" (?:does|did|is|will|would|can) not"
                    r" (?:work|working|turn on|switch on|start|open|close) "
                ),
                r" (?:stopped|stops) working | (?:fell|falls|came|come) (?:apart|off) ",
                r" in (?:\w+ ){0,3}(?:pieces|bits) | to (?:bits|pieces) | dead on arrival ",
                (
                    r" (?:parts?|pieces?|legs?|screws?|lids?|handles?|buttons?|half of it)"
                    r" (?:is|are|was|were) missing | replacement | (?:hole|stain|rip|tear) in "
                ),
            ),
            damaged_item,
        ),
        Problem("person", "a talk with a person", PERSON, person, anybody=True),
    ),
)
