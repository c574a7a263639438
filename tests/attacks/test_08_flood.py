"""Attack 8: floods are limited by request cost, user, address, token, channel and presence changes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import user_register
from accounts.rate_limits import sign_in_rate_limit
from chat.node.connection_limiter import ConnectionLimiter
from tests.support.bare_socket import BareSocket
from tests.support.fixtures.sites import SiteFactory
from tests.support.rest import Service
from tests.support.shared_site import Clients, SharedSite
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.each_database

# Parsing takes quadratic time, and the length is the most that a request head allows.
COSTLY = {
    "a cookie of equals signs": ("Cookie", "a" + "=b" * 29_000 + "\xff"),
    "a cookie of escapes": ("Cookie", 'sessionid="' + r"\"" * 29_000 + '"'),
    "a type of semicolons": ("Content-Type", 'a/b;"' + ";" * 60_000),
}


def get(shared_site: SharedSite, **headers: str) -> int:
    """Send a request with exactly these headers and return the status."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", shared_site.site.port), timeout=TIMEOUT_SECONDS) as link:
        link.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}Connection: close\r\n\r\n".encode("latin-1"))
        return int(link.recv(65536).split()[1])


# -- by request cost --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", COSTLY)
def test_a_header_that_is_costly_to_parse_is_not_parsed(shared_site: SharedSite, what: str) -> None:
    name, value = COSTLY[what]

    assert get(shared_site, **{name: value}) == 400
    with BareSocket(shared_site.site, headers={name: value, "Origin": shared_site.site.url}) as attacker:
        assert attacker.status == 400


@pytest.mark.parametrize("value", ["a" + "=b" * 4000 + "\xff", 'sessionid="' + r"\"" * 4000 + '"'])
def test_cookies_of_the_longest_size_do_not_delay_others(shared_site: SharedSite, value: str) -> None:
    """The standard library's parser would take a minute for these 24 requests."""
    attackers = [
        BareSocket(shared_site.site, headers={"Cookie": value, "Origin": shared_site.site.url}) for _ in range(24)
    ]
    try:
        assert {attacker.status for attacker in attackers} == {101}
        assert get(shared_site, Cookie=value) == 200
    finally:
        for attacker in attackers:
            attacker.close()


# -- by user ----------------------------------------------------------------------------------------------------------

BURST = 6


@pytest.fixture(scope="module")
def strict_site(site_factory: SiteFactory) -> Iterator[SharedSite]:
    """Run a site that allows a user a burst of six requests and then almost none."""
    site = site_factory(
        IM_SEND_RATE="0.001", IM_SEND_BURST=str(BURST), IM_PRESENCE_GRACE_SECONDS="0.1",
        IM_REGISTRATION_RATE="3", IM_API_RATE="0.001",
        IM_API_BURST="5",
    )  # fmt: skip
    with contextlib.closing(SharedSite(site, {"alice": 30, "bob": 30})) as made, site:
        yield made


@pytest_asyncio.fixture
async def strict_clients(strict_site: SharedSite) -> AsyncIterator[Clients]:
    opener = Clients(strict_site)
    yield opener
    for client in opener.clients:
        await client.close()


async def test_a_flood_of_edits_is_rate_limited_by_user(strict_clients: Clients) -> None:
    alice, bob = await strict_clients("alice", "bob")
    message = await alice.say(alice.room)

    fields = {"target": alice.room, "id": message["id"], "msg": "again"}
    codes = [await alice.code("message.edit", **fields) for _ in range(BURST + 1)]
    phone = await strict_clients.again(alice)
    code, data = await phone.refused("message.edit", **fields)

    assert codes == [200] * BURST + [1011]
    assert code == 1011 and data["retryAfter"] > 0
    # Messages have a limit of their own, and so does every other user.
    assert await phone.code("message.send", msg="x") == await bob.code("message.send", msg="x") == 200


async def test_a_flood_of_joins_is_rate_limited_by_user(strict_clients: Clients) -> None:
    alice, bob = await strict_clients("alice", "bob")
    group = await alice.group(join="open")

    codes = [await bob.code(f"channel.{how}", target=group) for how in ("join", "leave") * BURST]

    assert codes == [200] * BURST + [1011] * BURST


async def test_a_flood_of_qr_codes_is_rate_limited_by_user(strict_clients: Clients) -> None:
    [alice] = await strict_clients("alice")

    codes = [await alice.code("invite.qr", text="x") for _ in range(BURST + 1)]

    assert codes == [200] * BURST + [1011]


async def test_reconnecting_does_not_reset_the_rate_limit(strict_clients: Clients) -> None:
    [alice] = await strict_clients("alice")
    while await alice.code("message.send", msg="x") == 200:
        pass
    await alice.close()

    alice = await strict_clients.again(alice)

    assert await alice.code("message.send", msg="x") == 1011


# -- by address and token ---------------------------------------------------------------------------------------------


async def test_forged_headers_do_not_avoid_the_rate_limit_of_guests(strict_clients: Clients) -> None:
    codes = []
    for number in range(4):
        stranger = await strict_clients.stranger(
            **{"x-forwarded-for": f"10.1.1.{number}", "x-real-ip": f"10.2.2.{number}"}
        )
        codes.append(await stranger.code("login", appId=101, userId=f"storm{number}"))

    assert codes == [200, 200, 200, 1011]
    elsewhere = await strict_clients.stranger(address="127.0.0.2")
    assert await elsewhere.code("login", appId=101, userId="elsewhere") == 200


