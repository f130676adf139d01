"""What is missing or wrong in a business, one line each; found without any sound."""

import ast
import asyncio
import inspect
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from livekit.agents import llm

from duologue.businesses.forgotten import find_forgotten
from duologue.businesses.text_call import hold_call
from duologue.scenarios.at_business import scenarios_file
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import read_scenarios
from shared.errors import DocumentError, SpecError, UsageError, in_a_line
from support_agent import PROVE, Business, Desk, business_folder, load_business

Tools = Mapping[str, Callable[..., Any]]


class Complaint(NamedTuple):
    """One thing that is missing or wrong."""

    where: str
    """A file with its line if that is known, or a part of `BUSINESS`."""
    what: str
    cure: str
    """What to do; empty if `what` says it."""

    def __str__(self) -> str:
        return "; ".join(filter(None, (f"{self.where}: {self.what}", self.cure)))


def check(reference: str) -> list[Complaint]:
    """All that is missing or wrong in a business; nothing, if every scenario reaches its goal.

    Args:
        reference: Its name, or the absolute path of its folder.
    """
    try:
        business, folder = load_business(reference), business_folder(reference)
    except UsageError as error:
        return [Complaint(reference, str(error), "")]
    if complaints := [*_schema(business)]:
        return complaints
    complaints = [*_stock(business), *_tables(business), *_policy(business)]
    try:
        desk = business.open_desk({})
        tools = llm.ToolContext(business.tools_at(desk)).function_tools
    except SpecError:
        return complaints  # of the stock, by now
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        return [
            *complaints,
            Complaint("tools", in_a_line(error, folder), "they are made with the desk alone"),
        ]
    return [
        *complaints,
        *_tools(folder, tools),
        *_identifications(business, tools),
        *_consent(business, tools),
        *_proofs(business, tools),
        *_problems(business),
        *_procedures(folder, tools),
        *_scenarios(reference, folder),
    ]


def _schema(business: Business) -> Iterator[Complaint]:
    try:
        tables = Desk(business.schema).tables
        business._replace(stock={}).open_desk({})
    except sqlite3.Error as error:
        yield Complaint("schema.sql", f"SQLite refuses it: {error}", "repair the statement")
    else:
        if not tables:
            yield Complaint("schema.sql", "makes no table", "add a CREATE TABLE")


def _stock(business: Business) -> Iterator[Complaint]:
    tables = Desk(business.schema).tables
    for table in business.stock:
        if table not in tables:
            cure = f"there are {', '.join(tables)}"
            yield Complaint("stock", f"has rows of a table {table!r} that is not made", cure)
    try:
        business.open_desk({})
    except SpecError as error:
        yield Complaint("stock", str(error), "repair the row in its *.csv, or schema.sql")


def _tables(business: Business) -> Iterator[Complaint]:
    tables = Desk(business.schema).tables
    for field in ("public", "grows"):
        for table in sorted(getattr(business, field) - {*tables}):
            cure = f"there are {', '.join(tables)}"
            yield Complaint(f"BUSINESS.{field}", f"no table {table!r} is made", cure)


def _policy(business: Business) -> Iterator[Complaint]:
    if not business.policy.strip():
        yield Complaint("policy.md", "is empty", "say what the agent may do, for a language model")


def _tools(folder: Path, tools: Tools) -> Iterator[Complaint]:
    for name, tool in tools.items():
        where = _place(tool)
        if not (inspect.getdoc(tool) or "").strip():
            cure = "say in it what the tool does; a language model reads it"
            yield Complaint(where, f"the tool {name} has no docstring", cure)
        try:
            described = llm.utils.function_arguments_to_pydantic_model(tool).model_fields
        except Exception as error:  # noqa: BLE001 - its annotations may be anything
            cure = "annotate every argument, as in `name: str`"
            yield Complaint(
                where, f"the types of {name} cannot be read: {in_a_line(error, folder)}", cure
            )
            continue
        for argument, field in described.items():
            if not field.description:
                cure = f"add `{argument}: ...` under `Args:` of its docstring"
                yield Complaint(where, f"{name} does not say what {argument} is", cure)


def _identifications(business: Business, tools: Tools) -> Iterator[Complaint]:
    where = "BUSINESS.identifications"
    for slots, name, doubts in business.identifications:
        if name not in tools:
            yield Complaint(where, f"no tool {name!r}", f"there are {', '.join(tools)}")
            continue
        arguments = inspect.signature(tools[name]).parameters
        for slot in (*slots, *doubts):
            if slot.name not in arguments:
                cure = f"it takes {', '.join(arguments)}; call the slot or the argument likewise"
                yield Complaint(where, f"{name} takes no {slot.name!r}", cure)
    if not business.identifications and not all(each.anybody for each in business.problems):
        cure = "say by which slots and tool a caller is found"
        yield Complaint(where, "is empty, so nobody is ever identified", cure)


