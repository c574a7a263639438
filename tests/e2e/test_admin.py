"""An operator works in a real browser, and admin actions reach connected users at once."""

from __future__ import annotations

import itertools
import re
from urllib.parse import urlencode

from playwright.async_api import Page, expect

from tests.e2e.conditions import resize
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_two_browsers import use_session
from tests.support.accounts import PASSWORD, register
from tests.support.client import Client
from tests.support.site import Site

SCRIPT = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"
# The admin looks at the browser's scheme only while a page is loaded.
_SET_SCHEME = "(scheme) => document.documentElement.classList.toggle('dark', scheme === 'dark')"


async def operator_at(page: Page, site: Site, path: str = "/admin/", *, by_form: bool = False) -> None:
    """Create an administrator and sign her in to the admin."""
    register(site, ["olga"], administrator=True)
    if not by_form:
        await use_session(page, site, "olga")
    await page.goto(f"{site.url}{path}")
    if by_form:
        await page.locator("input[name=username]").fill("olga")
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.locator("input[name=password]").press("Enter")
    await expect(page).to_have_url(f"{site.url}{path}")


async def tick(page: Page, row: str, action: str) -> None:
    """Select the row with this text in a list and run the action."""
    await page.locator("#result_list tbody", has_text=row).locator("input.action-select").check()
    await page.locator("select[name=action]").select_option(label=action)
    await page.get_by_role("button", name="Run").click()


async def confirm(page: Page) -> None:
    await page.get_by_role("button", name="Yes, I’m sure").click()
    await expect(page.locator("form input[name=confirmed]")).to_have_count(0)


async def test_a_message_recalled_by_olga_disappears_for_a_connected_guest(site: Site, person: OpenPerson) -> None:
    page = await person("olga")
    async with await Client.connect(site.acc) as alice, await Client.connect(site.acc) as bob:
        await alice.login_guest("Alice")
        await bob.login_guest("Bob")
        sent = await bob.call("message.send", type="text", msg="something rude")
        await alice.push("msg", msg="something rude")

        await operator_at(page, site, "/admin/chat/message/", by_form=True)
        await tick(page, "something rude", "Recall message")
        await expect(page.get_by_text("Bob in Web: something rude")).to_be_visible()
        await confirm(page)
        await expect(page.get_by_text("1 recalled.")).to_be_visible()

        for guest in (alice, bob):
            recalled = (await guest.push("message.recalled", id=sent["id"])).data
            assert recalled["by"]["userId"] == "olga"
        history = await alice.call("message.history", target=sent["target"])
        assert [(message["msg"], message["recalled"]) for message in history["messages"]] == [("", True)]


async def test_a_channel_closed_by_olga_accepts_no_messages(site: Site, person: OpenPerson) -> None:
    page = await person("olga")
    async with await Client.connect(site.acc) as alice:
        room = (await alice.login_guest("Alice"))["target"]
        await operator_at(page, site, f"/admin/chat/channel/{room}/change/")
        await page.get_by_role("link", name="Close channel").click()
        await expect(page.get_by_text("Nobody can send in a closed channel")).to_be_visible()
        await confirm(page)

        assert (await alice.push("channel.note", note="closed")).data["by"]["userId"] == "olga"
        refused = await alice.request("message.send", type="text", msg="hello?")
        assert refused.code == 1009

        await page.get_by_role("link", name="Reopen channel").click()
        await confirm(page)
        await alice.push("channel.note", note="reopened")
        await alice.call("message.send", type="text", msg="hello again")


async def test_a_user_deactivated_by_olga_is_disconnected(site: Site, person: OpenPerson) -> None:
    page = await person("olga")
    token = register(site, ["bob", "alice"])
    async with await Client.connect(site.acc) as bob, await Client.connect(site.acc) as alice:
        await bob.login_token(token["bob"])
        await alice.login_token(token["alice"])
        await operator_at(page, site, "/admin/accounts/user/?" + urlencode({"q": "bob"}))
        await tick(page, "bob", "Deactivate")
        await confirm(page)
        assert await bob.closed() == 4001
        await expect(page.get_by_text("1 deactivated.")).to_be_visible()
        assert (await alice.request("ping")).code == 200
    async with await Client.connect(site.acc) as bob:
        refused = await bob.request("login", {"appId": 101, "serviceToken": token["bob"]})
        assert refused.code == 1003


