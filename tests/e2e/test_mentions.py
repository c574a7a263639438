"""Alice mentions users by name: offered as she types, chosen by keyboard, pointer or touch."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import enter_as_guest, shown, sign_in
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
