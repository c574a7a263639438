"""Commands `friend.*`, `person.block` and `person.unblock`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from accounts import actions as accounts
from accounts.errors import NoSuchUser
from accounts.selectors.contacts import contacts_of, presence_visible_to
from accounts.selectors.users import user_by_name_or_contact
from chat import errors, payloads
from chat.commands.fields import Name
from chat.commands.registry import Call, Nothing, command
from chat.errors import Code
from chat.selectors.away import OFFLINE, presence_of
from chat.wire.schema import objects, replies
from delivery.db.executors import run

if TYPE_CHECKING:
    from accounts.models import User


class Who(msgspec.Struct):
    userId: Name


@command("friend.list", returns=replies.Contacts)
async def friend_list(call: Call, data: Nothing) -> dict[str, Any]:
    """List your friends and whether they are online on any app, open friend requests, and users you block."""

    def read() -> tuple[dict[str, list[dict[str, Any]]], list[User]]:
        known = contacts_of(call.user)
        lists = {
            "friends": known.friends,
            "asking": known.incoming_requests,
            "asked": known.outgoing_requests,
            "blocked": known.blocked,
        }
        shown = {name: [payloads.profile(user) for user in people] for name, people in lists.items()}
        visible = presence_visible_to(call.user, known.friends)
        return shown, [user for user in known.friends if user.pk in visible]

    lists, visible = await run(read)
    presence = await presence_of(visible)
    lists["friends"] = [friend | presence.get(int(friend["id"]), OFFLINE) for friend in lists["friends"]]
    return lists


def register_contact_command(name: str, about: str, action: Callable[..., Any], fault: Code) -> None:
    """Register the command `name`, which applies `action` to another user.

    The request gives the user name in any spelling. `about` is the docstring of the command, `fault` its code for a
    database error.
    """

    async def handler(call: Call, data: Who) -> dict[str, Any]:
        def act() -> dict[str, Any]:
            other = user_by_name_or_contact(data.userId, viewer=call.user)
            if other is None:
                raise NoSuchUser
            action(user=call.user, other_id=other.pk)
            return payloads.person(other)

        return await run(act)

    handler.__doc__ = about
    command(name, returns=objects.Person, fault=fault)(handler)


register_contact_command(
    "friend.request",
    "Send a friend request, or accept the other user's.",
    accounts.friend_request,
    errors.ADD_FAILED,
)
register_contact_command("friend.accept", "Accept a friend request.", accounts.friend_accept, errors.STORE_FAILED)
register_contact_command("friend.decline", "Decline a friend request.", accounts.friend_decline, errors.DELETE_FAILED)
register_contact_command(
    "friend.remove",
    "End a friendship, or withdraw your friend request.",
    accounts.friend_remove,
    errors.DELETE_FAILED,
)
register_contact_command("person.block", "Block a user. They are not told.", accounts.user_block, errors.ADD_FAILED)
register_contact_command("person.unblock", "Unblock a user.", accounts.user_unblock, errors.DELETE_FAILED)
