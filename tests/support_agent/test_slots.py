import pytest

from support_agent.businesses.internet.slots import ACCOUNT_NUMBER
from support_agent.businesses.shop import BUSINESS, ORDER_NUMBER, POSTCODE
from support_agent.slots import NAME, Slot, is_unknown, read_slots

SLOTS = BUSINESS.slots()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My name is Yash Patel.", "Yash Patel"),
        ("Yash Patel.", "Yash Patel"),
        ("It's Yash Patel, thanks.", "Yash Patel"),
        ("Yes, of course. Yash Patel.", "Yash Patel"),
        ("My name is in Grid, Sorensen, and my order is late.", "in Grid Sorensen"),
        ("Yash Patel, P A T E L.", "Yash Patel patel"),
        ("This is Yash Patel and I am calling about 47219.", "Yash Patel"),
        ("this is yash patel", "yash patel"),
        ("That is not good enough. Yash Patel.", "Yash Patel"),
        ("My name is a D's and Wusu.", "a D's and Wusu"),
        ("It is a D's and Wooso.", "a D's and Wooso"),
        ("Ridiculous. My name is Yash Patel.", "Yash Patel"),
        ("My name is J. R. Tolliver.", "J R Tolliver"),
        ("It's J. R. Smith.", "J R Smith"),
        ("Dr. Anjali Desai.", "Dr Anjali Desai"),
        ("My name is Jean-Luc St. Pierre.", "Jean-Luc St Pierre"),
        ("My name is Ann O'Brien. It is spelled O apostrophe B R I E N.", "Ann O'Brien obrien"),
    ],
)
def test_a_name_is_what_is_left_without_the_words_around_it(text: str, name: str) -> None:
    assert read_slots(text, SLOTS, (NAME,))["name"] == (name,)


@pytest.mark.parametrize("asked", [(), (NAME,)], ids=["not asked", "asked"])
@pytest.mark.parametrize(
    "text",
    [
        *("This is ridiculous!", "This is an outrage.", "This is so unfair.", "Ridiculous."),
        *("Unbelievable.", "Seriously?", "Again?", "I am not happy about this.", "Are you joking?"),
        "That is not good enough.",
    ],
)
def test_a_complaint_is_no_name(text: str, asked: tuple[Slot, ...]) -> None:
    assert read_slots(text, SLOTS, asked) == {}


@pytest.mark.parametrize(
    ("text", "asked", "values"),
    [
        ("47219", (ORDER_NUMBER,), {"order_number": ("47219",)}),
        ("47219", (POSTCODE,), {"postcode": ("47219",)}),
        ("47219", (), {}),
        ("It is order 47219", (), {"order_number": ("47219",)}),
        ("47219 is my order number", (), {"order_number": ("47219",)}),
        (
            "Order 47219, and the zip code is 60614",
            (ORDER_NUMBER,),
            {"order_number": ("47219",), "postcode": ("60614",)},
        ),
        ("My post go to 60622.", (POSTCODE,), {"postcode": ("60622", "260622")}),
        (
            "My name is Ann Lee and my order number is 4 7 2 1 9",
            (),
            {"order_number": ("47219",), "name": ("Ann Lee",)},
        ),
        ("I have been waiting for 10 days", (ORDER_NUMBER,), {}),
    ],
)
def test_a_code_belongs_to_the_slot_named_before_it_or_else_asked_for(
    text: str, asked: tuple[Slot, ...], values: dict[str, tuple[str, ...]]
) -> None:
    assert read_slots(text, SLOTS, asked) == values


@pytest.mark.parametrize(
    "text", ["I don't have it with me.", "I am not sure", "No idea, sorry.", "I can't find it"]
)
def test_a_caller_may_not_know(text: str) -> None:
    assert is_unknown(text)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It is 8462300.", ("8462300", "846230")),
        ("It is 8846230.", ("8846230", "846230")),
        ("It is 8462301.", ("8462301",)),
        ("It is 1212121212.", ("1212121212", "121212")),
        ("It is 17171717.", ("17171717", "171717")),
        ("It is 846230.", ("846230",)),
        ("It is 846600.", ("846600",)),
    ],
)
def test_what_repeats_in_a_code_too_long_may_have_been_said_fewer_times(
    text: str, numbers: tuple[str, ...]
) -> None:
    assert read_slots(text, (ACCOUNT_NUMBER,), (ACCOUNT_NUMBER,)) == {"account_number": numbers}


def test_a_run_too_long_in_which_nothing_repeats_is_no_code() -> None:
    assert read_slots("It is 8462301957.", (ACCOUNT_NUMBER,), (ACCOUNT_NUMBER,)) == {}
