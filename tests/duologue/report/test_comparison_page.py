"""The page of a comparison in a browser: two recordings side by side, of which one plays."""

from pathlib import Path

import pytest

from duologue.comparison import side_by_side
from duologue.comparison.comparison import compare
from duologue.report.summary import read_calls
from tests.duologue.report.calls import HOSTILE, TURNS, add_call
from tests.duologue.report.conftest import Open
from tests.duologue.report.contrast import unreadable

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("compared")
    for name in ("base", "new"):
        (out / name).mkdir()
        turns = [each.model_copy(update={"said": f"{name} {HOSTILE}"}) for each in TURNS]
        add_call(out / name, turns=turns, finding=f"{name}: {HOSTILE}")
    base, new = (read_calls(out / name).calls for name in ("base", "new"))
    side_by_side.write(out / "page.html", compare(base, new, {}), [HOSTILE], base, new)
    return out / "page.html"


async def test_both_recordings_are_there_and_one_of_them_plays(
    page_file: Path, open_file: Open
) -> None:
    page, requested, complained = await open_file(page_file)
    takes = page.locator(".take")
    assert await takes.count() == 2
    assert "new <script>" in await takes.nth(1).inner_text()
    for take in await takes.all():
        await take.locator(".at").nth(1).click()
        await page.wait_for_function(
            "(id) => takes[id].sound.playing && takes[id].sound.time > 2.5",
            arg=int(await take.get_attribute("data-take") or 0),
        )
        assert await take.locator(".turn.now").count() >= 1
    assert await page.evaluate("takes.map((take) => take.sound.playing)") == [False, True]
    assert requested[0] == page_file.as_uri()
    assert all(each.startswith("blob:") for each in requested[1:])
    assert complained == []
    assert await page.title() != "owned"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read(page_file: Path, open_file: Open, scheme: str) -> None:
    page, *_ = await open_file(page_file, scheme="dark" if scheme == "dark" else "light")
    assert await unreadable(page) == []


async def test_it_fits_a_telephone(page_file: Path, open_file: Open) -> None:
    page, *_ = await open_file(page_file, width=360)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