def _consent(business: Business, tools: Tools) -> Iterator[Complaint]:
    for name in sorted(business.needs_consent - {*tools}):
        yield Complaint(
            "BUSINESS.needs_consent", f"no tool {name!r}", f"there are {', '.join(tools)}"
        )


def _proofs(business: Business, tools: Tools) -> Iterator[Complaint]:
    where = "BUSINESS.needs_proof"
    for name in sorted(business.needs_proof - {*tools}):
        yield Complaint(where, f"no tool {name!r}", f"there are {', '.join(tools)}")
    if business.needs_proof and not business.proofs:
        yield Complaint(
            where, "has tools, and BUSINESS.proofs is empty", "say what proves a caller"
        )
    if business.needs_proof and PROVE not in tools:
        cure = f"add a tool {PROVE} that returns what `IdentifiedCaller.prove` does"
        yield Complaint(where, "has tools, and no tool checks a second fact", cure)


def _problems(business: Business) -> Iterator[Complaint]:
    where = "BUSINESS.problems"
    if not business.problems:
        yield Complaint(where, "is empty", "add what callers call about")
    for problem in business.problems:
        for sign in problem.signs:
            try:
                re.compile(sign)
            except re.error as error:
                what = f"a sign of {problem.name} is no regular expression: {sign!r}: {error}"
                yield Complaint(where, what, "repair it")


def _procedures(folder: Path, tools: Tools) -> Iterator[Complaint]:
    """Tools that are called and are not there, and `yield from` that is not, in its own code."""
    modules: dict[Path, ast.Module] = {}
    for file in sorted(folder.glob("*.py")):
        try:
            modules[file] = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError) as error:
            yield Complaint(str(file), f"is not Python: {error}", "repair it, or move it away")
    for file, module in modules.items():
        yield from _tools_called(file, module, tools)
    for file, line, what in find_forgotten(modules):
        yield Complaint(f"{file}:{line}", f"{what} is never run", f"write `yield from {what}`")


def _tools_called(file: Path, module: ast.Module, tools: Tools) -> Iterator[Complaint]:
    for node in ast.walk(module):
        match node:
            case ast.Call(
                func=ast.Name("call") | ast.Attribute(attr="do"),
                args=[ast.Constant(str(name)), *_],
            ) if name not in tools:
                cure = f"there are {', '.join(tools)}"
                yield Complaint(f"{file}:{node.lineno}", f"there is no tool {name!r} to call", cure)


def _scenarios(reference: str, folder: Path) -> Iterator[Complaint]:
    file = scenarios_file(reference)
    if not file.is_file():
        yield Complaint(str(file), "is not there", "write who calls about what (docs/scenarios.md)")
        return
    try:
        scenarios = read_scenarios(file)
    except DocumentError as error:
        yield Complaint(f"{error.file}:{error.line}", f"{error.field}: {error.problem}", "")
        return
    for scenario in scenarios:
        yield from _scenario(scenario, f"{file}#{scenario.label}", folder)


def _scenario(scenario: Scenario, where: str, folder: Path) -> Iterator[Complaint]:
    at = scenario.userdata.business
    if at is None or not business_folder(at).samefile(folder):
        what = f"is about {at!r}" if at else "is about no business"
        yield Complaint(where, what, "write `business: .` in its userdata")
        return
    try:
        call = asyncio.run(hold_call(scenario))
    except SpecError as error:
        yield Complaint(where, str(error), "")
    except Exception as error:  # noqa: BLE001 - tools and procedures are somebody else's code
        yield Complaint(
            where, f"a call in text fails: {in_a_line(error, folder)}", "repair that line"
        )
    else:
        if not (call.verdict.task_success and call.goals_met):
            why = "; ".join(map(str, call.verdict.findings)) or "the caller is not content"
            last = call.turns[-3:-1] or call.turns
            said = " ".join(f"{role}: {text!r}" for role, text in last)
            what = f"a call in text does not reach its goal: {why}; at the end: {said}"
            cure = f"hear all of it: duologue call --transport direct {where}"
            yield Complaint(where, what, cure)


def _place(tool: Callable[..., Any]) -> str:
    code = inspect.unwrap(tool).__code__
    return f"{code.co_filename}:{code.co_firstlineno}"
