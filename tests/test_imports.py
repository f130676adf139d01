"""Rules of the house that a reader of any one file cannot see broken."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("customer_agent", "support_agent", "shared", "duologue")
MAY_IMPORT = {
    "shared": {"shared"},
    "customer_agent": {"shared", "customer_agent"},
    "support_agent": {"shared", "support_agent"},
    "duologue": {"shared", "duologue", "customer_agent", "support_agent"},
}
ORDER = {
    "shared": ("language", "events", "engines", "side", "worker"),
    "duologue": (
        "scenarios",
        "servers",
        "folder",
        "call",
        "labels",
        "report",
        "comparison",
        "pipeline",
        "batch",
        "suite",
        "api",
        "businesses",
        "doctor",
        "deploy",
        "cli",
    ),
}
"""The folders of a package, each of which imports itself and those before it alone; the modules
beside them come before all folders."""
FACES = {"duologue/__init__.py", "duologue/__main__.py"}
"""What stands above all folders of its package."""
TERMINAL = {
    "duologue/cli/call_command.py",
    "duologue/cli/call_view.py",
    "duologue/cli/compare_command.py",
    "duologue/cli/scenarios_command.py",
    "duologue/cli/schema_command.py",
    "duologue/cli/server_commands.py",
    "duologue/cli/summary_command.py",
    "duologue/batch/call_process_main.py",
}
"""Where the command writes to the terminal, and a process of a batch its answers to a pipe."""
ENVIRONMENT = {
    "shared/settings.py",
    "shared/native_libraries.py",
    "duologue/call/direct/bridge/their_call.py",
}
"""What reads the environment, what sets in it what only native libraries read, and what runs in
the process of somebody's agent, which reads it itself."""

FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imported(file: Path) -> Iterator[str]:
    """Every module, or name in one, that `file` imports, in full."""
    package = file.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *((node.module,) if node.module else ())))
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_point_one_way(file: Path) -> None:
    package = file.relative_to(ROOT).parts[0]
    ours = {name for name in imported(file) if name.split(".")[0] in PACKAGES}
    assert {name.split(".")[0] for name in ours} <= MAY_IMPORT[package]


def place_of(module: str) -> int:
    """How late the folder of a module is in the order of its package; 0 beside all folders."""
    package, *inner = module.split(".")
    order = ORDER.get(package, ())
    return order.index(inner[0]) + 1 if inner and inner[0] in order else 0


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_only_go_down_the_order_of_folders(file: Path) -> None:
    if name_of(file) in FACES:
        return
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    later = [
        name
        for name in imported(file)
        if name.split(".")[0] == module.split(".")[0] and place_of(name) > place_of(module)
    ]
    assert not later


@pytest.mark.parametrize(
    "file", sorted((ROOT / "duologue/call/direct/bridge").glob("*.py")), ids=name_of
)
def test_what_runs_in_an_agents_own_environment_imports_nothing_of_the_project(file: Path) -> None:
    """There is nothing of it."""
    ours = {name for name in imported(file) if name.split(".")[0] in PACKAGES}
    assert all(name.startswith("duologue.call.direct.bridge") for name in ours)


def test_every_folder_has_its_place_in_the_order() -> None:
    for package, order in ORDER.items():
        folders = {init.parent.name for init in (ROOT / package).glob("*/__init__.py")}
        assert folders == set(order)


def module_of(name: str) -> Path | None:
    """The file of a module, or of the module that a name is in; None if it is not ours."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
    return None


def test_no_file_imports_in_a_circle() -> None:
    graph = {
        file: {found for name in imported(file) if (found := module_of(name))} - {file}
        for file in FILES
    }
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(name_of(file) for file in error.args[1]))


@pytest.mark.parametrize("file", sorted((ROOT / "duologue").rglob("*.py")), ids=name_of)
def test_the_tool_uses_roles_by_their_public_names_only(file: Path) -> None:
    for name in imported(file):
        package, *rest = name.split(".")
        if package.endswith("_agent"):
            init = tree(ROOT / package / "__init__.py")
            (public,) = (
                ast.literal_eval(node.value)
                for node in init.body
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            )
            assert len(rest) == 1
            assert rest[0] in public


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_the_settings_read_the_environment(file: Path) -> None:
    if name_of(file) in ENVIRONMENT:
        return
    read = {"os.environ", "os.getenv", "os.environb", "os.putenv"}
    used = {ast.unparse(node) for node in ast.walk(tree(file)) if isinstance(node, ast.Attribute)}
    assert not read & {*used, *imported(file)}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_task_has_a_name(file: Path) -> None:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("create_task"):
            assert "name" in {keyword.arg for keyword in node.keywords}, f"line {node.lineno}"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_the_command_writes_to_the_terminal(file: Path) -> None:
    if name_of(file) in TERMINAL:
        return
    called = {ast.unparse(node.func) for node in ast.walk(tree(file)) if isinstance(node, ast.Call)}
    assert not called & {"print", "sys.stdout.write", "sys.stderr.write"}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_console_is_one_that_shows_text_of_others_and_obeys_none_of_it(file: Path) -> None:
    called = {ast.unparse(node.func) for node in ast.walk(tree(file)) if isinstance(node, ast.Call)}
    assert not called & {"Console", "rich.console.Console", "rich.print", "get_console"}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_what_starts_a_worker_is_not_imported_by_anything(file: Path) -> None:
    assert not {name for name in imported(file) if name.split(".")[-1] == "__main__"}


INTERNALS = {
    "shared/livekit_internals.py",
    "duologue/call/livekit_internals.py",
    "duologue/call/direct/bridge/livekit_internals.py",
}
"""Where the names stand that are private to LiveKit."""
OFFERED = {"_asdict", "_exit", "_fields", "_make", "_replace"}
"""Names with an underscore that Python offers: of named tuples, and `os._exit`."""


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in OFFERED


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_private_of_others_is_touched(file: Path) -> None:
    if name_of(file) in INTERNALS:
        return
    used = [node for node in ast.walk(tree(file)) if isinstance(node, ast.Attribute)]
    of_self = [node for node in used if ast.unparse(node.value) in {"self", "cls"}]
    # One object of a class of ours may look into another one of it.
    ours = {node.attr for node in of_self if isinstance(node.ctx, ast.Store)}
    for node in used:
        if node not in of_self and private(node.attr):
            assert node.attr in ours, f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_private_of_others_is_imported(file: Path) -> None:
    if name_of(file) in INTERNALS:
        return
    theirs = [name for name in imported(file) if name.split(".")[0] not in PACKAGES]
    assert not [name for name in theirs if any(map(private, name.split(".")))]
