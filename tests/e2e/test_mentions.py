"""Alice mentions users by name: offered as she types, chosen by keyboard, pointer or touch."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.e2e.conditions import search_until_found
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import enter_as_guest, say, shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


def offered(page: Page) -> Locator:
    return page.get_by_test_id("mention-option")


async def test_alice_mentions_people_of_her_group_by_keyboard(site: Site, person: OpenPerson) -> None:
    members = [f"painter{number}" for number in range(104)]
    tokens = register(site, ["alice", "bob", "bobby", *members, "zhao"])
    alice = await person("alice")
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = await bob.call("channel.create", kind="public", name="Painters", members=["alice", "bobby", *members])
        await bob.call("channel.invite", target=group["target"], members=["zhao"])
        await open_channel(alice, "Painters")
        field = alice.get_by_test_id("composer")

        await field.press_sequentially("hello @bo")
        await expect(offered(alice)).to_contain_text(["Bob", "Bobby"])
        await field.press("ArrowDown")
        await expect(offered(alice).last).to_have_attribute("aria-selected", "true")
        await expect(field).to_have_attribute(
            "aria-activedescendant", await offered(alice).last.get_attribute("id") or ""
        )
        await field.press("Enter")
        await expect(field).to_have_value("hello @bobby ")
        await expect(offered(alice)).to_have_count(0)

        # The last of very many members is found too; escape leaves the text alone, and then Enter sends.
        await field.press_sequentially("and @zh")
        await expect(offered(alice)).to_contain_text(["Zhao"])
        await field.press("Tab")
        await expect(field).to_have_value("hello @bobby and @zhao ")
        await field.press_sequentially("@painter1")
        await expect(offered(alice)).to_have_count(6)
        await field.press("Escape")
        await expect(offered(alice)).to_have_count(0)
        await field.press("Enter")
        await expect(shown(alice, "hello @bobby and @zhao @painter1")).to_be_visible()

        # An exact match is not the only one: other names begin with it.
        await field.press_sequentially("@painter10")
        await expect(offered(alice)).to_contain_text([f"Painter10{end}" for end in ("", "0", "1", "2", "3")])
        await field.fill("")

        # A name typed in full is sent at once.
        await field.press_sequentially("@bob")
        await expect(offered(alice)).to_have_count(2)
        await field.press("Enter")
        await expect(shown(alice, "@bob").last).to_have_text("@bob")
        assert (await bob.push("msg", msg="@bob")).data["from"] == "alice"


async def test_a_guest_is_mentioned_in_the_global_channel_by_touch(site: Site, person: OpenPerson) -> None:
    register(site, ["alice"])
    guest = await person("guest")
    await enter_as_guest(guest, site, "Quiet Cedar")
    alice = await person("alice", width=390, height=844, has_touch=True, is_mobile=True)
    await sign_in(alice, site, "alice", by_touch=True)
    await alice.get_by_test_id("composer").tap()
    await alice.get_by_test_id("composer").press_sequentially("@")
    await offered(alice).filter(has_text="Quiet Cedar").tap()
    await expect(alice.get_by_test_id("composer")).to_have_value("@Quiet Cedar ")
    await expect(alice.get_by_test_id("composer")).to_be_focused()
    await alice.get_by_test_id("composer-send").tap()
    await expect(shown(guest, "@Quiet Cedar")).to_be_visible()
    await expect(guest.locator("[data-testid=message-text] .mention.self")).to_have_count(1)


async def test_bob_sees_that_he_is_mentioned(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob", "carol"])
    bob = await person("bob", width=390, height=844, locale="zh-CN", has_touch=True, is_mobile=True)
    await sign_in(bob, site, "bob", by_touch=True)
    carol = await person("carol", width=1440)
    await sign_in(carol, site, "carol")
    async with await Client.connect(site.acc) as alice:
        await alice.login_token(tokens["alice"])
        group = await alice.call("channel.create", kind="public", name="Painters", members=["bob", "carol"])
        for text in ("@bob the scroll of 马远", "@nobody", "@all lunch"):
            await alice.call("message.send", target=group["target"], type="text", msg=text)
    await bob.get_by_test_id("back").tap()
    painters = bob.get_by_test_id("channel-item").filter(has_text="Painters")
    await expect(painters.get_by_test_id("mention-badge")).to_have_text("@2")
    await expect(painters.get_by_test_id("unread-badge")).to_have_text("3")
    badge = carol.get_by_test_id("channel-item").filter(has_text="Painters").get_by_test_id("mention-badge")
    await expect(badge).to_have_text("@1")
    await screenshot(carol, "mention-badge")
    await painters.tap()
    await expect(bob.locator("[data-testid=message-text] .mention.self")).to_have_text(["@bob", "@all"])
    await bob.get_by_test_id("back").tap()
    await expect(painters.get_by_test_id("mention-badge")).to_be_hidden()

    # The names are those that the server has found, whatever the page knows of the users.
    await open_channel(carol, "Painters")
    await expect(carol.locator("[data-testid=message-text] .mention")).to_have_text(["@bob", "@all"])
    await expect(carol.locator("[data-testid=message-text] .mention.self")).to_have_text("@all")
    await say(carol, "@alice @nobody")
    await expect(shown(carol, "@alice").locator(".mention")).to_have_text("@alice")
    await expect(badge).to_be_hidden()

    await bob.get_by_test_id("mentions-button").tap()
    found = bob.get_by_test_id("search-result")
    await expect(found).to_contain_text(["@all lunch", "@bob the scroll"])
    await screenshot(bob, "mentions-phone")
    await found.last.tap()
    await expect(bob.get_by_test_id("channel-title")).to_have_text("Painters")
    await carol.get_by_test_id("mentions-button").click()
    await expect(carol.get_by_test_id("search-result")).to_contain_text(["@all lunch"])
    await screenshot(carol, "mentions")
    await carol.get_by_test_id("search-field").fill("scroll")
    found = carol.get_by_test_id("search-result")
    await search_until_found(carol.get_by_test_id("search-field"), found.filter(has_text="the scroll"))
    await expect(found).to_contain_text(["the scroll"])
    await expect(carol.get_by_test_id("search-everywhere")).to_be_checked()
