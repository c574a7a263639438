"""Two browsers: Alice and Bob become friends, read each other's messages, and Alice blocks Bob."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import choose, make_group, open_channel
from tests.e2e.test_two_browsers import say, shown, sign_in
from tests.support.accounts import register
from tests.support.site import Site


async def open_people_tab(page: Page) -> None:
    await page.get_by_test_id("tab-people").click()


async def confirm(page: Page) -> None:
    await page.locator("dialog[open]").get_by_test_id("dialog-confirm").click()


def listed(page: Page, section: str) -> Locator:
    return page.locator(f"[data-testid=contact][data-section={section}]")


async def test_alice_and_bob_become_friends_and_she_reads_his_status(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    site.manage(
        "shell",
        "--no-imports",
        "-c",
        "from accounts.models import User; User.objects.filter(username='bob').update(status_text='at sea')",
    )
    alice, bob = await person("alice"), await person("bob", width=390, height=844)
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")

    # Bob is in the global channel's list of online users.
    await alice.locator("[data-testid=person-item][data-user-id=bob]").get_by_test_id("person-menu").click()
    await alice.get_by_test_id("friend-request").click()
    await open_people_tab(alice)
    await expect(listed(alice, "outgoing")).to_have_count(1)

    await bob.get_by_test_id("back").click()
    await expect(bob.get_by_test_id("requests-badge")).to_have_text("1")
    await open_people_tab(bob)
    await bob.get_by_test_id("friend-accept").click()

    for page, name in ((alice, "Bob"), (bob, "Alice")):
        await expect(listed(page, "friends")).to_have_count(1)
        await expect(listed(page, "friends")).to_contain_text(name)
        await expect(listed(page, "friends")).to_have_attribute("data-online", "true")
        await expect(page.get_by_test_id("requests-badge")).to_be_hidden()
    await expect(listed(alice, "friends")).to_contain_text("at sea")
    await listed(alice, "friends").get_by_test_id("contact-open").click()
    await expect(alice.get_by_test_id("channel-title")).to_have_text("Bob")


async def test_alice_finds_a_friend_by_pinyin(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    rename = "from accounts.models import User; u = User.objects.get(username='bob'); u.nickname = '马远'; u.save()"
    site.manage("shell", "--no-imports", "-c", rename)
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    await open_people_tab(alice)
    await alice.get_by_test_id("find-people").click()
    dialog = alice.locator("dialog[open]")
    for typed in ("mayu", "my", "马"):
        await dialog.get_by_test_id("person-search").fill(typed)
        await expect(dialog.get_by_test_id("person-option")).to_contain_text("马远")
    await dialog.get_by_test_id("option-add").click()
    await expect(listed(alice, "outgoing")).to_contain_text("马远")


async def test_alice_sees_how_far_bob_has_read(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice"), await person("bob")
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")
    await alice.get_by_test_id("new-menu").click()
    await alice.get_by_test_id("new-chat").click()
    await choose(alice, "bob")
    await expect(alice.get_by_test_id("channel-title")).to_have_text("Bob")
    await say(alice, "have you seen it?")
    message = alice.get_by_test_id("message")
    await expect(message).to_have_attribute("data-state", "sent")
    await expect(message).to_have_attribute("data-read", "false")

    await open_channel(bob, "Alice")
    await expect(message).to_have_attribute("data-read", "true")
    await alice.reload()
    await expect(message).to_have_attribute("data-read", "true")


async def test_alice_blocks_and_unblocks_bob(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice"), await person("bob")
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")
    await bob.get_by_test_id("new-menu").click()
    await bob.get_by_test_id("new-chat").click()
    await choose(bob, "alice")
    await expect(bob.get_by_test_id("channel-title")).to_have_text("Alice")
    await say(bob, "hello Alice")
    await open_channel(alice, "Bob")
    await expect(shown(alice, "hello Alice")).to_be_visible()

    details = alice.get_by_test_id("details")
    await details.get_by_test_id("block").click()
    await confirm(alice)
    await expect(alice.get_by_test_id("composer-note")).to_contain_text("You have blocked Bob")
    await expect(alice.get_by_test_id("composer")).to_be_disabled()
    await expect(alice.get_by_test_id("channel-subtitle")).to_have_text("Offline")

    await bob.get_by_test_id("composer").fill("are you there?")
    await bob.keyboard.press("Enter")
    await expect(bob.locator("[data-testid=message][data-state=failed]")).to_contain_text("are you there?")
    await expect(alice.get_by_test_id("message")).to_have_count(1)

    await alice.get_by_test_id("composer-unblock").click()
    await expect(alice.get_by_test_id("composer")).to_be_enabled()
    await bob.locator("[data-testid=message][data-state=failed]").get_by_test_id("message-retry").click()
    await expect(shown(alice, "are you there?")).to_be_visible()


async def test_a_pin_remains_visible_and_links_to_its_message(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice"), await person("bob")
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")
    await make_group(alice, "Painters", "bob")
    await say(alice, "on Friday at ten")
    await expect(alice.get_by_test_id("message")).to_have_attribute("data-state", "sent")
    await use_toolbar(alice.get_by_test_id("message"), "message-more")
    await alice.get_by_test_id("pin").click()

    await open_channel(bob, "Painters")
    for page in (alice, bob):
        await expect(page.get_by_test_id("pin-bar")).to_contain_text("on Friday at ten")
    await bob.get_by_test_id("pin-go").click()
    await expect(bob.get_by_test_id("message")).to_have_class(re.compile("revealed"))
    # By keyboard: to the last message, its menu, and an item in it.
    await bob.keyboard.press("Alt+m")
    await bob.keyboard.press("m")
    await expect(bob.get_by_test_id("pin")).to_have_count(0)
    await expect(bob.get_by_test_id("forward")).to_be_focused()
    for item in ("copy-link", "save", "mark-unread", "report"):
        await bob.keyboard.press("ArrowDown")
        await expect(bob.get_by_test_id(item)).to_be_focused()
    await bob.keyboard.press("Enter")
    await bob.get_by_test_id("report-reason").fill("spam")
    await confirm(bob)
    await expect(bob.get_by_test_id("notice")).to_contain_text("moderator")

    await use_toolbar(alice.get_by_test_id("message"), "message-more")
    await alice.get_by_test_id("unpin").click()
    for page in (alice, bob):
        await expect(page.get_by_test_id("pin-bar")).to_be_hidden()
    assert (
        site.manage("shell", "--no-imports", "-c", "from chat.models import Report; print(Report.objects.get().reason)")
        .strip()
        .endswith("spam")
    )


async def test_the_owner_slows_the_group_down_and_mutes_bob(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice, bob = await person("alice", width=1440), await person("bob")
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")
    await make_group(alice, "Painters", "bob")
    await open_channel(bob, "Painters")
    await alice.get_by_test_id("group-settings").click()
    await alice.get_by_test_id("group-slow-mode").select_option("30")
    await confirm(alice)
    await expect(bob.get_by_test_id("composer-note")).to_contain_text("every 30 seconds")
    await expect(alice.get_by_test_id("composer-note")).to_be_hidden()

    await alice.locator("[data-testid=person-item][data-user-id=bob]").get_by_test_id("person-menu").click()
    await alice.get_by_test_id("mute").click()
    await alice.get_by_test_id("restrict-reason").fill("spam")
    await confirm(alice)
    await expect(bob.get_by_test_id("composer-note")).to_contain_text("You are muted here until")
    await expect(bob.get_by_test_id("composer")).to_be_disabled()
    await bob.reload()
    await open_channel(bob, "Painters")
    await expect(bob.get_by_test_id("composer-note")).to_contain_text("You are muted here until")
