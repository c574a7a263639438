"""Alice leaves her page open over midnight, and what was sent today is now of yesterday."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_search import known, results
from tests.e2e.test_two_browsers import shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site


async def test_today_is_yesterday_after_midnight(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = await bob.call("channel.create", kind="public", name="Painters", members=["alice"])
        await bob.call("message.send", target=group["target"], type="text", msg="good evening")
        await known(bob, "good evening")
    # Where it is noon, midnight is far away. Etc/GMT-3 is three hours ahead.
    alice = await person("alice", width=1440, timezone_id=f"Etc/GMT{datetime.now(UTC).hour - 12:+}")
    await alice.clock.install()
    await sign_in(alice, site, "alice")
    await open_channel(alice, "Painters")
    await expect(shown(alice, "good evening")).to_be_visible()
    await alice.get_by_test_id("search-toggle").click()
    await alice.get_by_test_id("search-field").fill("evening")
    times = [
        results(alice).locator("[data-part=time]"),
        alice.get_by_test_id("channel-item").filter(has_text="Painters").locator("[data-part=time]"),
    ]
    for time in times:
        await expect(time).to_have_text(re.compile(r"^\d\d:\d\d$"))
    await expect(alice.get_by_test_id("day-line").last).to_have_text("Today")

    # Less than a day, after which a page without contact forgets what it has.
    await alice.clock.fast_forward("13:00:00")

    await expect(alice.get_by_test_id("day-line").last).to_have_text("Yesterday")
    weekday = await alice.evaluate(
        "new Intl.DateTimeFormat('en', { weekday: 'short' }).format(Date.now() - 86_400_000)"
    )
    for time in times:
        await expect(time).to_contain_text(weekday)
