"""The index of calls in a browser: sorted, filtered, and usable with many."""

import json
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page

from duologue.labels.recorded_call import Call
from duologue.report import index
from duologue.report.index import FILE
from duologue.report.summary import read_calls
from tests.duologue.report.calls import HOSTILE, add_call
from tests.duologue.report.conftest import Open
from tests.duologue.report.contrast import unreadable
from tests.duologue.report.test_summary import add_call as add_summary

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five calls, the best of which has a report."""
    out = tmp_path_factory.mktemp("calls")
    add_summary(out, "good")
    (out / "good" / "report.html").touch()
    add_summary(out, "slow", gaps_s=(0.5, 2.5))
    add_summary(out, "cut", cut_off=1)
    add_summary(out, "missed", success=False)
    (out / "good").rename(out / "as good")
    index.write(out, read_calls(out).calls)
    return out


async def listed(page: Page) -> list[str]:
    return [text.split("\n")[0] for text in await page.locator("td.call").all_inner_texts()]


async def test_the_worst_calls_come_first_and_lead_to_their_reports(
    calls: Path, open_file: Open
) -> None:
    page, requested, complained = await open_file(calls / FILE)
    assert await listed(page) == ["missed", "cut", "slow", "good"]
    assert "nothing was refunded" in await page.locator("td.call").first.inner_text()
    links = await page.locator("td.call a").all()
    assert [await link.get_attribute("href") for link in links] == ["as%20good/report.html"]
    assert requested == [(calls / FILE).as_uri()]
    assert complained == []
    await page.get_by_role("link", name="good").click()
    assert page.url == (calls / "as good" / "report.html").as_uri()


async def test_it_sorts_by_any_column_and_says_so(calls: Path, open_file: Open) -> None:
    page, *_ = await open_file(calls / FILE)
    button = page.get_by_role("button", name="Support replies")
    await button.click()
    assert (await listed(page))[0] == "slow"
    head = page.locator("th", has=button)
    assert await head.get_attribute("aria-sort") == "descending"
    await button.click()
    assert (await listed(page))[-1] == "slow"
    assert await head.get_attribute("aria-sort") == "ascending"
    await page.get_by_role("button", name="Worst first").click()
    assert (await listed(page))[0] == "missed"
    assert await head.get_attribute("aria-sort") is None


async def test_filters_leave_what_they_name_and_the_figures_follow(
    calls: Path, open_file: Open
) -> None:
    page, *_ = await open_file(calls / FILE)

    async def left() -> list[str]:
        await page.evaluate("() => new Promise(requestAnimationFrame)")
        return await listed(page)

    await page.get_by_label("Goal", exact=True).select_option("reached")
    assert await left() == ["cut", "slow", "good"]
    await page.get_by_label("Support replies, at least").fill("2")
    assert await left() == ["slow"]
    assert (await page.locator("#totals").inner_text()).startswith("calls\n1\n")
    bars = page.locator("[data-column='support_reply'] svg > title")
    assert await bars.text_content() == "1 values, median 2.50\N{NO-BREAK SPACE}s"
    await page.get_by_role("button", name="Clear").click()
    assert len(await left()) == 4
    await page.get_by_label("Find").fill("late REFUNDED")
    assert await left() == ["missed"]
    await page.get_by_label("Find").fill("nowhere")
    assert await left() == []
    assert await page.get_by_role("status").inner_text() == "No call is like that"
    await page.get_by_role("button", name="Clear").click()
    # The last bar has the highest values.
    await page.locator("[data-column='cut_off'] rect.reach").last.click()
    assert await left() == ["cut"]


async def test_ten_thousand_calls_are_sorted_and_shown_a_page_at_a_time(
    calls: Path, tmp_path: Path, open_file: Open
) -> None:
    [some] = [each for each in read_calls(calls).calls if each.id == "slow"]
    many = [Numbered(some, number) for number in range(10_000)]
    (tmp_path / FILE).write_text(index.page(many))
    page, *_ = await open_file(tmp_path / FILE)
    assert await page.get_by_role("status").inner_text() == "1 to 100 of 10,000 calls"
    await page.locator("[data-sort=duration]").click()
    shown = await listed(page)
    assert shown[0] == "c9999"
    assert len(shown) == 100  # more would take the browser seconds
    await page.get_by_role("button", name="Next").click()
    assert (await listed(page))[0] == "c9899"
    assert await page.get_by_role("status").inner_text() == "101 to 200 of 10,000 calls"


class Numbered(Call):
    """The same call with another id, and as many seconds long."""

    def __init__(self, call: Call, number: int) -> None:
        super().__init__(call.path)
        self.record = call.record.model_copy(update={"call_id": f"c{number}"})
        self.metrics = call.metrics.model_copy(update={"duration_s": float(number)})


async def test_what_is_told_of_calls_is_text_whatever_it_is(
    tmp_path: Path, open_file: Open
) -> None:
    add_call(tmp_path, finding=HOSTILE, persona=HOSTILE)
    page, requested, complained = await open_file(index.write(tmp_path, read_calls(tmp_path).calls))
    assert HOSTILE in await page.locator("td.call").inner_text()
    assert HOSTILE in await page.locator("td").all_inner_texts()
    assert await page.locator("img").count() == 0
    assert len(requested) == 1
    assert complained == []
    assert json.loads(await page.locator("#data").inner_text())["rows"][0][6] == HOSTILE


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_readable_on_a_phone_and_in_the_dark(
    calls: Path, open_file: Open, scheme: Literal["light", "dark"]
) -> None:
    page, *_ = await open_file(calls / FILE, width=360, scheme=scheme)
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    assert await page.evaluate("document.querySelector('.scroll').scrollWidth") <= 360
    assert await unreadable(page) == []
