"""Olga moderates in her browser, and the pages of Alice and Bob change without a reload."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_admin import confirm, operator_at
from tests.e2e.test_group_and_private import make_group, open_channel
from tests.e2e.test_two_browsers import say, shown, sign_in
from tests.support.accounts import register
from tests.support.site import Site


async def found(olga: Page, site: Site, listing: str, term: str) -> None:
    """Search in an admin list and open the match."""
    await olga.goto(f"{site.url}/admin/{listing}/")
    await olga.locator("#searchbar").fill(term)
    await olga.locator("#searchbar").press("Enter")
    # Until then the list shows all rows.
    await expect(olga).to_have_url(re.compile(r"[?&]q="))
    await olga.locator("#result_list tbody a:visible").first.click()
    await expect(olga.locator("#result_list")).to_have_count(0)


async def press(olga: Page, button: str) -> None:
    """Click an action at the top of the page. Its icon is a word in the accessible name."""
    await olga.get_by_role("link", name=re.compile(rf"(^|\s){button}$")).first.click()


async def test_moderation_by_olga_is_shown_to_the_users_concerned(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice, bob, olga = await person("alice"), await person("bob"), await person("olga", width=1440)
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")
    await make_group(alice, "Painters", "bob")
    await say(alice, "welcome")
    await open_channel(bob, "Painters")
    await say(bob, "something rude")
    await expect(shown(alice, "something rude")).to_be_visible()
    await operator_at(olga, site)

    await found(olga, site, "chat/message", "rude")
    await press(olga, "Recall message")
    await confirm(olga)
    for page in (alice, bob):
        await expect(shown(page, "something rude")).to_have_count(0)

    await found(olga, site, "accounts/user", "bob")
    await press(olga, "Mute")
    await olga.locator("input[name=reason]").fill("Calm down")
    await confirm(olga)
    await expect(bob.get_by_test_id("composer-note")).to_be_visible()
    await expect(alice.get_by_test_id("composer-note")).to_be_hidden()
    await press(olga, "Unmute")
    await confirm(olga)
    await expect(bob.get_by_test_id("composer-note")).to_be_hidden()
    await say(bob, "sorry")
    await expect(shown(alice, "sorry")).to_be_visible()

    await found(olga, site, "chat/channel", "Painters")
    await press(olga, "Ban member")
    await olga.locator("input[name=member]").fill("bob")
    await confirm(olga)
    await expect(bob.get_by_test_id("channel-item").filter(has_text="Painters")).to_have_count(0)
    await expect(alice.get_by_test_id("note").last).to_contain_text("Bob")

    await found(olga, site, "accounts/user", "bob")
    await press(olga, "Deactivate")
    await confirm(olga)
    await expect(bob.get_by_text("You have been signed out.")).to_be_visible()
    await expect(alice.get_by_test_id("composer")).to_be_visible()


async def test_alice_reports_and_olga_handles_it_with_one_click(site: Site, person: OpenPerson) -> None:
    register(site, ["alice", "bob"])
    alice, bob, olga = await person("alice"), await person("bob"), await person("olga", width=1440)
    await sign_in(alice, site, "alice")
    await sign_in(bob, site, "bob")
    await make_group(alice, "Painters", "bob")
    await open_channel(bob, "Painters")
    await say(bob, "<b>something</b> rude")
    await expect(shown(alice, "rude")).to_be_visible()
    site.manage(
        "shell",
        "--no-imports",
        "-c",
        "from accounts.models import User\n"
        "from chat.actions.report import message_report\n"
        "from chat.models import Message\n"
        "row = Message.objects.get(text__contains='rude')\n"
        "message_report(user=User.objects.get(username='alice'), channel_id=row.channel_id, message_id=row.pk,"
        " reason='rude', app=None)",
    )
    await operator_at(olga, site, "/admin/chat/report/")
    await expect(olga.get_by_text("<b>something</b> rude")).to_be_visible()
    await olga.get_by_role("button", name="Recall and mute for 1 day").click()
    await expect(olga.get_by_text("1 closed.")).to_be_visible()
    await expect(shown(alice, "rude")).to_have_count(0)
    await expect(bob.get_by_test_id("composer-note")).to_be_visible()
