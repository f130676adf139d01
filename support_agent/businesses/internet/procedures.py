"""How the internet provider's support agent works off what callers call about."""

from typing import Any

from shared.language.to_say import date_aloud, money_aloud, time_aloud
from shared.side.dialogue import Dialogue, call, tell
from support_agent.businesses.internet.slots import POSTCODE
from support_agent.talk import Talk

_OFFERS = 4
"""How many free times are offered at most."""


def outage(talk: Talk) -> Dialogue[None]:
    """Say until when the outage lasts; where there is none, check the line."""
    postcode = (
        talk.known("account")["postcode"] if talk.record else (yield from talk.learn(POSTCODE))
    )
    if not postcode:
        yield from tell("I am sorry, I cannot look that up.")
        yield from talk.offer_callback("an outage")
        return
    found = yield from call("find_outage", postcode=postcode)
    if found.data["outage"]:
        yield from _tell_outage(found.data["outage"])
    else:
        yield from tell("I do not see an outage there.", "So I will check your line.")
        talk.go_on_with("slow_connection")


def slow_connection(talk: Talk) -> Dialogue[None]:
    """Check the line, and reset the router or send a technician."""
    number = talk.known("account")["number"]
    line = (yield from call("check_line", account_number=number)).data
    if line["outage"]:
        yield from _tell_outage(line["outage"])
    elif line["fault"] == "router":
        yield from tell("I have checked your line.", "Your router needs a reset.")
        if (yield from talk.confirm("Shall I reset it now?")):
            done = ("I have reset your router.", "Your connection should be fast again.")
            yield from talk.do("reset_router", *done, account_number=number)
        else:
            yield from tell("All right, I will not reset it.")
    elif line["fault"] == "cable":
        yield from tell("I have checked your line.", "There is a fault in the cable.")
        visits = (yield from call("find_visit", account_number=number)).data
        if visits["visit"]:
            yield from tell(f"A technician comes on {_time_aloud(visits['visit'])}.")
        else:
            yield from tell("A technician has to come.")
            yield from _offer_times(
                talk, visits["free"], "Shall I book {}?", "booked your visit for"
            )
    else:
        yield from tell("I have checked your line, and I do not see a fault.")
        yield from talk.offer_callback("a slow connection")


def move_visit(talk: Talk) -> Dialogue[None]:
    """Move the technician's visit to another time."""
    visits = (yield from call("find_visit", account_number=talk.known("account")["number"])).data
    if visits["visit"]:
        yield from tell(f"Your technician comes on {_time_aloud(visits['visit'])}.")
        yield from _offer_times(
            talk, visits["free"], "Shall I move it to {}?", "moved your visit to"
        )
    else:
        yield from tell("I do not see a visit for your account.")
        yield from talk.offer_callback("a technician visit")


def change_plan(talk: Talk) -> Dialogue[None]:
    """Change the plan to the one that the caller chooses."""
    number = talk.known("account")["number"]
    plans = (yield from call("find_plans", account_number=number)).data
    others = {plan["name"]: plan for plan in plans["others"]}
    offers = [f"{name} for {money_aloud(plan['price_cents'])}" for name, plan in others.items()]
    yield from tell(f"You have the {plans['current']['name']} plan.")
    name = yield from talk.choose(
        f"Which plan would you like, {', or '.join(offers)} a month?",
        {name: (name,) for name in others},
    )
    if name:
        price = money_aloud(others[name]["price_cents"])
        question = f"Shall I change your plan to {name}, for {price} a month?"
        if (yield from talk.confirm(question)):
            done = f"I have changed your plan to {name}."
            yield from talk.do("change_plan", done, account_number=number, plan=others[name]["id"])
            return
    yield from tell("All right, your plan stays as it is.")


def bill(talk: Talk) -> Dialogue[None]:
    """Say what the last bill is made of, and credit what was charged wrong."""
    found = yield from call("find_bill", account_number=talk.known("account")["number"])
    charges = found.data["charges"]
    if not charges:
        yield from tell("I do not see a bill for your account.")
        return
    total = money_aloud(sum(charge["amount_cents"] for charge in charges))
    parts = [f"{money_aloud(charge['amount_cents'])} for {charge['item']}" for charge in charges]
    yield from tell(f"Your last bill is {total}.", f"It has {', and '.join(parts)}.")
    wrong = [charge for charge in charges if charge["excess_cents"] > 0]
    if not wrong:
        yield from tell("All of this is right, so I cannot credit anything.")
    for charge in wrong:
        amount = money_aloud(charge["excess_cents"])
        if charge["credited"]:
            yield from tell(f"I can see that {amount} for {charge['item']} was credited already.")
            continue
        yield from tell(f"The charge for {charge['item']} is too high.")
        if (yield from talk.confirm(f"Shall I credit {amount} to your account?")):
            done = f"I have credited {amount} to your account."
            yield from talk.do("credit_charge", done, charge_id=charge["id"])
        else:
            yield from tell("All right, I will leave it as it is.")


def cancel_contract(talk: Talk) -> Dialogue[None]:
    """Cancel the contract if its minimum term is over."""
    if (yield from talk.confirm("Shall I cancel your contract?")):
        number = talk.known("account")["number"]
        yield from talk.do(
            "cancel_contract", "I have cancelled your contract.", account_number=number
        )
    else:
        yield from tell("All right, your contract stays as it is.")


def person(talk: Talk) -> Dialogue[None]:
    """Put the caller through."""
    yield from talk.put_through("a talk with a person")


def _offer_times(
    talk: Talk, free: list[dict[str, Any]], question: str, done: str
) -> Dialogue[None]:
    """Offer the free times for a technician's visit, one after another."""
    for slot in free[:_OFFERS]:
        time = _time_aloud(slot)
        if (yield from talk.confirm(question.format(time))):
            number = talk.known("account")["number"]
            told = f"I have {done} {time}."
            yield from talk.do("book_visit", told, account_number=number, slot=slot["id"])
            return
    yield from tell("I am sorry, I have no other time.")
    yield from talk.offer_callback("a technician visit")


def _tell_outage(outage: dict[str, Any]) -> Dialogue[None]:
    ends = f"{date_aloud(outage['ends_on'])} at {time_aloud(outage['ends_at'])}"
    yield from tell(
        f"I am sorry, there is an outage in your area because of {outage['reason']}.",
        f"It should be over on {ends}.",
        "We are working on it.",
    )


def _time_aloud(slot: dict[str, Any]) -> str:
    return f"{date_aloud(slot['day'])} at {time_aloud(slot['time'])}"
