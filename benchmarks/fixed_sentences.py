"""The fixed sentences of both roles, read out of their modules and filled in as in calls."""

import ast
import re
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from duologue.businesses.text_call import Channel, clear, hold_call
from duologue.scenarios.scenario_file import bundled_scenarios
from shared.language.as_heard import sentences
from shared.spec import Role

ROOT = Path(__file__).parents[1]
MODULES = {
    Role.CUSTOMER: ("rules.py", "manner.py", "conduct.py"),
    Role.SUPPORT: ("rules.py", "talk.py", "greeting.py", "businesses/*/*.py"),
}
"""Whatever has sentences that are said, and no others."""
FOLDERS = {Role.CUSTOMER: ROOT / "customer_agent", Role.SUPPORT: ROOT / "support_agent"}
SHOP = "shop"
EXAMPLES = 6
"""So often a sentence is filled in at most."""
_HOLE = "\0"
_SENTENCE = re.compile(rf"^(?:{_HOLE} )?(?=[A-Z{_HOLE}].*[.?!]$)(?=.*[a-z])", re.DOTALL)
_PATTERN = re.compile(r"\(\?|\\")
"""In what is matched, not said."""
_PROMPTS = frozenset({"instruction"})
"""Functions that write for language models."""


class Sentence(NamedTuple):
    """One that a role can say."""

    role: Role
    text: str
    where: str
    """The file and line."""
    business: str
    """At which it is said; any, where the role says it at all of them."""


class _Template(NamedTuple):
    role: Role
    text: str
    """With a NUL for each hole."""
    where: str


async def fixed_sentences() -> tuple[list[Sentence], list[str]]:
    """All that both roles can say, each once, and the templates that were never filled in."""
    played = [turn async for turn in _played()]
    found: dict[str, Sentence] = {}
    never: list[str] = []
    for template in _templates():
        if _HOLE not in template.text:
            one = Sentence(template.role, template.text, template.where, _business(template.where))
            found.setdefault(one.text, one)
            continue
        pattern = re.compile("(.+?)".join(map(re.escape, template.text.split(_HOLE))))
        filled = {
            text: Sentence(template.role, text, template.where, business)
            for role, text, business in played
            if role is template.role and pattern.fullmatch(text)
        }
        for text, one in list(filled.items())[:EXAMPLES]:
            found.setdefault(text, one)
        if not filled:
            never.append(f"{template.where}: {template.text.replace(_HOLE, '...')}")
    return list(found.values()), never


def _business(where: str) -> str:
    parts = Path(where).parts
    return parts[parts.index("businesses") + 1] if "businesses" in parts else SHOP


def _templates() -> Iterator[_Template]:
    """Each sentence in the code, once; what consists of holes alone is none."""
    seen = set()
    for role, folder in FOLDERS.items():
        for file in sorted(path for each in MODULES[role] for path in folder.glob(each)):
            for text, line in fixed_texts(ast.parse(file.read_text(encoding="utf-8"))):
                for part in sentences(text):
                    found = _SENTENCE.match(part)
                    template = part[found.end() :] if found else ""
                    if template and (role, template) not in seen:
                        seen.add((role, template))
                        yield _Template(role, template, f"{file.relative_to(ROOT)}:{line}")


def fixed_texts(module: ast.Module) -> Iterator[tuple[str, int]]:
    """The texts in a module, with their lines; neither docstrings nor those of errors."""
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Expr(ast.Constant()):
                continue
            case ast.FunctionDef(name) if name in _PROMPTS:
                continue
            case ast.Raise(ast.Call(ast.Name(name))) if name != "ToolError":
                continue
            case ast.Constant(str(text)) if not _PATTERN.search(text):
                yield text.replace("{}", _HOLE), node.lineno
            case ast.JoinedStr(values):
                parts = [one.value if isinstance(one, ast.Constant) else _HOLE for one in values]
                if not _PATTERN.search(text := "".join(map(str, parts))):
                    yield text, node.lineno
                continue
            case _:
                pass
        waiting += ast.iter_child_nodes(node)


async def _played() -> AsyncIterator[tuple[Role, str, str]]:
    """The sentences of calls in text, each with who says it and the business."""
    for scenario in bundled_scenarios():
        assert scenario.userdata.business
        for to_support, to_customer in _lines():
            call = await hold_call(scenario, to_support=to_support, to_customer=to_customer)
            for role, text in call.turns:
                for part in sentences(text):
                    yield role, part, scenario.userdata.business


def _lines() -> Iterator[tuple[Channel, Channel]]:
    """A good line, and bad ones: what support hears, and what the customer hears."""
    yield clear, clear
    yield (lambda text: re.sub(r"\b(?:two|four|seven)\b", "nine", text)), clear
    yield (lambda text: re.sub(r"(?<=[Nn]ame is )\w+ [\w' ]+", "Bob Bumble", text)), clear
    yield (lambda text: re.sub(r"^Yes\b.*", "No.", text)), clear
    yield _lossy(3), clear
    yield clear, _lossy(4)
    yield (lambda _: "Blah."), clear
    yield (lambda text: text if " is " in text else "What did you say?"), clear


def _lossy(every: int) -> Channel:
    """A line on which each so-many-th turn is lost."""
    turns = count(1)
    return lambda text: "" if next(turns) % every == 0 else text
