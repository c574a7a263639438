"""A revocation anywhere closes connections on every node within five seconds, with and without Redis."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from tests.cluster.conftest import ClusterFactory
from tests.support.lost_rights import WITH_EVENT, WITHOUT_EVENT, LosingCallers
from tests.support.promised import promised
from tests.support.shared_site import Clients, UserClient
from tests.support.two_nodes import TwoNodes

pytestmark = pytest.mark.postgres

PROMISED = 5.0
"""Seconds within which connections close."""
TOKEN_SECONDS = 5
"""Lifetime of a short token: long enough for two log-ins on a busy machine."""
_DEACTIVATE = """
from accounts.actions import user_deactivate
user_deactivate(user_id={person})
"""
_REVOKE = """
from accounts.actions import token_revoke
from accounts.selectors.users import user_by_token
user, credential = user_by_token({token!r})
token_revoke(user_id=user.pk, credential=credential)
"""
_CREATE_TOKEN = """
from datetime import timedelta
from accounts.actions import token_create
from accounts.models import User
print(token_create(user=User.objects.get(pk={person}), lifetime=timedelta(seconds={seconds})).token)
"""


async def _revoke_all(two_nodes: TwoNodes, node_clients: Clients) -> None:
    """Sign out on one node; deactivate and revoke in a process without connections."""
    places = [(name, node) for name in ("alice", "bob", "carol") for node in (two_nodes.a, two_nodes.b)]
    accounts = {name: two_nodes.shared_site.account(name) for name in ("alice", "bob", "carol", "dave")}
    live: list[UserClient] = []
    for name, node in places:
        if name == "alice":  # With her browser's session.
            live.append(await node_clients.stranger(at=node.acc, origin=node.url, cookie=accounts[name].cookie))
            await live[-1].enter({"appId": 101})
        else:
            live.append(await node_clients.login(accounts[name], at=node.acc))
    dave = await node_clients.login(accounts["dave"], at=two_nodes.b.acc)

    await asyncio.to_thread(two_nodes.shared_site.post, "/accounts/logout/", accounts["alice"].cookie)
    await asyncio.to_thread(two_nodes.shared_site.shell, _DEACTIVATE.format(person=accounts["bob"].id))
    await asyncio.to_thread(two_nodes.shared_site.shell, _REVOKE.format(token=accounts["carol"].token))

    async with promised(PROMISED, two_nodes.a, two_nodes.b):
        assert [await one.closed() for one in live] == [4001] * len(live)
    assert await dave.call("ping") == "pong"
    for node in (two_nodes.a, two_nodes.b):
        stranger = await node_clients.stranger(at=node.acc)
        for name in ("bob", "carol"):
            assert await stranger.code("login", appId=101, serviceToken=accounts[name].token) == 1003


async def test_a_revocation_closes_connections_on_all_nodes(two_nodes: TwoNodes, node_clients: Clients) -> None:
    await _revoke_all(two_nodes, node_clients)


async def test_sends_without_rights_are_refused_on_another_node(two_nodes: TwoNodes) -> None:
    recipient = two_nodes.shared_site.account("dave").name
    callers = LosingCallers(two_nodes.shared_site, two_nodes.b, recipient, {**WITHOUT_EVENT, **WITH_EVENT})
    await callers.can_send()
    await callers.lose_rights()
    async with promised(PROMISED, two_nodes.a, two_nodes.b):
        await callers.are_refused()


async def test_an_expired_token_has_no_connection_on_any_node(two_nodes: TwoNodes, node_clients: Clients) -> None:
    """No event tells the nodes of it: each knows when its connections end."""
    alice, bob = two_nodes.shared_site.account("alice"), two_nodes.shared_site.account("bob")
    script = _CREATE_TOKEN.format(person=alice.id, seconds=TOKEN_SECONDS)
    token = (await asyncio.to_thread(two_nodes.shared_site.shell, script)).strip()
    live: list[UserClient] = []
    for node in (two_nodes.a, two_nodes.b):
        live.append(await node_clients.stranger(at=node.acc))
        await live[-1].enter({"appId": 101, "serviceToken": token})
    kept = await node_clients.login(bob, at=two_nodes.b.acc)

    async with promised(TOKEN_SECONDS + PROMISED, two_nodes.a, two_nodes.b):
        assert [await one.closed() for one in live] == [4001, 4001]
    stranger = await node_clients.stranger(at=two_nodes.a.acc)
    assert await stranger.code("login", appId=101, serviceToken=token) == 1003
    assert await kept.call("ping") == "pong"


async def test_a_revocation_closes_connections_without_redis(cluster_factory: ClusterFactory) -> None:
    with cluster_factory() as cluster, closing(TwoNodes(cluster)) as two_nodes:
        clients = Clients(two_nodes.shared_site)
        cluster.redis.kill()
        try:
            await _revoke_all(two_nodes, clients)
        finally:
            for client in clients.clients:
                await client.close()
