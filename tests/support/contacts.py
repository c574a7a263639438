"""Friendships and blocks between connected users."""

from __future__ import annotations

from typing import Any

from tests.support.shared_site import SharedSite, UserClient

LISTS = {"friends", "asking", "asked", "blocked"}


async def contact_lists(client: UserClient) -> dict[str, list[str]]:
    """Return the user names in each list of `friend.list`."""
    reply = await client.call("friend.list")
    assert set(reply) == LISTS
    return {name: [item["userId"] for item in users] for name, users in reply.items() if users}


async def befriend(user: UserClient, other: UserClient) -> None:
    await user.call("friend.request", userId=other.name)
    await other.call("friend.accept", userId=user.name)
    for client in (user, other):
        await client.push("friend.accepted")


async def block(user: UserClient, other: UserClient) -> None:
    await user.call("person.block", userId=other.name)


def set_user_fields(shared_site: SharedSite, client: UserClient, **fields: Any) -> None:
    shared_site.shell(f"from accounts.models import User; User.objects.filter(pk={client.id}).update(**{fields!r})")