async def test_a_flood_with_one_token_is_rate_limited_for_that_token_only(strict_site: SharedSite) -> None:
    flood, other = Service.make(strict_site, "use_gateway"), Service.make(strict_site, "use_gateway")

    answers = [
        await flood.call(strict_site.site, "GET", "apps/", X_Forwarded_For=f"10.1.1.{number}") for number in range(6)
    ]

    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[5].data["code"] == 1011 and int(answers[5].headers["retry-after"]) > 0
    assert (await other.call(strict_site.site, "GET", "apps/")).status == 200


# -- by channel: long content of others must not close a connection ----------------------------------------------------


@pytest.fixture(scope="module")
def narrow_site(site_factory: SiteFactory) -> Iterator[SharedSite]:
    """Run a site with small outboxes and few groups for each user."""
    site = site_factory(IM_OUTBOX_MAX_BYTES="100000", IM_PRESENCE_GRACE_SECONDS="0.1", IM_MAX_GROUPS_PER_USER="300")
    with contextlib.closing(SharedSite(site, {"alice": 10, "bob": 10})) as made, site:
        yield made


@pytest_asyncio.fixture
async def narrow_clients(narrow_site: SharedSite) -> AsyncIterator[Clients]:
    opener = Clients(narrow_site)
    yield opener
    for client in opener.clients:
        await client.close()


async def test_long_lists_of_pins_and_search_results_come_in_pages(narrow_clients: Clients) -> None:
    mallory, bob = await narrow_clients("alice", "bob")
    channel = await mallory.private(bob)
    for _ in range(6):
        message = await mallory.say(channel, "夏圭 " + "圭" * 7990)
        await mallory.call("message.pin", target=channel, id=message["id"])

    pins = await bob.call("message.pins", target=channel)

    assert 1 <= len(pins["messages"]) < 6 and pins["hasMore"]
    found: list[str] = []
    before: dict[str, Any] = {}
    async with asyncio.timeout(30):
        while len(found) < 6:  # The index is a second behind.
            page = await bob.call("message.search", q="夏圭", target=channel, limit=100, **before)
            found += [one["id"] for one in page["messages"]]
            before = {} if page["next"] is None else {"before": page["next"]}
            if page["next"] is None and len(found) < 6:
                found = []
    assert len(set(found)) == 6


async def test_a_very_long_channel_list_comes_in_pages(narrow_clients: Clients) -> None:
    mallory, bob = await narrow_clients("alice", "bob")
    groups = {await mallory.group(bob, name="字" * 64) for _ in range(200)}

    listed: list[str] = []
    page = {"hasMore": True}
    while page["hasMore"]:
        page = await bob.call("channel.list", skip=len(listed))
        listed += [item["target"] for item in page["channels"]]

    assert set(listed) == {*groups, bob.room} and len(listed) == len(groups) + 1


async def test_the_number_of_groups_of_a_user_is_limited(narrow_clients: Clients) -> None:
    mallory, bob = await narrow_clients("alice", "bob")
    replies = [await mallory.post("channel.create", kind="public", name="x", members=[bob.name]) for _ in range(300)]
    assert {(await reply).code for reply in replies} == {200}

    code, data = await mallory.refused("channel.create", kind="public", name="x")
    assert (code, data["limit"]) == (1011, 300)
    other = (await narrow_clients("alice"))[0]
    group = await other.group(join="open")
    assert (await other.refused("channel.invite", target=group, members=[bob.name]))[0] == 1011
    assert (await bob.refused("channel.join", target=group))[0] == 1011
    # Leaving a group makes room for another.
    await bob.call("channel.leave", target=(await bob.call("channel.list"))["channels"][1]["target"])
    await bob.call("channel.join", target=group)


# -- by address, with settings that a running site does not share -----------------------------------------------------


@pytest.mark.django_db
def test_password_spraying_is_rate_limited_by_address(settings: Settings) -> None:
    """No single name comes near its lock."""
    settings.IM_SIGN_IN_RATE = 4  # type: ignore[attr-defined]
    user_register(username="alice", nickname="Alice", password="a good password")
    spray = Client(REMOTE_ADDR="203.0.113.7", HTTP_X_FORWARDED_FOR="10.0.0.1")
    page, call = "/accounts/login/", "/login"
    try:
        tried = [spray.post(page, {"username": f"user{number}", "password": "summer"}) for number in range(3)]
        tried.append(spray.post(call, "phone_number=1&password=summer", "application/x-www-form-urlencoded"))
        assert [answer.status_code for answer in tried] == [200] * 4

        # Even the right password is refused now.
        answer = spray.post(page, {"username": "alice", "password": "a good password"})
        assert answer.status_code == 429 and answer["Retry-After"]
        assert "_auth_user_id" not in spray.session
        # A user at another address can sign in.
        home = Client(REMOTE_ADDR="203.0.113.8")
        assert home.post(page, {"username": "alice", "password": "a good password"}).status_code == 302
    finally:
        sign_in_rate_limit.reset()


def test_an_ipv6_network_counts_as_one_address(settings: Settings) -> None:
    settings.IM_MAX_CONNECTIONS_PER_ADDRESS = 3  # type: ignore[attr-defined]
    door = ConnectionLimiter()

    assert [door.enter(f"2001:db8::{number}") for number in range(1, 5)] == [True, True, True, False]
    assert door.enter("2001:db8:0:1::1")
    door.leave("2001:db8::1")
    assert door.enter("2001:db8::9")
