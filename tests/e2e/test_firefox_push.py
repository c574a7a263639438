"""Firefox itself subscribes, decrypts what the site pushes, and shows it while no page of the chat is open."""

from __future__ import annotations

import asyncio

from tests.e2e import firefox
from tests.e2e.firefox import CAN_WRITE, ENTER
from tests.support import machine
from tests.support.accounts import PASSWORD, register
from tests.support.autopush import Autopush
from tests.support.bidi import FirefoxPage, running_firefox
from tests.support.client import Client
from tests.support.fixtures.sites import SiteFactory
from tests.support.push_service import PushService
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = firefox.MARKS

_NOTIFICATIONS = """async (text) => {
  const registration = await navigator.serviceWorker.getRegistration("/");
  const shown = (await registration?.getNotifications()) ?? [];
  return shown.some(({ title, body }) => `${title}: ${body}` === text);
}"""
_CLOSE = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/");
  for (const shown of await registration.getNotifications()) shown.close();
}"""


async def open_notifications(page: FirefoxPage) -> None:
    await page.click("[data-testid=me-menu]")
    await page.click("[data-testid=notifications]")


async def test_firefox_decrypts_and_shows_what_the_site_pushes(site_factory: SiteFactory) -> None:
    path = machine.firefox()
    assert path
    with (
        PushService() as service,
        site_factory(IM_PUSH_PRIVATE_NETWORKS="127.0.0.1/32", IM_PUSH_INTERVAL="0.05") as site,
    ):
        tokens = register(site, ["alice", "bob"])
        async with Autopush(service) as push, running_firefox(path, push.preferences) as firefox:
            await push.connect(firefox)
            await firefox.keep_notifications()
            alice = await firefox.user()
            await alice.goto(f"{site.url}/accounts/login/")
            await alice.click("input[name=username]")
            await alice.type("alice")
            await alice.click("input[name=password]")
            await alice.type(f"{PASSWORD}{ENTER}")
            await alice.until(CAN_WRITE)
            await open_notifications(alice)
            await alice.click("[data-dialog=notifications] [data-testid=notify-direct]")
            await alice.click("[data-dialog=notifications] [data-testid=notify-push]")
            await alice.click("[data-dialog=notifications] [data-testid=dialog-confirm]")
            await wait_until(lambda: len(push.registered) == 1)
            await alice.until("() => !document.querySelector('[data-dialog=notifications]')?.open")
            await open_notifications(alice)
            await alice.click("[data-dialog=notifications] [data-testid=push-test]")
            await alice.until(_NOTIFICATIONS, "Notifications: Notifications reach this browser.")
            await alice.evaluate(_CLOSE)

            # No page of the chat is open when Bob writes.
            await alice.goto(f"{site.url}/accounts/profile/")
            async with await Client.connect(site.acc) as bob:
                await bob.login_token(tokens["bob"])
                private = (await bob.call("channel.create", kind="private", members=["alice"]))["target"]
                await bob.call("message.send", target=private, type="text", msg="are you **there**?")
                await alice.until(_NOTIFICATIONS, "Bob: are you there?")
            await wait_until(lambda: len(push.acknowledged) == 2)
            await firefox.click_notification()
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while f"{site.url}/#{private}/1" not in await firefox.addresses():  # noqa: ASYNC110  it does not tell
                    await asyncio.sleep(0.1)

            # Her sign-out ends the subscription, at the push service too.
            await alice.goto(site.url)
            await alice.until(CAN_WRITE)
            await alice.click("[data-testid=me-menu]")
            await alice.click("[data-testid=sign-out]")
            await wait_until(lambda: not push.registered)
            assert not firefox.errors
