"""friend.*, person.block, person.unblock: the people somebody knows, and does not want to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from accounts import actions as accounts
from accounts.circle import circle, presence_shown
from accounts.errors import AccountError, NoSuchFriend, NoSuchPerson
from accounts.selectors import person_known
from chat import bodies, errors
from chat.commands.fields import Name
from chat.commands.registry import Call, Nothing, command
from chat.errors import ChatError
from delivery import publish
from delivery.threads import run


class Who(msgspec.Struct):
    userId: Name


@contextmanager
def refusals() -> Iterator[None]:
    """What accounts refuse, as the wires say it."""
    try:
        yield
    except (NoSuchPerson, NoSuchFriend) as missing:
        raise ChatError(errors.NO_DATA, str(missing)) from missing
    except AccountError as refusal:
        raise ChatError(errors.OPERATION_FAILED, str(refusal)) from refusal


async def act(call: Call, data: Who, action: Callable[..., Any]) -> dict[str, Any]:
    """Carry out what concerns the caller and one other, who is named however it may be spelt."""

    def do() -> dict[str, Any]:
        with refusals():
            other = person_known(data.userId)
            if other is None:
                raise NoSuchPerson
            action(user=call.user, person_id=other.pk)
            return bodies.person(other)

    return await run(do)


@command("friend.list")
async def friend_list(call: Call, data: Nothing) -> dict[str, Any]:
    """One's friends and whether they are online anywhere, requests that wait for an answer, and whom one blocks."""

    def read() -> tuple[dict[str, list[dict[str, Any]]], set[int]]:
        known = circle(call.user)
        lists = {"friends": known.friends, "asking": known.asking, "asked": known.asked, "blocked": known.blocked}
        shown = {name: [bodies.profile(user) for user in people] for name, people in lists.items()}
        return shown, presence_shown(call.user, known.friends)

    lists, visible = await run(read)
    online = await publish.hub().presence.online(list(visible))
    lists["friends"] = [friend | {"online": int(friend["id"]) in online} for friend in lists["friends"]]
    return lists


@command("friend.request", fault=errors.ADD_FAILED)
async def request(call: Call, data: Who) -> dict[str, Any]:
    """Ask somebody to be friends, or accept if they have asked."""
    return await act(call, data, accounts.friend_request)


@command("friend.accept", fault=errors.STORE_FAILED)
async def accept(call: Call, data: Who) -> dict[str, Any]:
    """Be friends with somebody who has asked."""
    return await act(call, data, accounts.friend_accept)


@command("friend.decline", fault=errors.DELETE_FAILED)
async def decline(call: Call, data: Who) -> dict[str, Any]:
    """Say no to somebody who has asked."""
    return await act(call, data, accounts.friend_decline)


@command("friend.remove", fault=errors.DELETE_FAILED)
async def remove(call: Call, data: Who) -> dict[str, Any]:
    """End a friendship, or take one's own request back."""
    return await act(call, data, accounts.friend_remove)


@command("person.block", fault=errors.ADD_FAILED)
async def block(call: Call, data: Who) -> dict[str, Any]:
    """Hear nothing more from somebody, who is not told."""
    return await act(call, data, accounts.person_block)


@command("person.unblock", fault=errors.DELETE_FAILED)
async def unblock(call: Call, data: Who) -> dict[str, Any]:
    """Take a block back."""
    return await act(call, data, accounts.person_unblock)
