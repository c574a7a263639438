"""channel.star makes a channel a favourite of the user, on all of their devices."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.channels import listed_channel
from tests.support.shared_site import Clients

pytestmark = pytest.mark.each_database


@both_codecs
async def test_a_favourite_is_the_users_own(clients: Clients) -> None:
    alice, bob = await clients("alice", "bob")
    phone = await clients.again(bob, app=102)
    group = await alice.group(bob)

    for _ in range(2):
        reply = await bob.call("channel.star", target=group, starred=True)
        assert reply == {"target": group, "starred": True}
    assert (await phone.push("channel.starred")).data == {"target": group, "starred": True}
    assert (await listed_channel(bob, group))["starred"] is True
    assert "starred" not in await listed_channel(alice, group)

    await bob.call("channel.star", target=group, starred=False)
    assert "starred" not in await bob.call("channel.get", target=group)
    assert not [one for user in (alice, bob) for one in await user.settle() if one.cmd == "channel.starred"]
