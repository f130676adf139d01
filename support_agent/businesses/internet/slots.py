"""What the internet provider's support agent asks callers for."""

from support_agent.slots import Kind, Slot

ACCOUNT_NUMBER = Slot(
    name="account_number",
    kind=Kind.CODE,
    noun="your account number",
    under="account number {}",
    words=("account", "account number", "customer number", "number"),
    lengths=(6, 5, 7),
)
NAME = Slot(name="name", kind=Kind.NAME, noun="your full name", under="under the name {}")
DATE_OF_BIRTH = Slot(
    name="date_of_birth",
    kind=Kind.DATE,
    noun="your date of birth",
    under="anybody born on {}",
)
POSTCODE = Slot(
    name="postcode",
    kind=Kind.CODE,
    noun="your postcode",
    under="the postcode {}",
    words=("postcode", "postal code", "zip", "zip code"),
    lengths=(5, 4, 6),
)
