"""One self-contained page: markup, style, code, data and sound in one file.

Whatever the page shows comes from calls, and so from recognizers and language models: templates
escape it, data cannot end its element, and the page's own policy (CSP) lets nothing run or load
that is not in it.
"""

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from duologue.report import wording
from shared.printable import printable

_WEB = "web"


def render(name: str, *, code: tuple[str, ...], data: dict[str, Any], **shown: object) -> str:
    """The page of the template `<name>.html` with the style `<name>.css`.

    Args:
        name: Of the page.
        code: The JavaScript files, in order; they are one script.
        data: For the script.
        shown: For the template.
    """
    style, script = _joined("style.css", f"{name}.css"), _joined(*code)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "media-src blob:; base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template(f"{name}.html")
        .render(policy=policy, style=style, script=script, data=in_element(data), **shown)
    )


def in_element(data: dict[str, Any]) -> Markup:
    """JSON for a script element, which nothing in it can end."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  # no "<" is left in it


def in_base64(content: bytes) -> str:
    """Bytes, for a page."""
    return base64.b64encode(content).decode("ascii")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("duologue.report", _WEB),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_shown,
    )
    environment.filters.update(
        at=wording.at,
        length=wording.length,
        seconds=wording.seconds,
        plain=wording.plain,
        found=wording.found,
    )
    return environment


def _shown(value: object) -> object:
    """What a template shows, without signs that HTML does not have or that turn others around."""
    return printable(value) if type(value) is str else value  # markup is our own


@cache
def _joined(*names: str) -> Markup:
    """Our own files, which need no escaping."""
    web = files("duologue.report") / _WEB
    return Markup("\n".join((web / name).read_text(encoding="utf-8") for name in names))  # noqa: S704


@cache
def _hash(content: str) -> str:
    """The name of an inline element's content in a policy."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
