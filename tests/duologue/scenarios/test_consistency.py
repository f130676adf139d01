"""What cannot be is named before a call, and what can be is not."""

import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import support_agent.businesses
from duologue.scenarios.scenario_file import read_scenarios
from shared.errors import DocumentError
from support_agent import expectations
from support_agent.business import Identification
from support_agent.registry import load_business
from support_agent.slots import DATE_OF_BIRTH

GOOD = """\
name: test
scenarios:
  - label: one
    userdata:
      business: shop
      desk:
        customers:
          - {id: K1, name: Ann Lee, postcode: "10025"}
        orders:
          - {number: "80336", customer_id: K1, item: vase, ordered_on: 2026-06-01,
             promised_on: 2026-06-08, expected_on: 2026-06-08}
        charges:
          - {id: Q1, order_number: "80336", amount_cents: 1800, charged_on: 2026-06-01}
    persona: {name: Ann Lee}
    facts: {order_number: "80336"}
    goals: [{say: Please cancel my order., met_when: [have cancelled]}]
    expected:
      desk:
        charges: [{id: Q1, status: refunded}]
        orders: [{number: "80336", status: cancelled}]
      said: [have cancelled your order]
      never_said: [replacement]
      tools: [cancel_order]
      never_done: [refund_charge]
"""
EXPECTED = "scenarios.0.expected"


def businesses() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(support_agent.businesses.__path__)]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("said", "instead", "where", "problem"),
    [
        ("- {id: Q1, ", "- {", (6, "scenarios.0.userdata.desk"), "NOT NULL"),
        ("1800", "99999999999999999999", (6, "scenarios.0.userdata.desk"), "too large"),
        ("charges: [", "charge: [", (19, f"{EXPECTED}.desk.charge.0"), "no table 'charge'"),
        (
            "status: refunded",
            "state: paid",
            (19, f"{EXPECTED}.desk.charges.0"),
            "no column 'state'",
        ),
        (
            "status: refunded",
            "status: gone",
            (19, f"{EXPECTED}.desk.charges.0.status"),
            "can never",
        ),
        ("status: refunded", "status: null", (19, f"{EXPECTED}.desk.charges.0.status"), "NOT NULL"),
        (
            "status: refunded",
            'amount_cents: "1800"',
            (19, f"{EXPECTED}.desk.charges.0.amount_cents"),
            "would be kept as 1800",
        ),
        (
            "status: refunded",
            "order_number: 80336",
            (19, f"{EXPECTED}.desk.charges.0.order_number"),
            "would be kept as '80336'",
        ),
        ("id: Q1, status", "id: Q2, status", (19, f"{EXPECTED}.desk.charges.0.id"), "none is ever"),
        (
            "[{id: Q1, status: refunded}]",
            "[{id: Q1}, {id: Q1}]",
            (19, f"{EXPECTED}.desk.charges.1.id"),
            "expected twice",
        ),
        (
            "[cancel_order]",
            "[cancel]",
            (23, f"{EXPECTED}.tools.0"),
            "no tool 'cancel'; .*find_order",
        ),
        ("[refund_charge]", "[refund]", (24, f"{EXPECTED}.never_done.0"), "no tool 'refund'"),
        (
            "[refund_charge]",
            "[put_through, cancel_order]",
            (24, f"{EXPECTED}.never_done.1"),
            "to be used",
        ),
        ("[replacement]", "[CANCELED your]", (22, f"{EXPECTED}.never_said.0"), "is to be said"),
        (
            'facts: {order_number: "80336"}',
            'facts: {order_number: "00000"}',
            (15, "scenarios.0.facts.order_number"),
            "nowhere",
        ),
        ("business: shop", "busines: shop", (4, "scenarios.0.userdata.business"), "is missing"),
        (
            "business: shop",
            "business: shop\n      x: 1",
            (6, "scenarios.0.userdata.x"),
            "not known",
        ),
    ],
)
def test_what_cannot_be_is_named(
    tmp_path: Path, said: str, instead: str, where: tuple[int, str], problem: str
) -> None:
    assert said in GOOD
    path = write(tmp_path, GOOD.replace(said, instead, 1))
    with pytest.raises(DocumentError, match=problem) as raised:
        read_scenarios(path)
    assert (raised.value.line, raised.value.field) == where
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        # A row that is added has a key that is nowhere yet.
        ("charges: [", "replacements: [{id: R80336}]\n        charges: ["),
        # One that the shop has itself.
        ("id: Q1, status", "id: H10170-1, status"),
        # A caller may have the number wrong and be found by the postcode, ...
        ('{order_number: "80336"}', '{order_number: "00000", postcode: "10025"}'),
        # ... say it in words of its own, ...
        ('{order_number: "80336"}', '{order_number: {value: "00000", said: It is 80336.}}'),
        # ... or bring it up with the goal.
        ('facts: {order_number: "80336"}', "facts: {}"),
        ("[replacement]", "[cancel your order]"),
        ("status: refunded", "amount_cents: 1800.0"),
    ],
)
def test_what_can_be_is_let_through(tmp_path: Path, said: str, instead: str) -> None:
    assert said in GOOD
    assert read_scenarios(write(tmp_path, GOOD.replace(said, instead, 1)))


def test_a_caller_who_may_need_no_code_is_let_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, GOOD.replace('{order_number: "80336"}', '{order_number: "00000"}'))
    shop = load_business("shop")
    by_birth = Identification((DATE_OF_BIRTH,), "find_order")
    business = shop._replace(identifications=(*shop.identifications, by_birth))
    monkeypatch.setattr(expectations, "load_business", lambda _: business)
    assert read_scenarios(path)


@pytest.mark.parametrize("name", businesses())
def test_a_business_says_which_of_its_tables_grow(name: str) -> None:
    business = load_business(name)
    source = inspect.getsource(inspect.getmodule(business.tools) or business.tools)
    assert business.grows == frozenset(re.findall(r"_desk\.add\(\s*\"(\w+)\"", source))


@pytest.mark.parametrize(("length_s", "limits"), [(8, ""), (3, "\n    limits: {dead_air_s: 3}")])
def test_a_silence_that_makes_the_line_dead_is_refused(
    tmp_path: Path, length_s: float, limits: str
) -> None:
    def silent(probability: float) -> Path:
        behaviour = f"{{probability: {probability}, length_s: {length_s}}}"
        return write(tmp_path, f"{GOOD}    behaviours: {{silence: {behaviour}}}{limits}\n")

    assert read_scenarios(silent(0))
    with pytest.raises(DocumentError, match="the line is dead after"):
        read_scenarios(silent(0.1))
