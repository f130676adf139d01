"""What is missing or wrong in a business is named: what, where, and what to do."""

from pathlib import Path

import pytest

from duologue.businesses import check, write_business
from duologue.deploy.business import business_sources
from shared.errors import UsageError
from support_agent import known_businesses


@pytest.fixture
def hotel(tmp_path: Path) -> Path:
    folder = tmp_path / "hotel"
    write_business(folder)
    return folder


@pytest.mark.parametrize("name", known_businesses())
def test_nothing_is_wrong_with_those_that_are_bundled(name: str) -> None:
    assert check(name) == []


@pytest.mark.parametrize(
    ("file", "said", "instead", "complaint"),
    [
        (
            "schema.sql",
            "CREATE TABLE",
            "CREATE TABEL",
            'schema.sql: SQLite refuses it: near "TABEL"',
        ),
        (
            "schema.sql",
            "begins_on TEXT NOT NULL",
            "day TEXT",
            "schema.sql: SQLite refuses it: no such",
        ),
        ("bookings.csv", "2026-12-04", "4 December", "row number='40718': CHECK constraint failed"),
        ("bookings.csv", "begins_on", "beginning", "stock: desk: bookings: no column 'beginning'"),
        ("__init__.py", '["bookings"]', '["rooms"]', "FileNotFoundError: [Errno 2] No such file"),
        (
            "__init__.py",
            'tool="find_booking"',
            'tool="find"',
            "BUSINESS.identifications: no tool 'find'",
        ),
        (
            "__init__.py",
            'name="booking_number"',
            'name="code"',
            "find_booking takes no 'code'; it takes",
        ),
        (
            "__init__.py",
            "stock=",
            'public=frozenset({"rooms"}), stock=',
            "BUSINESS.public: no table",
        ),
        (
            "__init__.py",
            "stock=",
            'needs_proof=frozenset({"refund"}), stock=',
            "BUSINESS.needs_proof: no tool 'refund'",
        ),
        (
            "__init__.py",
            "stock=",
            'needs_proof=frozenset({"find_booking"}), stock=',
            "no tool checks a second fact; add a tool prove_caller",
        ),
        (
            "__init__.py",
            "(?:date|day)",
            "(?:date|day",
            "a sign of booking is no regular expression",
        ),
        ("policy.md", None, "", "policy.md: is empty; say what the agent may do"),
        (
            "tools.py",
            "booking_number: The booking",
            "x: The",
            "does not say what booking_number is",
        ),
        ("tools.py", "name: str)", "name)", "the types of find_booking cannot be read"),
        ("tools.py", "self._caller.found", "self._caller.find", "a call in text fails: "),
        (
            "tools.py",
            "return self._caller.found(",
            "return 7\n        self._caller.found(",
            "does not reach its goal: ",
        ),
        (
            "tools.py",
            "return self._caller.found(",
            "return None\n        self._caller.found(",
            "does not reach its goal: ",
        ),
        ("procedures.py", "begins on", "is on", "does not reach its goal: "),
        ("scenarios.yaml", "begins_on: 2026", "starts: 2026", "scenarios.yaml:"),
        ("scenarios.yaml", "business: .", "business: shop", "scenarios.yaml:"),
        ("scenarios.yaml", "[begins on]", "[was moved]", "goal: the caller is not content"),
    ],
)
def test_what_is_wrong_is_named(
    hotel: Path, file: str, said: str | None, instead: str, complaint: str
) -> None:
    text = (hotel / file).read_text()
    assert said is None or said in text
    (hotel / file).write_text(text.replace(said, instead) if said else instead)
    found = [str(each) for each in check(str(hotel))]
    assert any(complaint in each for each in found), found
    assert not any("\n" in each for each in found)


def test_a_tool_without_a_docstring_is_named_with_its_line(hotel: Path) -> None:
    tools = hotel / "tools.py"
    text = tools.read_text()
    start = text.index('        """Look up a booking')
    end = text.index('"""', start + 20) + 4
    tools.write_text(text[:start] + text[end:])
    line = 1 + text[: text.index("    @function_tool")].count("\n")
    found = [str(each) for each in check(str(hotel))]
    assert (
        f"{tools}:{line}: the tool find_booking has no docstring; say in it what the tool does; "
        "a language model reads it"
    ) in found


