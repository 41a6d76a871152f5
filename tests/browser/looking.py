"""How a page looks to a person and to axe, and what the browser complains of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from scripts.place import ROOT

SHOTS = ROOT / "build" / "screenshots"
"""Where the pictures of a run are kept; the folder is not part of the repository."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules whose answer a theme can change."""
DESKTOP, PHONE = 1440, 390
NARROW = "document.documentElement.scrollWidth - innerWidth"
AXE = """
async (rules) => {
  const found = await axe.run({runOnly: rules, resultTypes: ["violations"]});
  const line = (rule) => (node) => `${rule.id}: ${node.html.slice(0, 200)}`;
  return found.violations.flatMap((rule) => rule.nodes.map(line(rule)));
}
"""


def objections(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """What axe has against the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(AXE, list(rules))
    return found


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate(NARROW)
    return max(0, width)


def shoot(page: Page, name: str) -> Path:
    """Keep a picture of the whole page.

    The caret stays: to hide it, Playwright leaves ``style`` on each field, to which the policy objects.
    """
    page.evaluate("document.fonts.ready")
    path = SHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=True, animations="disabled", caret="initial")
    return path


def overheard(context: BrowserContext) -> list[str]:
    """A list to which every warning, error and failed request of the context's pages is added."""
    heard: list[str] = []

    def hear(page: Page) -> None:
        page.on("pageerror", lambda error: heard.append(f"{page.url}: {error}"))
        page.on("console", lambda line: _hear(heard, page, line))

    context.on("page", hear)
    return heard


def _hear(heard: list[str], page: Page, line: ConsoleMessage) -> None:
    """Note a warning or an error; that a form was sent with a mistake in it is none."""
    if line.type in {"warning", "error"} and "status of 422" not in line.text:
        heard.append(f"{page.url}: {line.text}")
