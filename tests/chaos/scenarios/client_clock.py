"""The clock of a client jumps by an hour, forward and back: that of a page in Chromium.

The page must keep its connection, and show each message once, its own and those of others.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from playwright.async_api import Error, Page, WebSocket, expect

from imsite.client import Client, ClientConnection
from tests.chaos.scenario import Scenario, Skipped
from tests.chaos.stage import Stage
from tests.load.page_load_time import chromium
from tests.support import machine
from tests.support.shared_site import Account

JUMPS = (timedelta(hours=1), timedelta(hours=-1), timedelta())
LASTING_SECONDS = 5.0
SHOWN_SECONDS = 2.0
"""Until the page shows a message after a jump."""
_NAME = "Clocks"
_PATIENCE_MS = 15_000


async def fault(stage: Stage) -> None:
    if machine.chromium() is None:
        raise Skipped("Chromium is missing on this machine (apt install chromium, or set CHROMIUM to its path)")
    alice, bob = await asyncio.to_thread(stage.accounts, 2)
    async with (
        chromium([]) as browser,
        Client(stage.b.url, token=bob.token) as client,
        client.listen() as connection,
    ):
        made = await connection.call("channel.create", kind="public", name=_NAME, members=[alice.name])
        page = await browser.new_page()
        sockets: list[WebSocket] = []
        page.on("websocket", lambda socket: sockets.append(socket))
        await _enter(page, stage.b.url, alice)
        for jump in JUMPS:
            await page.clock.set_system_time(datetime.now(UTC) + jump)
            ahead = await page.evaluate("Date.now()") / 1000 - time.time() - jump.total_seconds()
            if abs(ahead) > 60:
                stage.fail(f"the clock of the page is wrong by {ahead:.0f} s")
            await _exchange(stage, page, connection, str(made["target"]), f"{jump.total_seconds() / 3600:+.0f} h")
            await stage.last(LASTING_SECONDS)
        # Also later, the page shows no message again.
        texts = await page.get_by_test_id("message-text").all_inner_texts()
        if len(texts) != len(set(texts)):
            stage.fail(f"the page shows a message twice: {sorted(texts)}")
        stage.add("connections of the page", len(sockets))
        if len(sockets) != 1:
            stage.fail("the page has connected again")


async def _enter(page: Page, url: str, account: Account) -> None:
    await page.context.add_cookies([{"name": "sessionid", "value": account.session, "url": url, "httpOnly": True}])
    await page.clock.install()
    await page.goto(url)
    await page.get_by_test_id("channel-item").filter(has_text=_NAME).click(timeout=_PATIENCE_MS)
    await expect(page.get_by_test_id("channel-title")).to_have_text(_NAME, timeout=_PATIENCE_MS)
    await expect(page.get_by_test_id("composer")).to_be_editable(timeout=_PATIENCE_MS)


async def _exchange(stage: Stage, page: Page, connection: ClientConnection, channel: str, when: str) -> None:
    """Send a message to the page and one from it; measure until it shows them."""
    began = time.monotonic()
    heard, said = f"heard at {when}", f"said at {when}"
    try:
        await connection.send(heard, target=channel)
        await page.get_by_test_id("message-text").filter(has_text=heard).wait_for(timeout=_PATIENCE_MS)
        await page.get_by_test_id("composer").fill(said)
        await page.get_by_test_id("composer").press("Enter")
        await page.get_by_test_id("message-text").filter(has_text=said).wait_for(timeout=_PATIENCE_MS)
        async with asyncio.timeout(_PATIENCE_MS / 1000):
            async for push in connection:
                if push.data.get("msg") == said:
                    break
    except (Error, TimeoutError) as error:
        stage.fail(f"the page does not go on at {when}: {error!r}")
    stage.add(f"messages exchanged at {when}", time.monotonic() - began, "s", SHOWN_SECONDS)


SCENARIO = Scenario("client-clock-jump", "the clock of a client jumps by an hour", fault)