async def test_the_admin_pages_fit_every_screen_and_run_no_user_script(site: Site, person: OpenPerson) -> None:
    """`person` checks that the console has no violation of the Content-Security-Policy and no other error."""
    tokens = register(site, ["alice", "bob", "carol"])
    page = await person("olga")
    async with await Client.connect(site.acc) as alice, await Client.connect(site.acc) as guest:
        alice_id = (await alice.login_token(tokens["alice"]))["id"]
        await guest.login_guest("Mallory")
        group = await alice.call("channel.create", kind="public", name="Tea <b>time</b>", members=["bob", "carol"])
        await alice.call("channel.create", kind="public", members=["bob", "carol"])
        await alice.call("channel.create", kind="private", members=["bob"])
        first = await alice.call("message.send", target=group["target"], type="text", msg="Is there tea?")
        await alice.call("channel.remove", target=group["target"], member="carol")
        await alice.call("message.edit", target=group["target"], id=first["id"], msg="Is there any tea left?")
        long = await alice.call("message.send", type="text", msg="A long story. " * 60)
        evil = await guest.call("message.send", type="text", msg=SCRIPT)
        await alice.call("message.report", target=evil["target"], id=evil["id"], reason=SCRIPT)
        rude = await guest.call("message.send", type="text", msg="something rude")
        await guest.call("message.recall", target=rude["target"], id=rude["id"])

        await operator_at(page, site)
        await expect(page.get_by_test_id("online")).to_have_text("2")
        await expect(page.get_by_test_id("today")).to_have_text("4")
        paths = {
            "overview": "/admin/",
            "channels": "/admin/chat/channel/",
            "channel": f"/admin/chat/channel/{group['target']}/change/",
            "members": f"/admin/chat/channel/{group['target']}/change/#memberships",
            "messages": "/admin/chat/message/",
            "message": f"/admin/chat/message/{evil['id']}/change/",
            "story": f"/admin/chat/message/{long['id']}/change/",
            "confirm": f"/admin/chat/message/{evil['id']}/recall/",
            "settings": f"/admin/chat/channel/{group['target']}/settings/",
            "user": f"/admin/accounts/user/{alice_id}/change/",
            "mute": f"/admin/accounts/user/{alice_id}/mute/",
            "reports": "/admin/chat/report/",
            "announcement": "/admin/chat/announcement/add/",
            "nodes": "/admin/nodes/",
            "audit-log": "/admin/admin/logentry/",
        }
        for name, path in paths.items():
            # The blank page in between turns a change of the fragment into a visit.
            await page.goto("about:blank")
            await page.goto(f"{site.url}{path}")
            if name == "members":
                await expect(page.locator("td.field-status", has_text=re.compile("^\\s*member\\s*$"))).to_have_count(2)
                await expect(page.get_by_text("former member")).to_have_count(1)
            if name in ("messages", "message", "confirm", "reports"):
                await expect(page.get_by_text(SCRIPT).first).to_be_visible()
            assert "taken" not in await page.title()
            for width, scheme in itertools.product((1440, 390), ("light", "dark")):
                await resize(page, width, 900)
                await page.evaluate(_SET_SCHEME, scheme)
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{name} is wider than the screen"
                await screenshot(page, f"admin-{name}-{width}-{scheme}", full_page=True)
        await page.emulate_media(color_scheme="dark")
        await page.goto(f"{site.url}/admin/")
        await expect(page.locator("html")).to_have_class(re.compile(r"\bdark\b"))


async def test_olga_finds_messages_by_typing(site: Site, person: OpenPerson) -> None:
    page = await person("olga")
    tokens = register(site, ["alice"])
    async with await Client.connect(site.acc) as alice, await Client.connect(site.acc) as guest:
        await alice.login_token(tokens["alice"])
        await guest.login_guest("Mei Lin")
        for client, text in ((alice, "green tea"), (guest, "black tea"), (guest, "coffee")):
            await client.call("message.send", type="text", msg=text)
        await operator_at(page, site, "/admin/chat/message/")
        for search, found in {'from:"mei lin" tea': ["black tea"], "tea": ["black tea", "green tea"]}.items():
            await page.locator("#searchbar").fill(search)
            await page.locator("#searchbar").press("Enter")
            await expect(page.locator("td.field-excerpt")).to_have_text(found)
