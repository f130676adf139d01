"""What the internet provider's support agent asks callers for."""

from support_agent.slots import Slot, SlotKind

ACCOUNT_NUMBER = Slot(
    name="account_number",
    kind=SlotKind.CODE,
    noun="your account number",
    under="account number {}",
    words=("account", "account number", "customer number", "number"),
    lengths=(6, 5, 7),
)
POSTCODE = Slot(
    name="postcode",
    kind=SlotKind.CODE,
    noun="your postcode",
    under="the postcode {}",
    words=("postcode", "postal code", "zip", "zip code"),
    lengths=(5, 4, 6),
)
