"""A business in the support agent's image: a copy of its folder, beside the bundled ones."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from shared.errors import UsageError
from support_agent import business_folder, business_name, known_businesses

PACKAGE_FILES = frozenset({".py", ".typed", ".yaml", ".sql", ".csv", ".md"})
"""What packages are made of. Whatever else lies beside them, caches and keys, is not copied."""
_BUNDLED = "duologue"


def business_sources(reference: str) -> dict[str, Path]:
    """The files of a business by their names in a staged folder.

    Args:
        reference: The name of a business of another package, or the absolute path of a folder.

    Raises:
        UsageError: There is no such business, its name is taken, or it needs files that are not
            in its folder.
    """
    folder, name = business_folder(reference), business_name(reference)
    if known_businesses().get(name) == _BUNDLED:
        raise UsageError(f"the image has a business {name!r} already; call {folder} something else")
    if "." in name:
        raise UsageError(f"{folder} cannot be staged: there is a dot in its name")
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in PACKAGE_FILES]
    for file in files:
        for place, module in _leaves(file, folder):
            raise UsageError(
                f"{place} imports {module}, which is not in the image with {folder}; a business "
                "that is staged imports its own modules as `from .tools import ...`"
            )
    to = Path("support_agent", "businesses", name)
    return {(to / file.relative_to(folder)).as_posix(): file for file in files}


def _leaves(file: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Where a module imports the package that it is in from outside, and what it imports."""
    if file.suffix != ".py" or file.name.startswith("test_"):
        return
    own = _packages_around(folder)
    depth = len(file.relative_to(folder).parts)
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{file} is not Python, and cannot be staged: {error}") from None
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names if alias.name.split(".")[0] in own]
            case ast.ImportFrom(module=module, level=0) if module and module.split(".")[0] in own:
                modules = [module]
            case ast.ImportFrom(module=module, level=level) if level > depth:
                modules = ["." * level + (module or "")]
            case _:
                continue
        yield from ((f"{file}:{node.lineno}", module) for module in modules)


def _packages_around(folder: Path) -> set[str]:
    """What a folder and those around it are called as packages, but for names that images have."""
    around = {folder.name}
    for above in folder.parents:
        if not (above / "__init__.py").exists():
            break
        around.add(above.name)
    return around - sys.stdlib_module_names - {"shared", "support_agent"}
