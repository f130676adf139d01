"""A call's report in a browser: it plays, shows what is spoken, and loads nothing."""

import asyncio
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

import pytest
from playwright.async_api import Page

from duologue.folder.folder import REPORT
from duologue.labels.recognition import Recognition
from tests.duologue.report.calls import HOSTILE, MARKS, MISHEARD, TURNS, C, S, add_call, turn
from tests.duologue.report.conftest import Open
from tests.duologue.report.contrast import unreadable

pytestmark = pytest.mark.asyncio(loop_scope="package")

LIT = "[...document.querySelectorAll('.w.lit')].map((word) => word.textContent)"
FOCUSED = "document.activeElement.textContent"


class Counting(http.server.BaseHTTPRequestHandler):
    """Answers everybody, whatever their origin, and counts."""

    answered: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.answered.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def outside() -> Iterator[str]:
    """A server that pages could reach, if their policy let them."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        Counting.answered.clear()
        serving = threading.Thread(target=server.serve_forever, name="outside")
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


async def time_of(page: Page) -> float:
    return float(await page.evaluate("sound.time"))


async def until(page: Page, what: str) -> None:
    """Looks at every frame; Playwright's own waiting is an `eval`, which the page forbids."""
    look = f"const look = () => ({what}) ? done() : requestAnimationFrame(look); look();"
    async with asyncio.timeout(10):
        await page.evaluate(f"() => new Promise((done) => {{ {look} }})")


async def test_it_plays_and_lights_each_word_while_it_is_spoken(
    folder: Path, open_file: Open
) -> None:
    page, _, complained = await open_file(folder / REPORT)
    await page.evaluate(
        f"""() => {{
          window.seen = [];
          const changed = {{ subtree: true, attributeFilter: ["class"] }};
          new MutationObserver(() => seen.push([sound.time, ...{LIT}]))
            .observe(document.querySelector("#turns"), changed);
        }}"""
    )
    await page.get_by_role("button", name="Play", exact=True).click()
    await until(page, "sound.time > 2.1")
    assert await page.get_by_role("button", name="Pause", exact=True).is_visible()
    seen = [(at, words) for at, *words in await page.evaluate("seen") if words]
    assert [words for _, words in seen] == [["How"], ["can"], ["I"], ["help?"]]
    for (at, _), word in zip(seen, TURNS[0].words, strict=True):
        assert word.start is not None
        assert word.start <= at < word.start + 0.25
    assert complained == []


async def test_a_click_on_a_word_plays_from_there(folder: Path, open_file: Open) -> None:
    page, *_ = await open_file(folder / REPORT)
    await page.get_by_text("Patel.", exact=True).click()
    await until(page, f"sound.playing && {LIT}.includes('Patel.')")
    assert 3.62 <= await time_of(page) < 4.0
    assert await page.evaluate("document.querySelectorAll('.turn.now').length") >= 1


async def test_a_finding_is_told_in_plain_words_with_its_root_and_leads_to_its_turn(
    folder: Path, open_file: Open
) -> None:
    page, *_ = await open_file(folder / REPORT)
    finding = page.locator(".findings li")
    told = await finding.inner_text()
    assert "The records are not as they should be" in told
    assert f"Root: {MISHEARD}" in told
    await finding.get_by_role("link").click()
    assert await page.locator(".turn:target").get_attribute("data-turn") == "1"
    # The player is not in front of it.
    bar, turn_at = await page.evaluate(
        """[".bar", ".turn:target"].map(
          (name) => document.querySelector(name).getBoundingClientRect().toJSON())"""
    )
    assert turn_at["top"] >= bar["bottom"] or turn_at["bottom"] <= bar["top"]


async def test_a_turns_button_plays_it_and_stops_it(folder: Path, open_file: Open) -> None:
    page, *_ = await open_file(folder / REPORT)
    button = page.locator(".turn[data-turn='1'] .at")
    await button.click()
    await until(page, "sound.playing && sound.time > 2.55")
    await button.click()
    await until(page, "!sound.playing")
    assert 2.5 < await time_of(page) < 4.0


