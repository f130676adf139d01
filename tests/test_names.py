"""One meaning a word: what a name says in one place, it says in all."""

import ast
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from tests.test_imports import FILES, ROOT, tree


def public_types() -> Iterator[str]:
    """Every public class and alias of a type, once a definition."""
    for file in FILES:
        for node in tree(file).body:
            match node:
                case ast.ClassDef(name=name):
                    pass
                case ast.AnnAssign(ast.Name(name), ast.Name("TypeAlias")):
                    pass
                case _:
                    continue
            if not name.startswith("_"):
                yield name


def test_no_two_types_have_one_name() -> None:
    twice = {name for name, times in Counter(public_types()).items() if times > 1}
    assert not twice


def modules() -> Iterator[tuple[str, str]]:
    """The name of every module and package, and of the package it is in."""
    for file in FILES:
        parts = file.relative_to(ROOT).with_suffix("").parts
        *above, name = parts[:-1] if parts[-1].startswith("__") else parts
        yield name, above[-1] if above else ""


def alike(one: str, other: str) -> bool:
    """Whether the longer name is the shorter with a letter or "ing" at its end."""
    short, long = sorted((one, other), key=len)
    stem = short.removesuffix("e")
    return long[:-1] == short or long in {f"{stem}ing", f"{short}ing"}


def test_no_two_modules_are_a_letter_or_an_ing_apart() -> None:
    found = set(modules())
    names = sorted({name for name, _ in found})
    # A package may be named for what most of it is about, as `scenarios` for `scenario`.
    apart = {
        (one, other)
        for one, other in combinations(names, 2)
        if alike(one, other) and (one, other) not in found
    }
    assert not apart
