import pytest

from customer_agent.read_back import misread

KNOWN = {"order_number": "700800", "postcode": "84104"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("That is order number seven zero eight zero zero. Is that right?", "order_number"),
        ("That is order number 700800800. Is that right?", "order_number"),
        ("I have order number 12345. Is that right?", "order_number"),
        ("Did you say 7 8 0 8 0 0?", "order_number"),
        ("That is the post code 84004. Is that right?", "postcode"),
        ("That is the post code 8 4 1 0. Is that right?", "postcode"),
        ("That is order number 700,800. Is that right?", None),
        ("That is 700800, 700800. Is that right?", None),
        ("That is the post code eight four one zero four. Is that right?", None),
        ("Your term ends on 15 June 2027. Is that right?", None),
        ("Is 5551234 your number?", None),
    ],
)
def test_a_code_of_the_caller_s_that_is_read_back_wrong_is_found(
    text: str, wrong: str | None
) -> None:
    assert misread(text, KNOWN) == wrong


@pytest.mark.parametrize("heard", ["1212121212", "1212", "12121212", "121012"])
def test_what_a_recognizer_makes_of_repeats_is_near(heard: str) -> None:
    assert misread(f"I have {heard}. Is that right?", {"account": "121212"}) == "account"
