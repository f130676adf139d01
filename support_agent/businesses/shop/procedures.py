"""How the shop's support agent works off what callers call about."""

from shared.language.to_say import date_aloud, money_aloud
from shared.side.dialogue import Dialogue, call, tell
from support_agent.talk import Talk


def late_order(talk: Talk) -> Dialogue[None]:
    """Say where the order is, why it is late, and when it comes."""
    order = talk.known("order")
    item, expected = order["item"], date_aloud(order["expected_on"])
    if order["status"] == "cancelled":
        yield from tell(f"Your order for the {item} was cancelled, so it will not be sent.")
    elif order["status"] == "delivered":
        yield from tell(f"Our records say that the {item} was delivered on {expected}.")
        yield from talk.offer_callback("a delivery that did not arrive")
    elif order["expected_on"] > order["promised_on"]:
        yield from tell(f"The {item} should have come on {date_aloud(order['promised_on'])}.")
        if order["delay_reason"]:
            yield from tell(f"It is late because of {order['delay_reason']}.")
        yield from tell(f"It will arrive on {expected}.", "I am sorry for the delay.")
    else:
        yield from tell(f"The {item} is on time, and it will arrive on {expected}.")


def charged_twice(talk: Talk) -> Dialogue[None]:
    """Look the charges up and refund what was charged twice."""
    charges = yield from call("find_charges", order_number=talk.known("order")["number"])
    by_id = {charge["id"]: charge for charge in charges.data["charges"]}
    for charge_id in charges.data["duplicates"]:
        amount = money_aloud(by_id[charge_id]["amount_cents"])
        agreed = yield from talk.confirm(
            f"I can see two charges of {amount} for this order. Shall I refund one of them?"
        )
        if not agreed:
            yield from tell("All right, I will leave it as it is.")
            continue
        done = (f"I have refunded {amount} to your card.", "You will see it within five days.")
        yield from talk.do("refund_charge", *done, charge_id=charge_id)
    if charges.data["duplicates"]:
        return
    if any(charge["status"] == "refunded" for charge in by_id.values()):
        yield from tell("I can see that the second charge has been refunded already.")
    else:
        yield from tell(
            "I have checked the charges.", "I do not see a second charge for this order."
        )


def cancel_order(talk: Talk) -> Dialogue[None]:
    """Cancel the order if it was not shipped."""
    order = talk.known("order")
    if not (yield from talk.confirm(f"Shall I cancel your order for the {order['item']}?")):
        yield from tell("All right, your order stays as it is.")
        return
    done = ("I have cancelled your order.", "You will get your money back.")
    yield from talk.do("cancel_order", *done, order_number=order["number"])


def damaged_item(talk: Talk) -> Dialogue[None]:
    """Replace what came damaged."""
    order = talk.known("order")
    yield from tell("I am sorry about that.")
    question = f"Shall I send you a new {order['item']}, free of charge?"
    if not (yield from talk.confirm(question)):
        yield from tell("All right, I will not send a new one.")
        return
    done = ("A replacement is on its way to you.", "It should arrive within five days.")
    yield from talk.do("replace_item", *done, order_number=order["number"])


def person(talk: Talk) -> Dialogue[None]:
    """Put the caller through."""
    yield from talk.put_through("a talk with a person")
