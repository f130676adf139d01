"""What `import duologue` has: all of it documented, and every example in it true."""

import ast
import asyncio
import doctest
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import duologue
from duologue.api import making

ROOT = Path(__file__).parents[2]
PUBLIC = {name: getattr(duologue, name) for name in duologue.__all__} | {"call": making.call}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `calls/first` is the shortest of the bundled calls."""
    place = tmp_path_factory.mktemp("place")
    argv = ["-m", "duologue", "call", "person-wanted", "--transport", "direct"]
    subprocess.run(
        [sys.executable, *argv, "--call-id", "first"], cwd=place, check=True, capture_output=True
    )
    return place


def documented() -> Iterator[tuple[str, str]]:
    """Every public name, and every one in a public class, with its docstring."""
    for name, value in PUBLIC.items():
        yield name, value.__doc__
        if isinstance(value, type):
            for of_class, member in vars(value).items():
                if not of_class.startswith("_") and getattr(member, "__doc__", None):
                    yield f"{name}.{of_class}", member.__doc__


EXAMPLES = {
    name: found
    for name, text in documented()
    if (found := doctest.DocTestParser().get_examples(text))
}


def test_public_is_what_the_table_the_types_and_the_list_say() -> None:
    assert sorted(name for names in duologue._PUBLIC.values() for name in names) == duologue.__all__
    tree = ast.parse(Path(duologue.__file__).read_text())
    typed = [
        (node.module, alias.asname)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert sorted(typed) == sorted(
        (module, name) for module, names in duologue._PUBLIC.items() for name in names
    )
    assert set(duologue.__all__) <= set(dir(duologue))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = duologue.nothing


def test_every_public_name_has_an_example() -> None:
    assert PUBLIC.keys() <= EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_true(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    names: dict[str, Any] = {"asyncio": asyncio, "duologue": duologue, **PUBLIC}
    test = doctest.DocTest(EXAMPLES[name], names, name, None, None, None)
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert not runner.run(test, out=told.append).failed, "".join(told)


def test_importing_it_imports_nothing_that_takes_long() -> None:
    """Neither LiveKit, nor what computes; with those it takes seconds."""
    heavy = {"livekit", "numpy", "av", "onnxruntime", "duologue.labels", "duologue.scenarios"}
    code = f"import duologue, sys; print(*{heavy!r} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"
