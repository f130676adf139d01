"""Whether text can be read: its contrast with what is behind it, by WCAG 2.2."""

from playwright.async_api import Page

LEAST = 4.5
"""Of text of any size (success criterion 1.4.3)."""

# Every element with text of its own: its text, and its colour over the backgrounds behind it.
_MEASURE = """() => {
  const channels = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], below) =>
    [r, g, b].map((value, i) => value * a + below[i] * (1 - a)).concat(1);
  const behind = (element) => {
    if (!element) return [255, 255, 255, 1];
    return over(channels(getComputedStyle(element).backgroundColor), behind(element.parentElement));
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const text = own.map((node) => node.textContent).join("").trim();
    if (!text || !element.checkVisibility() || element.matches(":disabled, option")) continue;
    const back = behind(element);
    const style = getComputedStyle(element);
    const ink = element.closest("svg") ? style.fill : style.color;
    const both = [luminance(over(channels(ink), back)), luminance(back)];
    found.push([(Math.max(...both) + 0.05) / (Math.min(...both) + 0.05), text.slice(0, 60)]);
  }
  return found;
}"""


async def unreadable(page: Page) -> list[str]:
    """Texts of a page that are too close in colour to what is behind them; there must be texts."""
    found = await page.evaluate(_MEASURE)
    assert len(found) > 20
    return [f"{ratio:.2f}: {text}" for ratio, text in found if ratio < LEAST]
