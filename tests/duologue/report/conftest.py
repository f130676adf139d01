"""One headless Chromium for all pages; whatever they ask for is noted."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.duologue.report.calls import add_call

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


class Opened(NamedTuple):
    """A page in the browser."""

    page: Page
    requested: list[str]
    """Every address it asked for, its own first."""
    complained: list[str]
    """What the console said."""


class Open(Protocol):
    """Opens a file in a window of its own."""

    def __call__(
        self,
        file: Path,
        *,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
    ) -> Awaitable[Opened]: ...


def chromium() -> str:
    """Where the browser is."""
    found = shutil.which("chromium")
    if found:
        return found
    missing = "no `chromium` on PATH (Debian's package chromium): pages are not opened"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=[*FLAGS])
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="package")
async def open_file(browser: Browser) -> AsyncIterator[Open]:
    async with AsyncExitStack() as windows:

        async def opened(
            file: Path, *, width: int = 1280, scheme: Literal["light", "dark"] = "light"
        ) -> Opened:
            context = await browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme
            )
            windows.push_async_callback(context.close)
            page = await context.new_page()
            shown = Opened(page, [], [])
            page.on("request", lambda request: shown.requested.append(request.url))
            page.on("console", lambda message: shown.complained.append(message.text))
            page.on("pageerror", lambda error: shown.complained.append(str(error)))
            await page.goto(file.as_uri())
            return shown

        yield opened


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a call."""
    return add_call(tmp_path_factory.mktemp("calls"))
