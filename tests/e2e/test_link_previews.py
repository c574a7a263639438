"""Alice's link gets a preview, which Bob sees on his phone and only Alice can remove."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

TITLE = "<img src=x onerror=alert(1)> شتاء"


async def test_a_preview_is_shown_and_removed(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    bob = await person("bob", width=390, height=800, locale="zh-CN", has_touch=True, is_mobile=True)
    await sign_in(bob, site, "bob", by_touch=True)
    async with await Client.connect(site.acc) as phone:
        await phone.login_token(tokens["alice"])
        group = await phone.call("channel.create", kind="public", name="Painters", members=["bob"])
        sent = await phone.call("message.send", target=group["target"], type="text", msg="https://a.test/winter")
    await bob.get_by_test_id("back").tap()
    await bob.get_by_test_id("channel-item").filter(has_text="Painters").tap()
    alice = await person("alice", width=1280)
    await sign_in(alice, site, "alice")
    await open_channel(alice, "Painters")

    # Another process stores it, because no foreign page can be loaded here.
    site.manage(
        "shell",
        "--no-imports",
        "-c",
        "from chat.actions.link_preview import message_set_previews, preview_store\n"
        f"row = preview_store(address='https://a.test/winter', title={TITLE!r}, description='Snow on the hills',"
        " site_name='', thumbnail=None)\n"
        f"message_set_previews(message_id={sent['id']}, text='https://a.test/winter', previews=[row])",
    )
    for page in (alice, bob):
        card = page.get_by_test_id("link-preview")
        await expect(card).to_contain_text("Snow on the hills")
        await expect(card).to_contain_text(TITLE)
        await expect(card.get_by_role("link")).to_have_attribute("href", "https://a.test/winter")
        await expect(card.get_by_role("link")).to_have_attribute("rel", "noopener noreferrer nofollow")
        await screenshot(page, f"link-preview-{'phone' if page is bob else 'desktop'}")
    await expect(bob.get_by_test_id("remove-preview")).to_be_hidden()
    await alice.get_by_test_id("link-preview").hover()
    await alice.get_by_test_id("remove-preview").click()
    await _expect_none(alice)
    await _expect_none(bob)


async def _expect_none(page: Page) -> None:
    await expect(page.get_by_test_id("link-preview")).to_have_count(0)
    await expect(page.get_by_test_id("message-text").filter(has_text="https://a.test/winter")).to_be_visible()