async def test_the_strip_and_the_timeline_seek(folder: Path, open_file: Open) -> None:
    page, *_ = await open_file(folder / REPORT)
    box = await page.locator("#overview").bounding_box()
    assert box
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    await until(page, "!sound.element.seeking")
    assert await time_of(page) == pytest.approx(4.5, abs=0.05)
    # On a word of the timeline, its start; all 9 s are in sight.
    place = await page.evaluate(
        "(({ customer }) => [timeline.x(3.8), customer.labels + 5])(timeline.lanes())"
    )
    box = await page.locator("#timeline").bounding_box()
    assert box
    await page.mouse.click(box["x"] + place[0], box["y"] + place[1])
    await until(page, "!sound.element.seeking")
    assert await time_of(page) == pytest.approx(TURNS[1].words[3].start or 0, abs=0.01)


async def test_one_side_is_heard_alone_or_not_at_all(folder: Path, open_file: Open) -> None:
    page, *_ = await open_file(folder / REPORT)
    levels = """async () => {
      const sides = sound.context.createChannelSplitter(2);
      sound.mixed.connect(sides);
      const meters = [0, 1].map((side) => {
        const meter = sound.context.createAnalyser();
        sides.connect(meter, side);
        return meter;
      });
      const highest = [0, 0];
      while (sound.time < 4) {
        await new Promise(requestAnimationFrame);
        if (sound.time < 3.65) continue;
        meters.forEach((meter, i) => {
          const wave = new Float32Array(meter.fftSize);
          meter.getFloatTimeDomainData(wave);
          highest[i] = Math.max(highest[i], ...wave);
        });
      }
      return highest;
    }"""
    group = page.get_by_role("group", name="Sound of the customer")
    # From 3.6 to 4.0 both speak.
    await group.get_by_role("button", name="Solo").click()
    await page.evaluate("sound.play(3.55)")
    customer, support = await page.evaluate(levels)
    assert (customer > 0.4, support) == (True, 0)
    await group.get_by_role("button", name="Solo").click()
    await group.get_by_role("button", name="Mute").click()
    assert await group.get_by_role("button", name="Mute").get_attribute("aria-pressed") == "true"
    await page.evaluate("sound.play(3.55)")
    customer, support = await page.evaluate(levels)
    assert (customer, support > 0.4) == (0, True)


async def test_it_works_by_keyboard(folder: Path, open_file: Open) -> None:
    page, *_ = await open_file(folder / REPORT)
    await page.keyboard.press("ArrowRight")
    await until(page, "!sound.element.seeking && sound.time === 5")
    await page.keyboard.press("ArrowLeft")
    await until(page, "!sound.element.seeking && sound.time === 0")
    await page.keyboard.press(" ")
    await until(page, "sound.playing")
    await page.keyboard.press(" ")
    await until(page, "!sound.playing")
    # Of all words one is in the tab order; arrows lead to the others.
    assert await page.evaluate("document.querySelectorAll('.w[tabindex=\"0\"]').length") == 1
    await page.locator(".w[tabindex='0']").focus()
    for key, word in (
        ("ArrowRight", "can"),
        ("ArrowLeft", "How"),
        ("ArrowDown", "My"),
        ("ArrowLeft", "help?"),
        ("ArrowRight", "My"),
        ("ArrowRight", "name"),
    ):
        await page.keyboard.press(key)
        assert await page.evaluate(FOCUSED) == word
    await page.keyboard.press("Enter")
    await until(page, f"sound.playing && {LIT}.includes('name')")
    await page.keyboard.press(" ")
    await until(page, "!sound.playing")
    slider = page.get_by_role("slider", name="Position in the call")
    await slider.focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowRight")
    await until(page, "!sound.element.seeking && sound.time === 1")
    assert await slider.get_attribute("aria-valuetext") == "0:01 of 0:09"


