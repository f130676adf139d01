"""What the support agent of the shop can do at its desk; the policy is enforced here."""

from livekit.agents import ToolError, function_tool

from shared.language.as_heard import digits_of
from shared.values import Row, Value
from support_agent.businesses.shop import refunds
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


class ShopTools:
    """The tools over one call's desk; they remember which orders the caller is identified for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._caller = IdentifiedCaller(
            desk, "orders", "The caller is not identified for this order."
        )

    @function_tool
    async def find_order(
        self, order_number: str, name: str, first_name: str = "", last_name: str = ""
    ) -> str:
        """Look up an order and identify the caller by it.

        Args:
            order_number: The order number, digits only.
            name: The caller's full name, as heard.
            first_name: Its letters, once the caller was asked to spell it.
            last_name: Its letters, once the caller was asked to spell it.
        """
        order = self._desk.get("orders", digits_of(order_number))
        if order is None:
            return not_found("order_number")
        # A number misheard by one digit may hit an order of somebody of a similar name.
        near = [
            self._name_on(other)
            for other in self._desk.find("orders")
            if one_digit_apart(str(other["number"]), str(order["number"]))
        ]
        said = SaidName(name, first_name, last_name)
        if again := unclear(said, self._name_on(order), near):
            return not_found("order_number", *again) if "name" in again else not_found(*again)
        return self._identified(order, postcode=self._customer_of(order).get("postcode"))

    @function_tool
    async def find_customer(
        self, name: str, postcode: str, first_name: str = "", last_name: str = ""
    ) -> str:
        """Look up the caller's latest order by name and postcode, where the number did not help.

        Args:
            name: The caller's full name, as heard.
            first_name: Its letters, once the caller was asked to spell it.
            last_name: Its letters, once the caller was asked to spell it.
            postcode: The postcode of the delivery address, digits only.
        """
        there = [
            row for row in self._desk.find("customers") if digits_of(row["postcode"]) == postcode
        ]
        customer, again = find_named(SaidName(name, first_name, last_name), there)
        if again and "name" not in again:
            return not_found(*again)
        orders = self._desk.find("orders", customer_id=customer["id"]) if customer else []
        if not orders:
            return not_found("name", "postcode")
        return self._identified(max(orders, key=lambda order: str(order["ordered_on"])))

    @function_tool
    async def prove_caller(self, fact: str, value: str) -> str:
        """Check a second fact of the identified caller, where a tool says that it needs one.

        Args:
            fact: The one that the caller was asked for: postcode.
            value: What the caller said, digits only.
        """
        return self._caller.prove(fact, value)

    @function_tool
    async def find_charges(self, order_number: str) -> str:
        """Look up what was charged for an order of the identified caller.

        Args:
            order_number: The order number.
        """
        self._caller.require(order_number)
        charges = self._desk.find("charges", order_number=order_number)
        return result(
            charges=charges, duplicates=[row["id"] for row in refunds.refundable(charges)]
        )

    @function_tool
    async def refund_charge(self, charge_id: str) -> str:
        """Refund a charge that was made twice, after the caller has agreed.

        Args:
            charge_id: The id of the duplicate, from find_charges.
        """
        charge = self._desk.get("charges", charge_id)
        if charge is None:
            raise ToolError("There is no such charge.")
        number = str(charge["order_number"])
        self._caller.require(number)
        if charge["status"] == "refunded":
            raise ToolError("This charge has been refunded already.")
        if charge not in refunds.refundable(self._desk.find("charges", order_number=number)):
            raise ToolError("This charge was made only once, so it cannot be refunded.")
        if unproven := self._caller.unproven(number):
            return unproven
        self._desk.update("charges", charge_id, status="refunded")
        return result(refunded=True, amount_cents=charge["amount_cents"])

    @function_tool
    async def cancel_order(self, order_number: str) -> str:
        """Cancel an order that was not shipped and refund it, after the caller has agreed.

        Args:
            order_number: The order number.
        """
        order = self._caller.require(order_number)
        if order["status"] == "cancelled":
            raise ToolError("This order has been cancelled already.")
        if order["status"] in {"shipped", "delivered"}:
            raise ToolError("This order has been shipped already, so it cannot be cancelled.")
        if unproven := self._caller.unproven(order_number):
            return unproven
        self._desk.update("orders", order_number, status="cancelled")
        for charge in self._desk.find("charges", order_number=order_number, status="paid"):
            self._desk.update("charges", charge["id"], status="refunded")
        return result(cancelled=True)

    @function_tool
    async def replace_item(self, order_number: str) -> str:
        """Send a new item for one that was delivered damaged, after the caller has agreed.

        Args:
            order_number: The order number.
        """
        order = self._caller.require(order_number)
        if order["status"] != "delivered":
            raise ToolError("This order has not been delivered yet, so it cannot be replaced.")
        if self._desk.find("replacements", order_number=order_number):
            raise ToolError("A replacement for this order is on its way already.")
        if unproven := self._caller.unproven(order_number):
            return unproven
        replacement: Row = {
            "id": f"R{order_number}",
            "order_number": order_number,
            "item": order["item"],
        }
        self._desk.add("replacements", replacement)
        return result(replaced=True)

    def _identified(self, order: Row, **proofs: Value) -> str:
        return self._caller.found(
            order["number"], customer=self._name_on(order), proofs=proofs, order=order
        )

    def _name_on(self, order: Row) -> str:
        return str(self._customer_of(order).get("name", ""))

    def _customer_of(self, order: Row) -> Row:
        return self._desk.get("customers", order["customer_id"]) or {}
