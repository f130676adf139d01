"""A new business: a folder that runs at once, to be changed file by file."""

import re
from importlib.resources import files
from pathlib import Path

from shared.errors import UsageError

_TEMPLATE = "template"
_SPOKEN = "My Business"
"""How the business of the template is called."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def write_business(folder: Path) -> list[Path]:
    """Write a business, called like its folder: "grand_hotel" is spoken "Grand Hotel".

    Returns:
        The files that were written.

    Raises:
        UsageError: The folder is there already, cannot be written, or has no name for a package.
    """
    if not _NAME.fullmatch(folder.name):
        raise UsageError(
            f"{folder.name!r} cannot be the name of a business: small letters, digits and '_', "
            "the first a letter"
        )
    spoken = folder.name.replace("_", " ").title()
    template = files(__package__) / _TEMPLATE
    try:
        folder.mkdir(parents=True)
        for source in template.iterdir():
            if source.is_file():
                text = source.read_text(encoding="utf-8").replace(_SPOKEN, spoken)
                (folder / source.name).write_text(text, encoding="utf-8")
    except FileExistsError:
        raise UsageError(f"{folder} is there already; nothing was written") from None
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror}") from None
    return sorted(folder.iterdir())
