"""Runs one agent file in one call: `python -P bridge/__main__.py FD`.

Run by its path, so that of the project nothing but this package is there to be imported: the
environment is the agent's own.
"""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

NAME = "duologue_bridge"
OLDEST = (3, 11)


def _make_importable() -> None:
    """Let the package be imported from where this file is, and nothing beside it."""
    folder = Path(__file__).parent
    spec = spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec
    assert spec.loader
    package = sys.modules[NAME] = module_from_spec(spec)
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit("Python 3.11 or newer is needed")
    _make_importable()
    import_module(f"{NAME}.child").main(int(sys.argv[1]))