def test_a_procedure_that_calls_no_tool_is_named_with_its_line(hotel: Path) -> None:
    file = hotel / "procedures.py"
    text = file.read_text().replace("import Dialogue,", "import call, Dialogue,")
    file.write_text(text + '    yield from talk.do("cancel_bookings", "Done.")\n')
    lines = file.read_text().count("\n")
    wanted = f"{file}:{lines}: there is no tool 'cancel_bookings' to call; there are find_booking"
    assert any(str(each).startswith(wanted) for each in check(str(hotel)))


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ('talk.confirm("Shall I?")', "talk.confirm(...)"),
        ('if talk.confirm("Shall I?"):\n        pass', "talk.confirm(...)"),
        ('if not talk.confirm("Shall I?"):\n        pass', "talk.confirm(...)"),
        ('agreed = talk.confirm("Shall I?")', "talk.confirm(...)"),
        ('tell("All right.")', "tell(...)"),
        ('yield tell("All right.")', "tell(...)"),
        ('booking = call("find_booking", booking_number="1", name="A").data', "call(...)"),
        ("more(talk)", "more(...)"),
        ('return talk.do("find_booking", "Done.")', "talk.do(...)"),
    ],
)
def test_a_forgotten_yield_from_is_named_with_its_line(hotel: Path, code: str, what: str) -> None:
    file = hotel / "procedures.py"
    text = file.read_text().replace("import Dialogue,", "import call, Dialogue,")
    file.write_text(f"{text}    {code}\n\n\n{MORE}")
    line = 1 + text.count("\n")
    found = [str(each) for each in check(str(hotel))]
    assert f"{file}:{line}: {what} is never run; write `yield from {what}`" in found


MORE = """\
def more(talk: Talk) -> Dialogue[None]:
    asking = talk.confirm("Shall I?")
    if (yield from asking):
        yield from later(talk)


def later(talk: Talk) -> Dialogue[bool]:
    return talk.confirm("Really?")
"""


def test_a_dialogue_that_is_run_later_is_not_forgotten(hotel: Path) -> None:
    file = hotel / "procedures.py"
    file.write_text(f"{file.read_text()}\n\n{MORE}")
    assert check(str(hotel)) == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (
            'yield from talk.do("find" + "_bookings", "Done.")',
            "TypeError: there is no tool 'find_bookings' to call; there are find_booking,",
        ),
        (
            'yield from call("find_booking", number="40718")',
            "TypeError: tool 'find_booking': argument 'booking_number': Field required",
        ),
        (
            'yield from call("find_booking", booking_number="1", name="A", day="today")',
            "TypeError: tool 'find_booking' takes no day; it takes booking_number, name",
        ),
        (
            'yield from call("find_booking", booking_number=b"1", name="A")',
            "TypeError: tool 'find_booking': Object of type bytes is not JSON serializable",
        ),
        (
            'while True:\n        yield from tell("On.")',
            "RuntimeError: 200 things told, and nothing asked between",
        ),
        ("yield from tell(7)", "TypeError: a dialogue says text, and no int"),
        ("yield from talk.ask(None)", "TypeError: a dialogue says text, and no NoneType"),
        ('talk.go_on_with("bill")', "ValueError: there is no problem 'bill' to go on with"),
        ("yield 7", "TypeError: a dialogue yields no int; `yield from` it"),
        ('date_aloud("tomorrow")', "ValueError: "),
        ("assert not talk", "AssertionError"),
    ],
)
def test_what_a_procedure_does_wrong_is_named_with_its_own_line(
    hotel: Path, code: str, why: str
) -> None:
    file = hotel / "procedures.py"
    text = file.read_text().replace("import Dialogue,", "import call, Dialogue,")
    file.write_text(f"{text}    {code}\n")
    line = 1 + text.count("\n") + code.count("\n")
    wanted = f"a call in text fails: {file}:{line}: {why}"
    found = [str(each) for each in check(str(hotel))]
    assert any(wanted in each for each in found), found


def test_a_procedure_that_is_no_dialogue_is_named(hotel: Path) -> None:
    file = hotel / "procedures.py"
    file.write_text(file.read_text().replace("yield from tell", "tell"))
    found = [str(each) for each in check(str(hotel))]
    assert any("the procedure of 'booking' is no dialogue" in each for each in found), found


@pytest.mark.parametrize("code", ["raise ValueError", "assert False", "import sys; sys.exit(1)"])
def test_a_business_that_cannot_be_imported_is_named_with_its_line(hotel: Path, code: str) -> None:
    init = hotel / "__init__.py"
    init.write_text(f"{init.read_text()}{code}\n")
    (complaint,) = check(str(hotel))
    assert f"cannot be imported: {init}:{init.read_text().count(chr(10))}: " in str(complaint)


def test_a_file_that_is_no_python_is_named_and_cannot_be_staged(hotel: Path) -> None:
    (hotel / "notes.py").write_text("to do: (\n")
    assert any(
        str(each).startswith(f"{hotel / 'notes.py'}: is not Python") for each in check(str(hotel))
    )
    with pytest.raises(UsageError, match=r"notes.py is not Python, and cannot be staged"):
        business_sources(str(hotel))


def test_a_business_without_scenarios_is_told_so(hotel: Path) -> None:
    (hotel / "scenarios.yaml").unlink()
    (complaint,) = check(str(hotel))
    assert str(complaint).startswith(f"{hotel / 'scenarios.yaml'}: is not there; ")


def test_what_is_no_business_is_told_so(tmp_path: Path) -> None:
    (complaint,) = check(str(tmp_path))
    assert "is no business: it has no __init__.py" in str(complaint)
