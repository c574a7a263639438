"""A browser is notified by its service worker while its page is closed, and a click opens the message.

Chromium's own push service is out of reach, so the page gets a subscription of a service on loopback. Its messages are
decrypted and handed to the worker by the debugging protocol. A browser without a screen shows no notifications, so the
worker records them.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.async_api import CDPSession, Page, Worker, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import sign_in_by_form
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.fixtures.sites import SiteFactory
from tests.support.push_service import PushBrowser, PushService
from tests.support.waiting import wait_until

_SUBSCRIBE = """(() => {
  const made = %s;
  const unsubscribe = async () => { localStorage.removeItem("test.push"); return true; };
  const subscription = { ...made, toJSON: () => made, unsubscribe };
  const current = () => (localStorage.getItem("test.push") ? subscription : null);
  PushManager.prototype.getSubscription = async () => current();
  Object.defineProperty(Notification, "permission", { get: () => "granted" });
  Notification.requestPermission = async () => "granted";
  PushManager.prototype.subscribe = async () => { localStorage.setItem("test.push", "1"); return subscription; };
})()"""
_RECORD = """() => {
  const shown = [];
  const close = (notification) => { shown.splice(shown.indexOf(notification), 1); };
  ServiceWorkerRegistration.prototype.getNotifications = async () => [...shown];
  ServiceWorkerRegistration.prototype.showNotification = async (title, options) => {
    const notification = { title, ...options };
    shown.push(Object.assign(notification, { close: () => close(notification) }));
  };
}"""


async def deliver(page: Page, payload: Any) -> None:
    """Hand a payload to the service worker, as the browser does when a message arrives."""
    session: CDPSession = await page.context.new_cdp_session(page)
    registrations: list[dict[str, Any]] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    await session.send("ServiceWorker.enable")
    await wait_until(lambda: bool(registrations))
    origin = await page.evaluate("location.origin")
    message = {"origin": origin, "registrationId": registrations[-1]["registrationId"], "data": json.dumps(payload)}
    await session.send("ServiceWorker.deliverPushMessage", message)
    await session.detach()


async def shown(worker: Worker, count: int) -> list[list[str]]:
    """Wait until the worker shows this many notifications; return their titles and texts."""
    found: list[list[str]] = await worker.evaluate(
        """async (count) => {
          const end = Date.now() + 30_000;
          let all = [];
          do {
            all = await registration.getNotifications();
            await new Promise((done) => setTimeout(done, 20));
          } while (all.length !== count && Date.now() < end);
          return all.map(({ title, body }) => [title, body]);
        }""",
        count,
    )
    return found


async def test_a_closed_page_is_notified_and_a_click_opens_the_message(
    site_factory: SiteFactory, person: OpenPerson
) -> None:
    with (
        PushService() as service,
        site_factory(IM_PUSH_PRIVATE_NETWORKS="127.0.0.1/32", IM_PUSH_INTERVAL="0.05") as site,
    ):
        tokens = register(site, ["alice", "bob"])
        browser: PushBrowser = service.browser("alice")
        alice = await person("alice", is_first_visit=True)
        context = alice.context
        await context.add_init_script(_SUBSCRIBE % json.dumps(browser.as_json()))
        await sign_in_by_form(alice, site, "alice")

        # She asks for notifications, and tests them.
        dialog = alice.locator("[data-dialog=notifications]")
        await alice.get_by_test_id("me-menu").click()
        await alice.get_by_test_id("notifications").click()
        await dialog.get_by_test_id("notify-direct").check()
        await dialog.get_by_test_id("notify-push").check()
        await dialog.get_by_test_id("dialog-confirm").click()
        await expect(dialog).to_be_hidden()
        await alice.get_by_test_id("me-menu").click()
        await alice.get_by_test_id("notifications").click()
        await dialog.get_by_test_id("push-test").click()
        await wait_until(lambda: len(service.to(browser)) == 1)
        (worker,) = context.service_workers
        await worker.evaluate(_RECORD)
        await deliver(alice, service.shown(browser)[0])
        assert await shown(worker, 1) == [["Notifications", "Notifications reach this browser."]]
        await worker.evaluate("async () => (await registration.getNotifications()).forEach((one) => one.close())")

        # Her page is closed when Bob writes.
        other = await context.new_page()
        await other.goto(f"{site.url}/accounts/profile/")
        await alice.close()
        async with await Client.connect(site.acc) as bob:
            await bob.login_token(tokens["bob"])
            private = (await bob.call("channel.create", kind="private", members=["alice"]))["target"]
            await bob.call("message.send", target=private, type="text", msg="are you **there**?")
        await wait_until(lambda: len(service.to(browser)) == 2)
        payload = service.shown(browser)[1]
        # A message for an earlier subscription is not shown.
        await deliver(other, payload | {"subscription": "0"})
        await deliver(other, payload)
        assert await shown(worker, 1) == [["Bob", "are you there?"]]

        # A script's event has no waitUntil; the browser's own has.
        opened = """async () => {
          const [notification] = await registration.getNotifications();
          const waitUntil = (work) => work.catch(() => {});
          const event = Object.assign(new Event("notificationclick"), { notification, waitUntil });
          clients.openWindow = async (url) => { self.openedUrl = url; };
          self.dispatchEvent(event);
          while (!self.openedUrl) await new Promise((done) => setTimeout(done, 20));
          return self.openedUrl;
        }"""
        assert await worker.evaluate(opened) == f"/#{private}/1"
        assert await shown(worker, 0) == []

        # After her sign-out the browser shows nothing.
        alice = await context.new_page()
        await alice.goto(site.url)
        await expect(alice.get_by_test_id("composer")).to_be_editable()
        await alice.get_by_test_id("me-menu").click()
        await alice.get_by_test_id("sign-out").click()
        await alice.wait_for_function("() => localStorage.getItem('test.push') === null", polling=50)
        await expect(alice.get_by_test_id("composer")).to_be_hidden()
        await deliver(alice, payload)
        state = "async () => (await caches.keys()).includes('im-push')"
        assert not await alice.evaluate(state)
        assert await shown(worker, 0) == []
