"""Checks of what a page shows: axe-core's rules, its width, what covers what, and motion."""

from __future__ import annotations

from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

_COLOR_RULES = ["color-contrast", "link-in-text-block"]
"""The rules whose result depends on the colours. The others are checked once."""
_VIOLATIONS = """async (rules) => {
  const only = rules.length ? { runOnly: rules } : { rules: { "target-size": { enabled: true } } };
  return (await axe.run({ resultTypes: ["violations"], ...only })).violations;
}"""
_LAYOUT_FAULTS = """async () => {
  const isFinite = (animation) => animation.effect?.getComputedTiming().endTime !== Infinity;
  const running = document.getAnimations().filter(isFinite);
  await Promise.all(running.map((animation) => animation.finished.catch(() => {})));
  const faults = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) faults.push(`${root.scrollWidth} px wide`);
  const top = document.querySelector("dialog[open]") ?? document.body;
  const controls = "button, select, textarea, input:not([type=radio], [type=checkbox], .visually-hidden)";
  const scrollers = ".side-panel-body, .sidebar-panel, .timeline, .dialog-body, dialog";
  for (const control of top.querySelectorAll(controls)) {
    const box = control.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (!box.width || !control.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) continue;
    const shown = document.elementFromPoint(x, y);
    const clip = control.closest(scrollers)?.getBoundingClientRect();
    if (clip && (y < clip.top || y > clip.bottom)) continue;
    if (shown && !control.contains(shown) && !shown.contains(control)) {
      faults.push(`${control.outerHTML.slice(0, 120)} is covered by ${shown.outerHTML.slice(0, 120)}`);
    }
  }
  return faults;
}"""
_MOVING = """() => [...document.querySelectorAll("*")].filter((element) => {
  const style = getComputedStyle(element);
  const longest = (seconds) => Math.max(...seconds.split(",").map(parseFloat));
  const isAnimated = style.animationName !== "none" && longest(style.animationDuration) > 0.01;
  return isAnimated || longest(style.transitionDuration) > 0.01;
}).map((element) => element.outerHTML.slice(0, 120))"""


async def violations(page: Page, where: str, *, without: str = "") -> list[str]:
    """Return each violated rule with its elements, except for the rule `without`, after animations have ended.

    Light and dark colours are checked.
    """
    faults = []
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    schemes: list[tuple[Literal["dark", "light"], list[str]]] = [("dark", []), ("light", _COLOR_RULES)]
    for scheme, rules in schemes:
        await page.emulate_media(color_scheme=scheme)
        await page.evaluate("Promise.all(document.getAnimations().map(one => one.finished.catch(() => {})))")
        faults += [
            f"{where}, {scheme}: {rule['help']}\n    " + "\n    ".join(node["html"] for node in rule["nodes"][:5])
            for rule in await page.evaluate(_VIOLATIONS, rules)
            if rule["id"] != without
        ]
    return faults


async def check(page: Page, where: str, *, without: str = "") -> None:
    """Fail with the violated rules and their elements, except for the rule `without`."""
    faults = await violations(page, where, without=without)
    assert not faults, "\n".join(faults)


async def layout_faults(page: Page, where: str) -> list[str]:
    """Return what is wider than the page, and each control that another element covers."""
    return [f"{where}: {fault}" for fault in await page.evaluate(_LAYOUT_FAULTS)]


async def moving(page: Page) -> list[str]:
    """Return the elements that move, for a user who has asked for no motion."""
    await page.emulate_media(reduced_motion="reduce")
    found: list[str] = await page.evaluate(_MOVING)
    await page.emulate_media(reduced_motion="no-preference")
    return found
