"""Which businesses there are: bundled, of other packages, and in folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import entry_points
from shared.errors import SpecError, UsageError
from support_agent import (
    business_folder,
    known_businesses,
    load_business,
    overshadowed_businesses,
    resolve_business,
)
from tests.packages import declare

INIT = """\
from support_agent import NAME, Business, Identification, read_text

from .tools import Tools

BUSINESS = Business(
    name="{name}",
    schema=read_text(__package__, "schema.sql"),
    policy="Be kind.",
    tools=Tools,
    identifications=(Identification((NAME,), "find"),),
    problems=(),
)
"""
TOOLS = '''\
from support_agent import Desk, function_tool


class Tools:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @function_tool
    async def find(self, name: str) -> str:
        """Find somebody."""
        return name
'''


def write(folder: Path, name: str = "Inn") -> Path:
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(INIT.format(name=name))
    (folder / "tools.py").write_text(TOOLS)
    (folder / "schema.sql").write_text("CREATE TABLE guests (name TEXT PRIMARY KEY NOT NULL);")
    return folder


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path of packages, in which one declares entry points."""
    site = tmp_path / "site"
    declare(
        site,
        "grand-inn",
        "duologue.businesses",
        inn="grand_inn:BUSINESS",
        broken="grand_inn.broken:BUSINESS",
        number="grand_inn.number:BUSINESS",
        clinic="grand_inn:BUSINESS",
    )
    write(site / "grand_inn", "Grand Inn")
    (site / "grand_inn" / "broken.py").write_text("import not_installed_here\n")
    (site / "grand_inn" / "number.py").write_text("BUSINESS = 7\n")
    monkeypatch.syspath_prepend(site)
    entry_points.added.cache_clear()
    yield site
    entry_points.added.cache_clear()


@pytest.mark.parametrize("name", ["inn", "json", "shared", "two words"])
def test_a_business_may_lie_in_any_folder_and_be_called_anything(tmp_path: Path, name: str) -> None:
    business = load_business(str(write(tmp_path / name, name)))
    assert business.name == name
    assert business.open_desk({"guests": [{"name": "Ann"}]}).get("guests", "Ann")


def test_two_folders_called_alike_are_two_businesses(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a" / "inn", "One"), write(tmp_path / "b" / "inn", "Other")
    assert (load_business(str(one)).name, load_business(str(other)).name) == ("One", "Other")


def test_where_its_folder_is_not_a_business_is_known_by_the_folders_name(tmp_path: Path) -> None:
    assert load_business(str(tmp_path / "shop")) is load_business("shop")
    nowhere = tmp_path / "bank"
    with pytest.raises(
        SpecError, match=rf"no business 'bank'; .*, nor is there a folder {nowhere}"
    ):
        load_business(str(nowhere))


def test_a_name_or_a_path_is_meant_as_seen_from_where_it_is_written(tmp_path: Path) -> None:
    inn, shop = write(tmp_path / "inn"), write(tmp_path / "shop")
    assert resolve_business("shop", tmp_path) == "shop"
    assert resolve_business("./shop", tmp_path) == str(shop)
    assert resolve_business("inn", tmp_path) == resolve_business(".", inn) == str(inn)
    assert resolve_business("bank", tmp_path) == "bank"
    assert resolve_business("../bank", inn) == str(tmp_path / "bank")
    (tmp_path / "loop").symlink_to("loop")
    assert resolve_business("./loop", tmp_path) == str(tmp_path / "loop")


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        (
            "__init__.py",
            None,
            r"inn is no business: it has no __init__\.py; `duologue business new",
        ),
        ("__init__.py", "", r"inn/__init__\.py has no BUSINESS that is a support_agent\.Business"),
        ("tools.py", "import nowhere", r"cannot be imported: .*tools\.py:1: ModuleNotFoundError"),
        ("tools.py", "from inn.desk import x", r"write `from \.tools import \.\.\.`"),
        ("tools.py", "class", r"tools\.py:1: SyntaxError"),
        ("schema.sql", None, r"__init__\.py:\d+: FileNotFoundError"),
    ],
)
def test_what_is_wrong_with_a_folder_is_one_line(
    tmp_path: Path, file: str, content: str | None, problem: str
) -> None:
    folder = write(tmp_path / "inn")
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_text(content)
    with pytest.raises(SpecError, match=problem) as raised:
        load_business(str(folder))
    assert "\n" not in str(raised.value)


def test_another_package_adds_a_business_by_name(install: Path) -> None:
    assert load_business("inn").name == "Grand Inn"
    assert business_folder("inn") == install / "grand_inn"
    known = known_businesses()
    assert list(known) == sorted(["broken", "clinic", "inn", "internet", "number", "shop"])
    assert (known["inn"], known["shop"]) == ("grand-inn 1.0", "duologue")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("broken", "ModuleNotFoundError: No module named 'not_installed_here'"),
        ("number", "is no Business but of type int"),
    ],
)
@pytest.mark.usefixtures("install")
def test_a_broken_entry_point_names_its_distribution_and_only_when_it_is_asked_for(
    name: str, problem: str
) -> None:
    assert load_business("inn")
    with pytest.raises(UsageError) as raised:
        load_business(name)
    assert str(raised.value) == (
        f"{name!r}, which grand-inn 1.0 adds to duologue.businesses, cannot be used: "
        f"grand_inn.{name}:BUSINESS: {problem}; repair or uninstall that package"
    )


@pytest.mark.usefixtures("install")
def test_one_that_is_called_like_a_bundled_one_is_not_used_and_is_named() -> None:
    assert load_business("clinic").name == "Green Hill Clinic"
    assert known_businesses()["clinic"] == "duologue"
    (unused,) = overshadowed_businesses()
    assert unused == (
        "'clinic', which grand-inn 1.0 adds to duologue.businesses, is not used: Duologue has one "
        "of this name itself; give it another name in that package"
    )


def test_a_name_that_two_packages_give_is_listed_with_both_and_is_neithers(install: Path) -> None:
    declare(install, "another", "duologue.businesses", inn="grand_inn.number:BUSINESS")
    entry_points.added.cache_clear()
    assert known_businesses()["inn"] == "another 1.0 and grand-inn 1.0"
    with pytest.raises(UsageError) as raised:
        load_business("inn")
    assert str(raised.value) == (
        "'inn', which another 1.0 and grand-inn 1.0 add to duologue.businesses, cannot be used: "
        "grand_inn.number:BUSINESS and grand_inn:BUSINESS: only one package may add it; uninstall "
        "one of them"
    )
