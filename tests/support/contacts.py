"""Friendships and blocks between connected users."""

from __future__ import annotations

from typing import Any

from tests.support.people import Person, Town

LISTS = {"friends", "asking", "asked", "blocked"}


async def contact_lists(person: Person) -> dict[str, list[str]]:
    """The names in each list of `friend.list`."""
    reply = await person.call("friend.list")
    assert set(reply) == LISTS
    return {name: [item["userId"] for item in people] for name, people in reply.items() if people}


async def befriend(one: Person, other: Person) -> None:
    await one.call("friend.request", userId=other.name)
    await other.call("friend.accept", userId=one.name)
    for person in (one, other):
        await person.push("friend.accepted")


async def block(one: Person, other: Person) -> None:
    await one.call("person.block", userId=other.name)


def set_user_fields(town: Town, person: Person, **fields: Any) -> None:
    town.shell(f"from accounts.models import User; User.objects.filter(pk={person.id}).update(**{fields!r})")
