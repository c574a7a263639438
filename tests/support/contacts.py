"""Friendships and blocks between connected users."""

from __future__ import annotations

from typing import Any

from tests.support.shared_site import SharedSite, UserClient

LISTS = {"friends", "asking", "asked", "blocked"}


async def contact_lists(person: UserClient) -> dict[str, list[str]]:
    """Return the user names in each list of `friend.list`."""
    reply = await person.call("friend.list")
    assert set(reply) == LISTS
    return {name: [item["userId"] for item in people] for name, people in reply.items() if people}


async def befriend(one: UserClient, other: UserClient) -> None:
    await one.call("friend.request", userId=other.name)
    await other.call("friend.accept", userId=one.name)
    for person in (one, other):
        await person.push("friend.accepted")


async def block(one: UserClient, other: UserClient) -> None:
    await one.call("person.block", userId=other.name)


def set_user_fields(shared_site: SharedSite, person: UserClient, **fields: Any) -> None:
    shared_site.shell(f"from accounts.models import User; User.objects.filter(pk={person.id}).update(**{fields!r})")
