"""A site with small limits refuses connections, requests, sizes and replays beyond them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from tests.support.bare_socket import PING, BareSocket, frame
from tests.support.client import Closed
from tests.support.fixtures.sites import SiteFactory
from tests.support.shared_site import Clients, SharedSite, UserClient
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.each_database

# A bucket gets no further token while a test runs, however slow the machine is.
OPTIONS = {
    "IM_MAX_CONNECTIONS": "8",
    "IM_MAX_CONNECTIONS_PER_ADDRESS": "6",
    "IM_MAX_CONNECTIONS_PER_USER": "3",
    "IM_PRESENCE_LIMIT": "3",
    "IM_PRESENCE_GRACE_SECONDS": "0.1",
    "IM_SEND_RATE": "0.001",
    "IM_SEND_BURST": "12",
    "IM_CHANNEL_SEND_RATE": "0.001",
    "IM_CHANNEL_SEND_BURST": "20",
    "IM_REQUEST_RATE": "0.001",
    "IM_REQUEST_BURST": "40",
    "IM_GROUP_MAX_MEMBERS": "3",
    "IM_SYNC_MAX_EVENTS": "10",
}


@pytest.fixture(scope="module")
def small_site(site_factory: SiteFactory) -> Iterator[SharedSite]:
    site = site_factory(**OPTIONS)
    with contextlib.closing(SharedSite(site, {"alice": 30, "bob": 30, "carol": 10, "dave": 10})) as made, site:
        yield made


@pytest_asyncio.fixture
async def clients(small_site: SharedSite) -> AsyncIterator[Clients]:
    opener = Clients(small_site)
    yield opener
    for client in opener.clients:
        await client.close()


async def room_for(clients: Clients, count: int) -> None:
    """Wait until the site has released ended connections and has room for `count`."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            opened: list[UserClient] = []
            with contextlib.suppress(InvalidStatus):
                for number in range(count):
                    opened.append(await clients.stranger(address=f"127.0.0.{50 + number}"))
            for person in opened:
                await person.close()
            if len(opened) == count:
                return


# -- connections ------------------------------------------------------------------------------------------------------


async def test_a_handshake_over_the_process_limit_is_answered_503(clients: Clients, small_site: SharedSite) -> None:
    await room_for(clients, 8)
    inside = [await clients.stranger(address=f"127.0.0.{2 + number}") for number in range(8)]

    with pytest.raises(InvalidStatus) as refused:
        await clients.stranger(address="127.0.0.20")

    assert refused.value.response.status_code == 503
    assert "Retry-After" in refused.value.response.headers
    # Connected users are served, and each disconnect makes room.
    assert await inside[1].call("ping") == "pong"
    await inside[0].close()
    await room_for(clients, 1)
    # A full site is no fault and is not logged as such.
    assert "ERROR" not in small_site.site.log.read_text()


async def test_a_handshake_over_the_address_limit_is_answered_503(clients: Clients) -> None:
    await room_for(clients, 8)
    for _ in range(6):
        await clients.stranger()

    with pytest.raises(InvalidStatus) as refused:
        await clients.stranger()
    assert refused.value.response.status_code == 503
    # A forged header does not count as another address; a real one does.
    with pytest.raises(InvalidStatus):
        await clients.stranger(**{"x-forwarded-for": "10.1.1.1"})
    assert await (await clients.stranger(address="127.0.0.2")).call("ping") == "pong"


async def test_a_login_over_the_user_limit_is_refused_and_closes_the_connection(
    clients: Clients, small_site: SharedSite
) -> None:
    account = small_site.account()
    connections = [await clients.login(account, app=app) for app in (101, 102, 103)]
    over = await clients.stranger()

    code, data = await over.refused("login", appId=104, serviceToken=account.token)

    assert (code, data["limit"]) == (1011, 3)
    assert await over.closed() == 4003
    assert await connections[0].code("heartbeat") == 200


async def test_concurrent_logins_do_not_exceed_the_user_limit(clients: Clients, small_site: SharedSite) -> None:
    account = small_site.account()
    connections = [await clients.stranger() for _ in range(6)]

    replies = [await one.post("login", appId=101, serviceToken=account.token) for one in connections]

    codes = sorted([(await reply).code for reply in replies])
    assert codes == [200] * 3 + [1011] * 3


# -- rates ------------------------------------------------------------------------------------------------------------


async def test_too_many_messages_are_refused_with_a_retry_time(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)

    replies = [await alice.post("message.send", target=channel, type="text", msg="x") for _ in range(16)]
    answers = [await reply for reply in replies]

    assert [answer.code for answer in answers[:12]] == [200] * 12
    assert answers[-1].code == 1011 and answers[-1].data["retryAfter"] > 0
    assert await alice.call("ping") == "pong"
    assert (await bob.call("channel.get", target=channel))["lastSeq"] == sum(one.code == 200 for one in answers)


