"""Alice finds her way: quick switcher, addresses of messages, back and forward, unread messages and drafts."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_reading import say_many
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import PASSWORD, register
from tests.support.client import Client
from tests.support.site import Site

_SIGN_IN = "[name=username]", "[name=password]"


async def test_alice_switches_reads_and_returns_by_keyboard_and_history(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice", width=1440)
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        readers = await bob.call("channel.create", kind="public", name="Readers", members=["alice"])
        walkers = await bob.call("channel.create", kind="public", name="Hill walkers", members=["alice"])
        await say_many(bob, readers["target"], 130)
        await say_many(bob, walkers["target"], 2)
    await sign_in(alice, site, "alice")
    title, field = alice.get_by_test_id("channel-title"), alice.get_by_test_id("switcher-field")
    options = alice.get_by_test_id("switcher-option")

    # The switcher: channels with few letters, then the search of messages.
    await alice.keyboard.press("Control+k")
    await expect(field).to_be_focused()
    await expect(options.first).to_have_attribute("data-target", walkers["target"])
    await field.fill("hw")
    await expect(options).to_have_count(2)
    await field.press("Enter")
    await expect(title).to_have_text("Hill walkers")
    await expect(alice.get_by_test_id("composer")).to_be_focused()

    # A message far back has an address; going back leads to where she was.
    await alice.evaluate("place => (location.hash = place)", f"{readers['target']}/3")
    third = alice.locator("[data-testid=message][data-seq='3']")
    await expect(third).to_be_in_viewport()
    await expect(third).to_be_focused()
    await expect(title).to_have_text("Readers")
    await alice.go_back()
    await expect(title).to_have_text("Hill walkers")
    await alice.go_forward()
    await expect(third).to_be_in_viewport()

    # From there to the first unread message, which stays unread below what she sees.
    await alice.get_by_test_id("first-unread").click()
    await expect(alice.get_by_test_id("new-line")).to_be_in_viewport()

    # A message that she has read is unread again while the channel is open.
    await alice.keyboard.press("Control+k")
    await field.fill("hill")
    await field.press("Enter")
    second = alice.locator("[data-testid=message][data-seq='2']")
    await second.focus()
    await second.press("m")
    await alice.get_by_test_id("mark-unread").click()
    await expect(alice.get_by_test_id("new-line")).to_be_visible()
    await alice.get_by_test_id("unread-toggle").click()
    row = alice.get_by_test_id("unread-channel").filter(has_text="Hill walkers")
    await expect(row).to_be_visible()
    await row.get_by_test_id("unread-read").click()
    await expect(row).to_have_count(0)

    # Drafts are listed once their channel is left.
    await alice.get_by_test_id("composer").fill("half a thought")
    await open_channel(alice, "Readers")
    await alice.get_by_test_id("drafts-toggle").click()
    await expect(alice.get_by_test_id("draft")).to_contain_text("half a thought")
    await alice.get_by_test_id("draft-open").click()
    await expect(alice.get_by_test_id("composer")).to_have_value("half a thought")


async def test_a_link_outlives_the_sign_in_and_tells_no_stranger_anything(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob", "carol"])
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = await bob.call("channel.create", kind="public", name="Readers", members=["alice"])
        await say_many(bob, group["target"], 3)
    link = f"{site.url}/#{group['target']}/2"
    for name, is_member in (("alice", True), ("carol", False)):
        page = await person(name)
        await page.goto(link)
        await page.get_by_test_id("sign-in").click()
        for selector, text in zip(_SIGN_IN, (name, PASSWORD), strict=True):
            await page.locator(selector).fill(text)
        await page.locator("form button[type=submit]").first.click()
        message = page.locator("[data-testid=message][data-seq='2']")
        if is_member:
            await expect(message).to_be_focused()
            continue
        await expect(page.get_by_test_id("notice")).to_contain_text("does not exist")
