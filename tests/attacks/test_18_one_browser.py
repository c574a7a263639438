"""Attack 18: two users, one after the other, in one browser. Nothing of the first is shown to, kept for or sent as the
second.

These tests are of the server. tests/e2e/test_one_browser.py tries the pages: drafts, unsent messages, the offline copy
and other tabs; tests/accounts/views/test_refused_forms.py tries forms that were made for the first user.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Device, User
from accounts.selectors.users import user_by_session
from chat.models import PushSubscription
from chat.views.offline_shell import offline_shell_html, page_version
from delivery.db.executors import run
from imsite.server.polling import Polling
from tests.support.account_pages import session_key, sign_in
from tests.support.in_process import LocalNode, create_global_channel, running_node
from tests.support.polling import PollingCaller, in_process
from tests.support.push_service import PushBrowser

pytestmark = pytest.mark.django_db(transaction=True)

OWN = "http://testserver"
SUBSCRIPTION = "/api/v1/push-subscription/"
PING = {"seq": "2", "cmd": "ping"}


async def no_page(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("only the calls of polling connections are made")


@pytest.fixture
async def node(alice: User, bob: User) -> AsyncIterator[LocalNode]:
    await run(create_global_channel)
    async with running_node() as running:
        yield running


async def polling(browser: Client) -> PollingCaller:
    """Open a polling connection of the browser, and log in by its cookie."""
    cookie = f"sessionid={await run(session_key, browser)}"
    caller = PollingCaller(in_process(Polling(no_page)), Origin=OWN, Cookie=cookie)
    assert (await caller.open())[0] == 200
    assert await caller.send(1, {"seq": "1", "cmd": "login", "data": {"appId": 101}}) == (200, {"last": 1})
    _, answer = await caller.poll()
    assert '"code":200' in answer["frames"][0], answer
    return caller


async def test_a_sign_in_ends_the_polling_connection_of_the_earlier_user(node: LocalNode) -> None:
    browser = Client()
    assert await run(sign_in, browser, "alice") == 302
    earlier = await run(session_key, browser)
    caller = await polling(browser)
    waiting = asyncio.ensure_future(caller.poll(1))
    await asyncio.sleep(0)

    assert await run(sign_in, browser, "bob") == 302

    _, answer = await waiting
    assert answer["code"] == 4001
    assert await run(user_by_session, earlier) is None
    # The tab goes on with the cookie that the browser has now.
    cookie = f"sessionid={await run(session_key, browser)}"
    for action in ("poll", "send", "close"):
        call = await caller.call(action, {"after": 0, "first": 2, "frames": [json.dumps(PING)]}, Cookie=cookie)
        assert call == (404, {"reason": "unknown_connection"})


def subscribe(browser: Client, keys: dict[str, Any]) -> int:
    headers = {"Origin": OWN, "X-CSRFToken": browser.get("/csrf-token/").json()["csrf"]}
    return browser.put(SUBSCRIPTION, json.dumps(keys), "application/json", headers=headers).status_code


@pytest.mark.parametrize("is_signed_out", [True, False])
def test_a_browser_is_notified_of_its_present_user_only(alice: User, bob: User, is_signed_out: bool) -> None:
    browser, keys = Client(), PushBrowser("https://push.example.org/a").as_json()
    sign_in(browser, "alice")
    assert subscribe(browser, keys) == 200
    if is_signed_out:
        browser.post("/accounts/logout/")
        assert not PushSubscription.objects.exists()
    sign_in(browser, "bob")
    assert not PushSubscription.objects.filter(user=alice).exists()

    assert subscribe(browser, keys) == 200

    assert PushSubscription.objects.get().user == bob
    assert not Device.objects.filter(user=alice).exists()


@pytest.mark.usefixtures("web")
def test_no_page_shows_or_keeps_anything_of_the_earlier_user(alice: User, bob: User) -> None:
    browser = Client()
    sign_in(browser, "alice")
    pages = ["/accounts/profile/", "/accounts/sign-in-methods/", "/accounts/data/"]
    assert "Alice" in browser.get(pages[0]).content.decode()

    sign_in(browser, "bob")

    for page in ["/", *pages]:
        response = browser.get(page)
        assert "alice" not in response.content.decode().lower(), page
        assert "no-store" in response["Cache-Control"], page


@pytest.mark.usefixtures("web")
def test_the_offline_page_is_of_no_user(alice: User, bob: User) -> None:
    shells = set()
    for name in ("alice", "bob"):
        browser = Client()
        sign_in(browser, name)
        shells.add(browser.get(f"/offline-shell/{page_version()}/").content.decode())
    assert shells == {offline_shell_html()}