async def test_the_message_rate_limit_is_per_user_not_per_connection(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    phone = await clients.again(alice)
    for _ in range(16):
        await alice.post("message.send", target=channel, type="text", msg="x")

    await alice.call("ping")
    assert await phone.code("message.send", target=channel, type="text", msg="x") == 1011
    assert await bob.code("message.send", target=channel, type="text", msg="x") == 200


async def test_the_messages_of_a_channel_are_limited_whoever_sends_them(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel, other = await alice.private(bob), await alice.group(bob)
    replies = [await alice.post("message.send", target=channel, type="text", msg="x") for _ in range(12)]
    replies += [await bob.post("message.send", target=channel, type="text", msg="x") for _ in range(9)]
    answers = [await reply for reply in replies]

    # The order between the two senders is that of the commits.
    [refused] = [answer for answer in answers if answer.code != 200]
    assert (refused.code, refused.data["scope"]) == (1011, "channel") and refused.data["retryAfter"] > 0
    assert await bob.code("message.send", target=other, type="text", msg="x") == 200


@pytest.mark.parametrize("raw", ['{"seq":"f","cmd":"ping"}', "garbage"])
async def test_a_flood_of_requests_is_refused_then_disconnected(clients: Clients, raw: str) -> None:
    [alice] = await clients("alice")

    with contextlib.suppress(Closed):
        for _ in range(200):
            await alice.send(raw)

    assert await alice.closed() == 4029
    # The last refusals may be lost with the connection, but nothing beyond the burst was answered otherwise.
    # Meanwhile other users come and go.
    codes = [one.code for one in alice.received if one.cmd not in ("login", "enter", "exit")]
    assert set(codes[40:]) <= {1011}


async def test_a_client_within_twice_the_burst_is_only_refused(clients: Clients) -> None:
    stranger = await clients.stranger()
    replies = [await stranger.post("ping") for _ in range(60)]

    answers = [await reply for reply in replies]
    assert [answer.code for answer in answers[:40]] == [200] * 40
    assert answers[-1].code == 1011 and answers[-1].data["retryAfter"] > 0


def test_a_flood_of_websocket_pings_is_disconnected(small_site: SharedSite) -> None:
    with BareSocket(small_site.site) as flood:
        flood.send(*[frame(PING, b"x")] * 200)

        assert flood.close_code() == 4029


# -- sizes ------------------------------------------------------------------------------------------------------------


async def test_the_size_of_a_group_is_limited(clients: Clients) -> None:
    alice, bob, carol, dave = await clients("alice", "bob", "carol", "dave")
    names = [bob.name, carol.name, dave.name]

    code, data = await alice.refused("channel.create", kind="public", name="x", members=names)
    assert (code, data["limit"]) == (1011, 3)

    group = await alice.group(bob, carol, join="open")
    for person, cmd, fields in [(alice, "channel.invite", {"members": [dave.name]}), (dave, "channel.join", {})]:
        code, data = await person.refused(cmd, target=group, **fields)
        assert (code, data["limit"]) == (1011, 3)
    await carol.call("channel.leave", target=group)
    assert await dave.code("channel.join", target=group) == 200


async def test_concurrent_joins_do_not_exceed_the_group_size(clients: Clients) -> None:
    alice, *others = await clients("alice", "bob", "carol", "dave", "bob")
    group = await alice.group(join="open")

    replies = [await other.post("channel.join", target=group) for other in others]

    assert sorted([(await reply).code for reply in replies]) == [200, 200, 1011, 1011]


async def test_a_sync_over_too_many_events_is_a_reset(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    channel = await alice.private(bob)
    start = (await alice.say(channel))["position"]
    for _ in range(10):
        await alice.say(channel)
    assert len((await bob.call("sync", after=start))["events"]) == 10

    last = await alice.say(channel)

    reply = await bob.call("sync", after=start)
    assert reply["reset"] is True and reply["position"] >= last["position"]
    assert (await bob.call("sync", after=reply["position"]))["events"] == []


async def test_no_presence_pushes_are_sent_over_the_presence_limit(clients: Clients) -> None:
    alice = await clients.guest("first", app=104)
    second = await clients.guest("second", app=104)
    third = await clients.guest("third", app=104)
    await alice.push("enter", fromId=second.id)
    await alice.push("enter", fromId=third.id)

    fourth = await clients.guest("fourth", app=104)

    assert not [one for one in await alice.settle() if one.data["fromId"] == fourth.id]
    # They are online all the same, and their messages arrive.
    assert (await alice.call("presence.list"))["count"] == 4
    await fourth.say(fourth.room)
    await alice.push("msg", fromId=fourth.id)
