"""How the support agent picks up: what it says first, and what a language model is told of that."""


def greeting(business: str, *, opens: bool) -> str:
    """What the agent of `business` says first; it asks only a caller who has not spoken yet."""
    welcome = f"Thank you for calling {business}."
    return f"{welcome} How can I help you today?" if opens else welcome


def instruction(business: str, *, opens: bool) -> str:
    """The same, as a line of a language model's prompt."""
    if opens:
        return f"You pick up: greet the caller in the name of {business}, and ask how you can help."
    return "The caller speaks first."