async def test_every_control_has_a_name_and_can_be_reached(folder: Path, open_file: Open) -> None:
    page, *_ = await open_file(folder / REPORT)
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, [role=slider], summary")]
          .filter((each) => !(each.getAttribute("aria-label") ?? each.textContent).trim())
          .map((each) => each.outerHTML)"""
    )
    assert nameless == []
    reached: list[str] = []
    while True:
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement === document.body"):
            break
        reached.append(
            await page.evaluate("document.activeElement.id || document.activeElement.className")
        )
    assert {"play", "overview", "speed", "follow", "at", "w"} <= set(reached)
    assert reached.count("at") == len(TURNS)


async def test_what_was_said_is_text_whatever_it_is(tmp_path: Path, open_file: Open) -> None:
    said = turn(S, 0.5, 2.0, f"{HOSTILE} </script> <!-- &amp; {{{{ 7 * 7 }}}}")
    heard = said.model_copy(update={"heard": HOSTILE})
    marks = [mark.model_copy(update={"name": HOSTILE}) for mark in MARKS if mark.name]
    folder = add_call(tmp_path, turns=[heard], marks=marks, persona=HOSTILE, finding=HOSTILE)
    page, requested, complained = await open_file(folder / REPORT)
    assert await page.locator(".said").inner_text() == said.said
    assert HOSTILE in await page.locator("aside").inner_text()
    assert HOSTILE in await page.locator(".moment.tool").inner_text()
    assert await page.title() == "c1 \N{EN DASH} Duologue"
    assert await page.locator("img").count() == 0
    assert [url.split(":")[0] for url in requested] == ["file", "blob"]
    assert complained == []


async def test_nothing_is_loaded_from_outside_even_by_what_got_in(
    folder: Path, open_file: Open, outside: str
) -> None:
    page, requested, _ = await open_file(folder / REPORT)
    await page.evaluate("sound.play()")
    await until(page, "sound.time > 0.2")
    assert [url.split(":")[0] for url in requested] == ["file", "blob"]
    refused = await page.evaluate(
        """async (outside) => {
          const failed = (element, attributes) => new Promise((resolve) => {
            Object.assign(element, attributes);
            element.onload = element.oncanplay = () => resolve("loaded");
            element.onerror = () => resolve("refused");
            document.body.append(element);
          });
          const style = document.createElement("style");
          style.textContent = "body { opacity: 0 }";
          const script = document.createElement("script");
          script.textContent = "window.got = 'in'";
          document.body.append(style, script);
          return [
            await fetch(outside + "/fetched").then(() => "loaded", () => "refused"),
            await failed(new Image(), { src: outside + "/image" }),
            await failed(document.createElement("script"), { src: outside + "/script" }),
            await failed(document.createElement("audio"), { src: outside + "/audio" }),
            window.got ?? "refused",
            getComputedStyle(document.body).opacity === "0" ? "loaded" : "refused",
          ];
        }""",
        outside,
    )
    assert refused == ["refused"] * 6
    assert Counting.answered == []


async def test_a_call_without_word_times_can_be_read_and_played(
    tmp_path: Path, open_file: Open
) -> None:
    turns = [
        turn(S, 0.5, 2.0, "How can I help?", words=False),
        turn(C, 2.5, 4.0, "Hello.", words=False).model_copy(update={"said": None, "heard": None}),
    ]
    folder = add_call(tmp_path, turns=turns, marks=(), heard=Recognition(stretches=(), entities=()))
    page, _, complained = await open_file(folder / REPORT)
    assert await page.locator(".said").all_inner_texts() == [
        "How can I help?",
        "Speech that nobody reported",
    ]
    await page.get_by_text("help?", exact=True).click()
    await until(page, "sound.playing && document.querySelector('.turn.now[data-turn=\"0\"]')")
    assert await time_of(page) < 2.0
    assert await page.evaluate(LIT) == []
    assert complained == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_readable_on_a_phone_and_in_the_dark(
    folder: Path, open_file: Open, scheme: Literal["light", "dark"]
) -> None:
    page, *_ = await open_file(folder / REPORT, width=360, scheme=scheme)
    wide = await page.evaluate(
        """() => [...document.querySelectorAll("body *")]
          .filter((each) => each.getBoundingClientRect().right > innerWidth)
          .filter((each) => !each.closest(".unseen"))
          .map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert wide == []
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert await unreadable(page) == []
    # While a turn is spoken it has another background, and its words too.
    await page.evaluate("seek(3.7)")
    await until(page, f"{LIT}.length === 2")
    assert await unreadable(page) == []
