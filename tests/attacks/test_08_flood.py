"""Attack 8: floods. By what one request costs, by person, by address, by token, by channel, by comings and goings."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.bare_socket import BareSocket
from tests.support.fixtures import SiteFactory
from tests.support.people import People, Town
from tests.support.rest import Service

pytestmark = pytest.mark.each_database

# What takes the square of its length to read, and as much of it as a head may have.
COSTLY = {
    "a cookie of equals signs": ("Cookie", "a" + "=b" * 29_000 + "\xff"),
    "a cookie of escapes": ("Cookie", 'sessionid="' + r"\"" * 29_000 + '"'),
    "a type of semicolons": ("Content-Type", 'a/b;"' + ";" * 60_000),
}


def get(town: Town, **headers: str) -> int:
    """The status of an answer to a request with these headers as they are."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", town.site.port), timeout=20) as link:
        link.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}Connection: close\r\n\r\n".encode("latin-1"))
        return int(link.recv(65536).split()[1])


# -- by what one request costs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", COSTLY)
def test_a_header_that_is_costly_to_read_is_not_read(town: Town, what: str) -> None:
    name, value = COSTLY[what]

    assert get(town, **{name: value}) == 400
    with BareSocket(town.site, headers={name: value, "Origin": town.site.url}) as attacker:
        assert attacker.status == 400


@pytest.mark.parametrize("value", ["a" + "=b" * 4000 + "\xff", 'sessionid="' + r"\"" * 4000 + '"'])
def test_a_cookie_as_long_as_allowed_holds_nobody_up(town: Town, value: str) -> None:
    """Two dozen of them at once: the standard library's parser would take a minute over these."""
    attackers = [BareSocket(town.site, headers={"Cookie": value, "Origin": town.site.url}) for _ in range(24)]
    try:
        assert {attacker.status for attacker in attackers} == {101}
        assert get(town, Cookie=value) == 200
    finally:
        for attacker in attackers:
            attacker.close()


# -- by person --------------------------------------------------------------------------------------------------------

BURST = 6


@pytest.fixture(scope="module")
def strict_town(site_factory: SiteFactory) -> Iterator[Town]:
    """Where a person may do six things at once, and then next to nothing."""
    site = site_factory(
        IM_SEND_RATE="0.01", IM_SEND_BURST=str(BURST), IM_PRESENCE_GRACE="0.1", IM_JOIN_RATE="3", IM_API_RATE="0.01",
        IM_API_BURST="5",
    )  # fmt: skip
    with contextlib.closing(Town(site, {"alice": 30, "bob": 30})) as made, site:
        yield made


@pytest_asyncio.fixture
async def strictly(strict_town: Town) -> AsyncIterator[People]:
    opener = People(strict_town)
    yield opener
    for client in opener.clients:
        await client.close()


async def test_a_flood_of_edits_is_throttled_by_person(strictly: People) -> None:
    alice, bob = await strictly("alice", "bob")
    message = await alice.say(alice.room)

    fields = {"target": alice.room, "id": message["id"], "msg": "again"}
    codes = [await alice.code("message.edit", **fields) for _ in range(BURST + 1)]
    phone = await strictly.again(alice)
    code, data = await phone.refused("message.edit", **fields)

    assert codes == [200] * BURST + [1011]
    assert code == 1011 and data["retryAfter"] > 0
    # What one says has a measure of its own, and so has everybody else.
    assert await phone.code("message.send", msg="x") == await bob.code("message.send", msg="x") == 200


async def test_a_storm_of_joins_is_throttled_by_person(strictly: People) -> None:
    alice, bob = await strictly("alice", "bob")
    group = await alice.group(join="open")

    codes = [await bob.code(f"channel.{how}", target=group) for how in ("join", "leave") * BURST]

    assert codes == [200] * BURST + [1011] * BURST


async def test_whoever_returns_is_measured_as_before(strictly: People) -> None:
    [alice] = await strictly("alice")
    while await alice.code("message.send", msg="x") == 200:
        pass
    await alice.close()

    alice = await strictly.again(alice)

    assert await alice.code("message.send", msg="x") == 1011


# -- by address and token ---------------------------------------------------------------------------------------------


async def test_a_flood_of_guests_is_throttled_by_address_whatever_headers_say(strictly: People) -> None:
    codes = []
    for number in range(4):
        stranger = await strictly.stranger(**{"x-forwarded-for": f"10.1.1.{number}", "x-real-ip": f"10.2.2.{number}"})
        codes.append(await stranger.code("login", appId=101, userId=f"storm{number}"))

    assert codes == [200, 200, 200, 1011]
    elsewhere = await strictly.stranger(address="127.0.0.2")
    assert await elsewhere.code("login", appId=101, userId="elsewhere") == 200


async def test_a_flood_by_a_token_is_throttled_and_costs_others_nothing(strict_town: Town) -> None:
    flood, other = Service.make(strict_town, "use_gateway"), Service.make(strict_town, "use_gateway")

    answers = [
        await flood.call(strict_town.site, "GET", "apps/", X_Forwarded_For=f"10.1.1.{number}") for number in range(6)
    ]

    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[5].data["code"] == 1011 and int(answers[5].headers["retry-after"]) > 0
    assert (await other.call(strict_town.site, "GET", "apps/")).status == 200
