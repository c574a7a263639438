"""Alice and Bob chat in a group and in private; the server crashes while both type, and no message is missing."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import say, shown, sign_in, timeline
from tests.support.accounts import register
from tests.support.site import Site


async def open_channel(page: Page, name: str) -> None:
    await page.get_by_test_id("channel-item").filter(has_text=name).click()
    await expect(page.get_by_test_id("channel-title")).to_have_text(name)


async def choose(page: Page, name: str) -> None:
    """Pick a user in the open dialog."""
    dialog = page.locator("dialog[open]")
    await dialog.get_by_test_id("person-search").fill(name)
    await dialog.get_by_test_id("person-option").filter(has_text=name).click()


async def make_group(page: Page, name: str, member: str) -> None:
    await page.get_by_test_id("new-menu").click()
    await page.get_by_test_id("create-group").click()
    await page.locator("dialog[open]").get_by_test_id("group-name").fill(name)
    await choose(page, member)
    await page.locator("dialog[open]").get_by_test_id("dialog-confirm").click()
    await expect(page.get_by_test_id("channel-title")).to_have_text(name)


async def test_a_group_and_a_private_chat_survive_a_server_crash(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice"), await person("bob")
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")

    await make_group(alice, "Painters", "bob")
    await say(alice, "welcome to the group")
    await open_channel(bob, "Painters")
    await expect(shown(bob, "welcome to the group")).to_be_visible()

    await alice.get_by_test_id("new-menu").click()
    await alice.get_by_test_id("new-chat").click()
    await choose(alice, "bob")
    await expect(alice.get_by_test_id("channel-title")).to_have_text("Bob")
    await say(alice, "between us")
    await open_channel(bob, "Alice")
    await expect(shown(bob, "between us")).to_be_visible()

    site.kill()
    for page in (alice, bob):
        await expect(page.get_by_test_id("connection-bar")).to_be_visible()
    for number in range(2):
        await say(alice, f"alice in private {number}")
        await say(bob, f"bob in private {number}")
    for page, name in ((alice, "alice"), (bob, "bob")):
        await open_channel(page, "Painters")
        await say(page, f"{name} in the group")
    site.start()

    for page, other, size in ((alice, "Bob", 5), (bob, "Alice", 5)):
        await expect(page.get_by_test_id("connection-bar")).to_be_hidden()
        await expect(page.locator("[data-testid=message][data-state=pending]")).to_have_count(0)
        await expect(page.get_by_test_id("message-text")).to_have_count(3)
        await open_channel(page, other)
        await expect(page.get_by_test_id("message-text")).to_have_count(size)
    private = await timeline(alice)
    assert private == await timeline(bob)
    written = [f"{name} in private {number}" for name in ("alice", "bob") for number in range(2)]
    assert sorted(private) == sorted(["between us", *written])
    for page in (alice, bob):
        await page.reload()
        await open_channel(page, "Painters")
        await expect(page.get_by_test_id("message-text")).to_have_count(3)
        await expect(page.get_by_test_id("note").first).to_be_visible()
    group = await timeline(alice)
    assert group == await timeline(bob)
    assert sorted(group) == sorted(["welcome to the group", "alice in the group", "bob in the group"])
