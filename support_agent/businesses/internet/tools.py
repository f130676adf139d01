"""What the internet provider's support agent can do at its desk; the policy is enforced here."""

from livekit.agents import ToolError, function_tool

from shared.language.to_say import full_date_aloud
from shared.values import Row, Value
from support_agent.desk import Desk
from support_agent.identity import (
    IdentifiedCaller,
    SaidName,
    find_named,
    not_found,
    one_digit_apart,
    result,
    unclear,
)


class InternetTools:
    """The tools over one call's desk; they remember for which account the caller is identified."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._caller = IdentifiedCaller(
            desk, "accounts", "The caller is not identified for this account."
        )

    @function_tool
    async def find_account(
        self, account_number: str, name: str, first_name: str = "", last_name: str = ""
    ) -> str:
        """Look up an account and identify the caller as its holder.

        Args:
            account_number: The account number, six digits.
            name: The caller's full name, as heard.
            first_name: Its letters, once the caller was asked to spell it.
            last_name: Its letters, once the caller was asked to spell it.
        """
        account = self._desk.get("accounts", account_number)
        if account is None:
            return not_found("account_number")
        # A number misheard by one digit may hit an account of somebody of a similar name.
        near = [
            str(other["name"])
            for other in self._desk.find("accounts")
            if one_digit_apart(str(other["number"]), account_number)
        ]
        said = SaidName(name, first_name, last_name)
        if again := unclear(said, str(account["name"]), near):
            return not_found("account_number", *again) if "name" in again else not_found(*again)
        return self._identified(account, "date_of_birth", "postcode")

    @function_tool
    async def find_holder(
        self, date_of_birth: str, name: str, first_name: str = "", last_name: str = ""
    ) -> str:
        """Look up an account by its holder's date of birth and name, and identify the caller.

        Args:
            date_of_birth: The caller's date of birth, as YYYY-MM-DD.
            name: The caller's full name, as heard.
            first_name: Its letters, once the caller was asked to spell it.
            last_name: Its letters, once the caller was asked to spell it.
        """
        born = self._desk.find("accounts", date_of_birth=date_of_birth)
        account, again = find_named(SaidName(name, first_name, last_name), born)
        if account:
            return self._identified(account, "postcode", account_number=account["number"])
        if again and "name" not in again:
            return not_found(*again)
        return not_found("date_of_birth", *(["name"] if born else []))

    @function_tool
    async def prove_caller(self, fact: str, value: str) -> str:
        """Check a second fact of the identified caller, where a tool says that it needs one.

        Args:
            fact: The one that the caller was asked for: date_of_birth, postcode or account_number.
            value: What the caller said: a date as YYYY-MM-DD, else digits only.
        """
        return self._caller.prove(fact, value)

    @function_tool
    async def find_outage(self, postcode: str) -> str:
        """Look up whether there is an outage; anybody may ask.

        Args:
            postcode: The postcode, digits only.
        """
        return result(outage=self._desk.get("outages", postcode))

    @function_tool
    async def check_line(self, account_number: str) -> str:
        """Check the line of the identified caller: its fault is none, the router or the cable.

        Args:
            account_number: The account number.
        """
        account = self._caller.require(account_number)
        outage = self._desk.get("outages", account["postcode"])
        return result(fault=account["fault"], outage=outage)

    @function_tool
    async def reset_router(self, account_number: str) -> str:
        """Reset a router whose line needs it, after the caller has agreed.

        Args:
            account_number: The account number.
        """
        if self._caller.require(account_number)["fault"] != "router":
            raise ToolError("A reset would not help your line.")
        self._desk.update("accounts", account_number, fault="none")
        return result(reset=True)

    @function_tool
    async def find_visit(self, account_number: str) -> str:
        """Look up the technician's visit of the identified caller, and the times that are free.

        Args:
            account_number: The account number.
        """
        account = self._caller.require(account_number)
        return result(visit=self._booked_slot(account), free=self._free_slots(account))

    @function_tool
    async def book_visit(self, account_number: str, slot: str) -> str:
        """Book a technician's visit, or move it to another time, after the caller has agreed.

        Args:
            account_number: The account number.
            slot: The id of a free time, from find_visit.
        """
        account = self._caller.require(account_number)
        if slot not in {free["id"] for free in self._free_slots(account)}:
            raise ToolError("This time is not free.")
        booked = self._booked_slot(account)
        if booked and str(booked["day"]) <= self._today():
            raise ToolError("A visit cannot be moved on its day.")
        if booked:
            self._desk.update("visits", account_number, slot=slot)
        elif account["fault"] == "cable":
            self._desk.add("visits", {"account_number": account_number, "slot": slot})
        else:
            raise ToolError("A technician comes only where the cable has a fault.")
        return result(booked=True)

    @function_tool
    async def find_plans(self, account_number: str) -> str:
        """Look up the plan of the identified caller, and all others.

        Args:
            account_number: The account number.
        """
        current = self._caller.require(account_number)["plan"]
        plans = sorted(self._desk.find("plans"), key=_price)
        return result(
            current=next(plan for plan in plans if plan["id"] == current),
            others=[plan for plan in plans if plan["id"] != current],
        )

    @function_tool
    async def change_plan(self, account_number: str, plan: str) -> str:
        """Change the plan, after the caller has agreed.

        Args:
            account_number: The account number.
            plan: The id of the new plan, from find_plans.
        """
        account = self._require_active(account_number)
        wanted, current = self._desk.get("plans", plan), self._desk.get("plans", account["plan"])
        if wanted is None or current is None:
            raise ToolError("There is no such plan.")
        if wanted == current:
            raise ToolError("You have this plan already.")
        if _price(wanted) < _price(current):
            self._require_term_over(account, "change to a smaller plan")
        if unproven := self._caller.unproven(account_number):
            return unproven
        self._desk.update("accounts", account_number, plan=plan)
        return result(changed=True)

    @function_tool
    async def find_bill(self, account_number: str) -> str:
        """Look up the last bill of the identified caller; a charge with an excess is wrong.

        Args:
            account_number: The account number.
        """
        self._caller.require(account_number)
        charges = self._desk.find("charges", account_number=account_number)
        last = max((str(charge["billed_on"]) for charge in charges), default="")
        return result(
            charges=[
                {
                    **charge,
                    "excess_cents": _excess(charge),
                    "credited": self._desk.get("credits", charge["id"]) is not None,
                }
                for charge in charges
                if charge["billed_on"] == last
            ]
        )

    @function_tool
    async def credit_charge(self, charge_id: str) -> str:
        """Credit what a charge is too high by, after the caller has agreed.

        Args:
            charge_id: The id of a wrong charge, from find_bill.
        """
        charge = self._desk.get("charges", charge_id)
        if charge is None:
            raise ToolError("There is no such charge.")
        account = self._caller.require(str(charge["account_number"]))
        if self._desk.get("credits", charge_id):
            raise ToolError("This charge was credited already.")
        if _excess(charge) <= 0:
            raise ToolError("This charge is right, so it cannot be credited.")
        if unproven := self._caller.unproven(account["number"]):
            return unproven
        self._desk.add("credits", {"charge_id": charge_id, "amount_cents": _excess(charge)})
        return result(credited=True)

    @function_tool
    async def cancel_contract(self, account_number: str) -> str:
        """Cancel the contract, after the caller has agreed.

        Args:
            account_number: The account number.
        """
        account = self._require_active(account_number)
        self._require_term_over(account, "cancel your contract")
        if unproven := self._caller.unproven(account_number):
            return unproven
        self._desk.update("accounts", account_number, status="cancelled")
        return result(cancelled=True)

    def _identified(self, account: Row, *facts: str, **other: Value) -> str:
        proofs = {fact: account[fact] for fact in facts} | other
        return self._caller.found(
            account["number"], customer=account["name"], proofs=proofs, account=account
        )

    def _require_active(self, account_number: str) -> Row:
        account = self._caller.require(account_number)
        if account["status"] == "cancelled":
            raise ToolError("Your contract was cancelled already.")
        return account

    def _require_term_over(self, account: Row, wish: str) -> None:
        ends_on = str(account["term_ends_on"])
        if ends_on > self._today():
            ending = full_date_aloud(ends_on)
            raise ToolError(f"Your minimum term ends on {ending}. You cannot {wish} before that.")

    def _booked_slot(self, account: Row) -> Row | None:
        """The time at which a technician comes to the caller."""
        visit = self._desk.get("visits", account["number"])
        return self._desk.get("slots", visit["slot"]) if visit else None

    def _free_slots(self, account: Row) -> list[Row]:
        """The times at which a technician can come to the caller, in their order."""
        there = self._desk.find("slots", postcode=account["postcode"])
        taken = {visit["slot"] for visit in self._desk.find("visits")}
        free = [
            slot for slot in there if slot["id"] not in taken and str(slot["day"]) > self._today()
        ]
        return sorted(free, key=lambda slot: (str(slot["day"]), str(slot["time"])))

    def _today(self) -> str:
        [today] = self._desk.find("calendar")
        return str(today["day"])


def _price(plan: Row) -> int:
    return int(plan["price_cents"] or 0)


def _excess(charge: Row) -> int:
    """How much more was charged than was agreed, in cents."""
    return int(charge["amount_cents"] or 0) - int(charge["agreed_cents"] or 0)
