"""What led to a task not being done: what was misheard before anybody was found."""

from duologue.labels.verdict import Spoken, judge
from shared.customer_sheet import CustomerSheet, Fact, Persona
from tests.duologue.labels.verdict.right_call import RIGHT, TOOLS, C, S, used

SHEET = CustomerSheet(
    persona=Persona(name="Yash Patel"), facts={"order_number": Fact(value="700800")}
)
TOLD = tuple(
    turn
    for at, heard in enumerate(("70800", "7 800", "700800", "70800"))
    for turn in (
        Spoken(S, "Could you tell me the number?", 2.0 * at, turn=2 * at),
        Spoken(
            C,
            "Seven zero zero eight zero zero.",
            2.0 * at + 1,
            heard=f"It is {heard}.",
            turn=2 * at + 1,
        ),
    )
)


def test_a_number_that_was_misheard_is_the_root_of_what_was_not_done() -> None:
    spec = RIGHT.spec.model_copy(update={"customer": SHEET})
    failed = RIGHT._replace(spec=spec, turns=TOLD, tools=(), changes={})
    desk = judge(failed).findings[0]
    assert desk.root == "order number misheard 3 times: 70800, 7800 for 700800"
    assert desk.turn == 1
    assert str(desk).endswith(f"({desk.root})")


def test_once_the_caller_was_found_what_was_misheard_before_is_no_root() -> None:
    spec = RIGHT.spec.model_copy(update={"customer": SHEET})
    found = (used("find_order", 8.0, found=True), *TOOLS[1:])
    assert (
        judge(RIGHT._replace(spec=spec, turns=TOLD, tools=found, changes={})).findings[0].root == ""
    )


def test_a_name_that_was_misheard_is_a_root_too() -> None:
    said = Spoken(C, "My name is Yash Patel.", 3.0, heard="My name is Joshua Battle.")
    failed = RIGHT._replace(turns=(said,), tools=(), changes={})
    assert judge(failed).findings[0].root == (
        "name misheard once: 'My name is Joshua Battle.' for Yash Patel"
    )
