"""The page opens without a connection with what it had, sends later what was written, and keeps nothing too long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import make_group, open_channel
from tests.e2e.test_two_browsers import say, shown, sign_in, submit_sign_in
from tests.support.accounts import register
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS

_KEPT = """async () => {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  if (!names.includes("im-offline")) return [];
  const database = await new Promise((resolve) => {
    const request = indexedDB.open("im-offline");
    request.onsuccess = () => resolve(request.result);
  });
  const hasRecords = database.objectStoreNames.length > 0;
  const records = hasRecords ? database.transaction("records").objectStore("records").getAll() : null;
  const all = records ? await new Promise((resolve) => (records.onsuccess = () => resolve(records.result))) : [];
  database.close();
  return all.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
}"""
_HAS_SHELL = """async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith("im-shell-") && (await (await caches.open(name)).keys()).length > 5) return true;
  }
  return false;
}"""


async def until_kept(page: Page, *texts: str, without: tuple[str, ...] = ()) -> None:
    """Wait until the browser has kept all these texts, none of the others, and the page itself."""

    async def is_kept() -> bool:
        kept = "".join(await page.evaluate(_KEPT))
        found = all(text in kept for text in texts) and not any(text in kept for text in without)
        return found and bool(await page.evaluate(_HAS_SHELL))

    await poll(is_kept)


async def until_nothing_is_kept(page: Page) -> None:
    async def is_empty() -> bool:
        return await page.evaluate(_KEPT) == []

    await poll(is_empty)


async def poll(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask until it is so: Playwright's own waiting takes a promise for the answer yes."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await condition():  # noqa: ASYNC110  the page has no event for it
            await asyncio.sleep(0.1)


async def test_a_page_opens_offline_sends_once_later_and_forgets_what_is_gone(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice", is_first_visit=True), await person("bob")
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")
    await make_group(bob, "Club", "alice")
    await say(bob, "only for members")
    await open_channel(alice, "Club")
    await make_group(alice, "Painters", "bob")
    await say(alice, "we meet at nine")
    await open_channel(bob, "Painters")
    await say(bob, "this was wrong")
    await expect(shown(alice, "this was wrong")).to_be_visible()
    await until_kept(alice, "we meet at nine", "this was wrong", "only for members")
    address = alice.url
    await alice.goto("about:blank")

    # While she is away, a message is recalled and she is removed from a group.
    await use_toolbar(shown(bob, "this was wrong"), "message-recall")
    await bob.locator("dialog[open]").get_by_test_id("dialog-confirm").click()
    await expect(shown(bob, "this was wrong")).to_have_count(0)
    await open_channel(bob, "Club")
    await bob.get_by_test_id("person-item").filter(has_text="Alice").get_by_test_id("person-menu").click()
    await bob.get_by_test_id("remove").click()
    await bob.locator("dialog[open]").get_by_test_id("dialog-confirm").click()
    await expect(bob.get_by_test_id("note").filter(has_text="removed")).to_be_visible()
    await open_channel(bob, "Painters")
    site.stop()

    await alice.goto(address)
    bar = alice.get_by_test_id("connection-bar")
    await expect(bar).to_contain_text("Offline: you see what was here at")
    await expect(shown(alice, "we meet at nine")).to_be_visible()
    await expect(alice.get_by_test_id("channel-item").filter(has_text="Club")).to_be_visible()
    await screenshot(alice, "offline")
    await say(alice, "written offline")
    await alice.reload()
    pending = alice.locator("[data-testid=message][data-state=pending]")
    await expect(pending.get_by_test_id("message-text")).to_have_text(["written offline"])
    await expect(shown(alice, "we meet at nine")).to_be_visible()

    site.start()
    await expect(bar).to_be_hidden()
    await expect(shown(alice, "this was wrong")).to_have_count(0)
    await expect(alice.get_by_test_id("channel-item").filter(has_text="Club")).to_have_count(0)
    await expect(pending).to_have_count(0)
    await expect(shown(alice, "written offline")).to_have_count(1)
    await expect(shown(bob, "written offline")).to_have_count(1)
    await until_kept(alice, "written offline", without=("this was wrong", "only for members"))

    # She signs out without a connection: no tab shows anything from now on, and the next page tells the server.
    site.stop()
    await expect(bar).to_be_visible()
    second = await alice.context.new_page()
    await second.goto(address)
    await expect(shown(second, "written offline")).to_be_visible()
    await alice.get_by_test_id("me-menu").click()
    await alice.get_by_test_id("sign-out").click()
    for page in (alice, second):
        await expect(page.get_by_text("Nothing of your chats is kept here any more")).to_be_visible()
    await until_nothing_is_kept(alice)
    await second.close()
    await alice.goto("about:blank")
    site.start()
    await alice.goto(address)
    await expect(alice.get_by_test_id("sign-in")).to_be_visible()
    site.stop()
    await alice.goto(site.url)
    await expect(alice.get_by_text("This browser keeps no messages to show")).to_be_visible()
    await expect(alice.get_by_test_id("channel-list")).to_be_hidden()
    site.start()
    await expect(alice.get_by_test_id("sign-in")).to_be_visible()


async def test_the_next_user_of_a_browser_finds_nothing_of_the_last_one(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice = await person("alice", is_first_visit=True)
    await sign_in(alice, site, "alice")
    await say(alice, "for me alone")
    await until_kept(alice, "for me alone")

    # Bob signs in in a second tab, and the server stops before his chat is opened.
    bob = await alice.context.new_page()
    await bob.route(f"{site.url}/", lambda route: route.abort())
    await alice.context.clear_cookies()
    await submit_sign_in(bob, site, "bob")
    await until_nothing_is_kept(alice)
    site.stop()
    await bob.unroute_all()
    await bob.goto(site.url)
    await expect(bob.get_by_text("This browser keeps no messages to show")).to_be_visible()
    await until_nothing_is_kept(bob)


async def test_a_new_version_is_offered_and_the_old_page_works_until_then(site: Site, person: OpenPerson) -> None:
    register(site, ["alice"])
    alice = await person("alice", is_first_visit=True)
    await sign_in(alice, site, "alice")
    await say(alice, "before the update")
    await until_kept(alice, "before the update")

    site.options["IM_MESSAGE_MAX_LENGTH"] = "77"
    site.restart()
    await alice.evaluate("async () => (await navigator.serviceWorker.getRegistration('/')).update()")
    await expect(alice.get_by_test_id("notice")).to_contain_text("There is a new version of this page.")
    await say(alice, "from the old page")
    await expect(alice.locator("[data-testid=message][data-state=pending]")).to_have_count(0)
    await alice.get_by_test_id("notice-action").click()
    await expect(alice.get_by_test_id("composer")).to_be_editable()
    await until_kept(alice, "from the old page")

    # Without a connection it is the new version as well, with its own files only.
    site.stop()
    await alice.reload()
    await expect(shown(alice, "from the old page")).to_be_visible()
    assert await alice.evaluate("JSON.parse(document.getElementById('boot').textContent).messageLimit") == 77

    # Her account is closed while she is away: the page shows nothing more once it hears of it.
    site.manage("user", "ban", "alice")
    site.start()
    await expect(alice.get_by_test_id("sign-in")).to_be_visible()
    await until_nothing_is_kept(alice)
