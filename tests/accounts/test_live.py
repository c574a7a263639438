"""Lost access closes live connections, across the pages, the log and the hub."""

from __future__ import annotations

import asyncio
import http.cookiejar
import re
import urllib.parse
import urllib.request

import pytest

from tests.support.client import Client, Refused
from tests.support.fixtures.sites import Connect
from tests.support.site import Site

pytestmark = pytest.mark.each_database
PASSWORD = "a good password"
ENDED = 4001


class Browser:
    """Sends forms and keeps cookies, without the page's scripts."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        )

    async def post(self, path: str, **fields: str) -> str:
        """Open the page, submit its form and return the page that follows."""
        return await asyncio.to_thread(self._post, path, fields)

    def _post(self, path: str, fields: dict[str, str]) -> str:
        page = self._opener.open(self.site.url + ("/accounts/login/" if path.endswith("logout/") else path)).read()
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.decode())
        assert found is not None
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": found[1]} | fields).encode()
        request = urllib.request.Request(self.site.url + path, data, {"Origin": self.site.url})
        return str(self._opener.open(request).read().decode())

    @property
    def cookie(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)


async def _signed_in(site: Site, name: str) -> Browser:
    browser = Browser(site)
    await browser.post("/accounts/login/", username=name, password=PASSWORD)
    return browser


@pytest.fixture
async def alice(site: Site) -> Browser:
    """Return Alice's first browser, in which she has just registered."""
    browser = Browser(site)
    await browser.post("/accounts/register/", username="alice", password=PASSWORD, password_confirmation=PASSWORD)
    return browser


async def _online(connect: Connect, browser: Browser) -> Client:
    client = await connect(browser.site.acc, origin=browser.site.url, cookie=browser.cookie)
    await client.call("login", appId=101)
    return client


async def test_signing_out_closes_the_connections_of_that_browser_only(
    site: Site, connect: Connect, alice: Browser
) -> None:
    other = await _signed_in(site, "alice")
    cookie = alice.cookie
    mine, tab, others = await _online(connect, alice), await _online(connect, alice), await _online(connect, other)
    await alice.post("/accounts/logout/")
    assert await mine.closed() == ENDED
    assert await tab.closed() == ENDED
    await others.call("heartbeat")
    again = await connect(site.acc, origin=site.url, cookie=cookie)
    with pytest.raises(Refused):
        await again.call("login", appId=101)


async def test_a_new_password_closes_other_sessions_and_signing_out_closes_this_one(
    site: Site, connect: Connect, alice: Browser
) -> None:
    other = await _signed_in(site, "alice")
    mine, others = await _online(connect, alice), await _online(connect, other)
    form = {"current_password": PASSWORD, "password": "quite another", "password_confirmation": "quite another"}
    assert "Your password has been changed" in await alice.post("/accounts/password/", **form)
    assert await others.closed() == ENDED
    await mine.call("heartbeat")
    renewed = await _online(connect, alice)
    await alice.post("/accounts/logout/")
    assert await mine.closed() == ENDED
    assert await renewed.closed() == ENDED


async def test_signing_in_as_another_user_closes_the_open_connections(
    site: Site, connect: Connect, alice: Browser
) -> None:
    await Browser(site).post("/accounts/register/", username="bob", password=PASSWORD, password_confirmation=PASSWORD)
    mine = await _online(connect, alice)
    await alice.post("/accounts/login/", username="bob", password=PASSWORD)
    assert await mine.closed() == ENDED
    bobs = await connect(site.acc, origin=site.url, cookie=alice.cookie)
    assert (await bobs.call("login", appId=101))["userId"] == "bob"


async def test_deactivation_closes_connections_of_alice_and_a_guest(
    site: Site, connect: Connect, alice: Browser
) -> None:
    made = f"from accounts.actions import *; administrator_create(username='root', password='{PASSWORD}')"
    await asyncio.to_thread(site.manage, "shell", "-c", made)
    root = await _signed_in(site, "root")
    mine, guest = await _online(connect, alice), await connect(site.acc)
    reply = await guest.login_guest("夏圭？")
    ids = [reply["id"], (await mine.call("person.search", q="alice"))["persons"][0]["id"]]
    for number in ids:
        ticked = {"_selected_action": number, "confirmed": "deactivate"}
        await root.post("/admin/accounts/user/", action="deactivate_selected", **ticked)
    assert await mine.closed() == ENDED
    assert await guest.closed() == ENDED
    again = await connect(site.acc)
    with pytest.raises(Refused) as refusal:
        await again.login_token(reply["serviceToken"])
    assert refusal.value.code == 1003


async def test_a_deactivation_in_another_process_reaches_this_one(site: Site, connect: Connect, alice: Browser) -> None:
    mine = await _online(connect, alice)
    done = (
        "from accounts import actions; from accounts.selectors import users;"
        "actions.user_deactivate(user_id=users.user_by_name('alice').pk)"
    )
    await asyncio.to_thread(site.manage, "shell", "-c", done)
    assert await mine.closed() == ENDED
