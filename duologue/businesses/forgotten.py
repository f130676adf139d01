"""Where a procedure forgets `yield from`: what is written there is never said, asked or done.

Python says nothing of it: `talk.do("cancel", "Done.")` alone makes a generator that nobody runs,
and `if talk.confirm("Shall I?"):` is always true.
"""

import ast
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from support_agent import Talk

_ACTS = frozenset({"call", "listen", "say", "tell"})
_OF_TALK = frozenset(
    name for name, method in vars(Talk).items() if inspect.isgeneratorfunction(method)
)


class Forgotten(NamedTuple):
    """A place where a dialogue is made and not run."""

    file: Path
    line: int
    what: str
    """As it is written: "talk.do(...)"."""


def find_forgotten(modules: Mapping[Path, ast.Module]) -> Iterator[Forgotten]:
    """All such places in the modules of a business, by their files."""
    own = {
        function.name
        for module in modules.values()
        for function in _functions(module)
        if _is_dialogue(function)
    }
    for file, module in modules.items():
        for function in _functions(module):
            for made in _not_run(function):
                if _makes_dialogue(made.func, _names(module, function, own)):
                    yield Forgotten(file, made.lineno, f"{ast.unparse(made.func)}(...)")


class _Names(NamedTuple):
    """What names mean within a function."""

    dialogues: frozenset[str]
    """Functions that make dialogues."""
    talks: frozenset[str]
    modules: frozenset[str]
    """What has more of such functions, by a dot."""


def _names(module: ast.Module, function: ast.FunctionDef, own: set[str]) -> _Names:
    acts, modules = set[str](), {"self"}
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            of_agent = isinstance(node, ast.ImportFrom) and node.module == "support_agent"
            for alias in node.names:
                name = alias.asname or alias.name
                if of_agent and alias.name in _ACTS:
                    acts.add(name)
                modules.add(name)
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    talks = {
        each.arg
        for each in arguments
        if each.arg == "talk" or (each.annotation and "Talk" in ast.unparse(each.annotation))
    }
    return _Names(frozenset(acts | own), frozenset(talks), frozenset(modules | own))


def _makes_dialogue(function: ast.expr, names: _Names) -> bool:
    match function:
        case ast.Name(name):
            return name in names.dialogues
        case ast.Attribute(ast.Name(owner), name):
            of_module = owner in names.modules and name in names.dialogues | _ACTS
            return of_module or (owner in names.talks and name in _OF_TALK)
    return False


def _functions(module: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef))


def _body(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """What a function does itself, without the functions in it."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield node
            waiting += ast.iter_child_nodes(node)


def _is_dialogue(function: ast.FunctionDef) -> bool:
    annotated = function.returns is not None and "Dialogue" in ast.unparse(function.returns)
    return annotated or any(isinstance(node, ast.YieldFrom) for node in _body(function))


def _not_run(function: ast.FunctionDef) -> Iterator[ast.Call]:
    """Calls of which only what they return is used: no generator that one returns is run."""
    nodes = [*_body(function)]
    run_later = {
        node.value.id
        for node in nodes
        if isinstance(node, ast.YieldFrom | ast.Return) and isinstance(node.value, ast.Name)
    }
    is_generator = any(isinstance(node, ast.YieldFrom | ast.Yield) for node in nodes)
    for node in nodes:
        for value in _plain_values(node, run_later, is_generator=is_generator):
            if isinstance(value, ast.Call):
                yield value


def _plain_values(
    node: ast.AST, run_later: set[str], *, is_generator: bool
) -> Iterator[ast.expr | None]:
    match node:
        case ast.Expr(value) | ast.Yield(value) | ast.FormattedValue(value):
            yield value
        case ast.Attribute(value) | ast.Subscript(value) | ast.UnaryOp(operand=value):
            yield value
        case ast.If(test) | ast.While(test) | ast.IfExp(test) | ast.Assert(test):
            yield test
        case ast.BoolOp(values=values):
            yield from values
        case ast.Compare(left=left, comparators=others):
            yield from (left, *others)
        case ast.Return(value) if is_generator:
            yield value
        case ast.Assign([ast.Name(name)], value) if name not in run_later:
            yield value
        case ast.AnnAssign(ast.Name(name), _, value) if name not in run_later:
            yield value
        case ast.NamedExpr(ast.Name(name), value) if name not in run_later:
            yield value
