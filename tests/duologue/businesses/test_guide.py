"""docs/your-own-business.md, followed to the letter: its files, and every command in it."""

import inspect
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import support_agent
from shared.settings import inherited_environment

REPOSITORY = Path(__file__).parents[3]
GUIDE = (REPOSITORY / "docs" / "your-own-business.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
COMMANDS = [line for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
CALLS = {"--calls 100": "--calls 1"}
"""What is made less of here."""

pytestmark = pytest.mark.timeout(600)


def block(kind: str, beginning: str) -> str:
    found: list[str] = [
        text for name, text in BLOCKS if name == kind and text.strip().startswith(beginning)
    ]
    assert len(found) == 1
    return found[0]


def run(folder: Path, line: str) -> str:
    """What a command of the guide prints; it must succeed."""
    for said, here in CALLS.items():
        line = line.replace(said, here)
    program, *arguments = shlex.split(line)
    assert program == "duologue"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "duologue", *arguments],
        cwd=folder,
        env=inherited_environment() | {"PYTHONPATH": str(folder / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def edit(hotel: Path) -> None:
    """Do what the steps say to the files that the first command wrote."""
    schema, tools, procedures = (hotel / f for f in ("schema.sql", "tools.py", "procedures.py"))
    last = "    begins_on TEXT NOT NULL CHECK (begins_on IS date(begins_on))\n"
    assert last in schema.read_text()
    schema.write_text(schema.read_text().replace(last, block("sql", "begins_on")))
    text = tools.read_text().replace("import Desk,", "import Desk, ToolError, result,")
    method = block("python", "@function_tool")
    tools.write_text(f"{text}\n{method}")
    procedures.write_text(f"{procedures.read_text()}\n\n{block('python', 'def cancel_booking')}")
    init = hotel / "__init__.py"
    imported = block("python", "from .procedures import").strip()
    text = init.read_text().replace("from .procedures import tell_booking", imported)
    problem = "            solve=tell_booking,\n        ),\n"
    assert problem in text
    text = text.replace(problem, f"{problem}        CANCELLATION,\n")
    cancellation = block("python", "CANCELLATION =")
    init.write_text(text.replace("BUSINESS = ", f"{cancellation}\nBUSINESS = "))
    scenarios = hotel / "scenarios.yaml"
    scenarios.write_text(scenarios.read_text() + block("yaml", "- label"))


def test_every_command_of_the_guide_does_what_it_says(tmp_path: Path) -> None:
    # Beside nothing else of the clone, as an installer leaves them.
    (tmp_path / "site").mkdir()
    for package in ("customer_agent", "support_agent", "shared", "duologue"):
        (tmp_path / "site" / package).symlink_to(REPOSITORY / package)
    changed = False
    for line in COMMANDS:
        if "booking-cancelled" in line and not changed:
            edit(tmp_path / "hotel")
            assert run(tmp_path, "duologue business check hotel").startswith("hotel: ok")
            changed = True
        told = run(tmp_path, line)
        if " call " in line:
            assert "goal reached" in told, line
    specs = [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()]
    assert {spec["support"]["business"] for spec in specs} == {str(tmp_path / "hotel")}


def test_what_there_is_to_import_is_there() -> None:
    table = GUIDE[GUIDE.index("## What there is to import") :]
    named = set(re.findall(r"`(\w+)`[,;|\s]", table.replace(" |", "|"))) - {"support_agent"}
    assert named - {"neighbours"} <= {*support_agent.__all__}
    for name in named - {"neighbours"}:
        found = getattr(support_agent, name)
        if inspect.isfunction(found) or inspect.isclass(found):
            assert found.__doc__ or found.__module__.startswith("livekit."), name
