"""What a conversation takes up of what the caller says."""

from support_agent.businesses.shop import BUSINESS, ORDER_NUMBER
from support_agent.slots import NAME


def test_a_number_is_forgotten_that_the_caller_takes_back_in_its_next_turn() -> None:
    talk = BUSINESS.talk()
    talk.note("47218.", (ORDER_NUMBER,))
    talk.note("No, sorry.", (NAME,))
    assert talk.facts == {}


def test_what_the_caller_says_instead_is_the_number_then() -> None:
    talk = BUSINESS.talk()
    talk.note("47218.", (ORDER_NUMBER,))
    talk.note("No, sorry, it is 47219.", (NAME,))
    assert talk.facts == {"order_number": ("47219",)}


def test_a_caller_who_does_not_have_the_next_fact_takes_nothing_back() -> None:
    talk = BUSINESS.talk()
    talk.note("47218.", (ORDER_NUMBER,))
    talk.note("No, sorry.", (BUSINESS.identifications[1].slots[1],))
    assert talk.facts == {"order_number": ("47218",)}
