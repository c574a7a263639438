"""The chat works in the oldest supported browsers, and says which it needs where it cannot start."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Route, expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import make_group
from tests.e2e.test_search import known, results
from tests.e2e.test_two_browsers import say, shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

# Chromium 109, Firefox 115 and Safari 16 lack one or more of these.
_AS_OLD = """
delete Intl.Segmenter;
for (const name of ["toReversed", "toSorted", "toSpliced", "with", "fromAsync"]) delete Array.prototype[name];
delete Element.prototype.checkVisibility;
for (const name of ["popover", "showPopover", "hidePopover", "togglePopover"]) delete HTMLElement.prototype[name];
delete Promise.withResolvers; delete Object.groupBy; delete Map.groupBy; delete URL.canParse;
{
  const isNew = (pattern, flags) => /\\(\\?<[=!]/.test(String(pattern)) || flags?.includes("v");
  const Native = RegExp;
  window.RegExp = new Proxy(Native, {
    construct(target, [pattern, flags], subclass) {
      if (isNew(pattern, flags)) throw new SyntaxError(`Invalid regular expression: ${pattern}`);
      return Reflect.construct(target, [pattern, flags], subclass === window.RegExp ? Native : subclass);
    },
  });
}
"""
_NEEDS = "Chrome or Edge 109, Firefox 115, Safari 16"


async def test_the_chat_works_in_an_old_browser(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice", width=1440)
    await alice.add_init_script(_AS_OLD)
    await sign_in(alice, site, "alice")
    await expect(alice.get_by_text(_NEEDS)).to_be_hidden()

    await alice.get_by_test_id("new-menu").click()
    await expect(alice.get_by_role("menuitem")).to_have_count(4)
    await expect(alice.get_by_role("menuitem").first).to_be_focused()
    await alice.keyboard.press("Escape")
    await expect(alice.get_by_role("menu")).to_have_count(0)
    await expect(alice.get_by_test_id("new-menu")).to_be_focused()
    await alice.get_by_test_id("new-menu").click()
    await alice.get_by_test_id("timeline").click()
    await expect(alice.get_by_role("menu")).to_have_count(0)

    await make_group(alice, "Painters", "bob")
    await say(alice, "see https://a.example/x @bob")
    await expect(shown(alice, "see").locator("a")).to_have_text("https://a.example/x")
    await alice.get_by_test_id("composer").press_sequentially("@b")
    await expect(alice.get_by_test_id("mention-option")).to_have_count(1)
    await alice.get_by_test_id("composer").fill("")
    await expect(alice.locator("[data-testid=message][data-state=sent]")).to_have_count(1)
    await use_toolbar(shown(alice, "see"), "message-copy")
    await expect(alice.get_by_test_id("notice")).to_have_text("Copied.")

    async with await Client.connect(site.acc) as reader:
        await reader.login_token(tokens["alice"])
        await known(reader, "see")
    await alice.get_by_test_id("search-toggle").click()
    await alice.get_by_test_id("search-field").fill("see")
    await expect(results(alice).locator("mark")).to_have_text("see")


@pytest.mark.parametrize("lack", ["a method", "syntax"])
async def test_a_browser_that_is_too_old_says_which_to_use(site: Site, browser: Browser, lack: str) -> None:
    async def break_syntax(route: Route) -> None:
        await route.fulfill(content_type="text/javascript", body="new syntax = {")

    context = await browser.new_context()
    page = await context.new_page()
    sentence = page.get_by_text(_NEEDS)
    if lack == "syntax":
        await page.route("**/js/main.bundle.js", break_syntax)
    else:
        await page.add_init_script("delete Array.prototype.findLast")
    await page.goto(site.url)
    await expect(sentence).to_be_visible()
    await context.close()
