"""Attack 3, commands: every command by every role. A command of the registry without an entry here fails.

tests/chat/api/v1/test_matrix.py covers the HTTP calls.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from chat.commands.registry import COMMANDS
from tests.support.shared_site import Clients, SharedSite, UserClient

ABSENT = "999999999"
FAR = int((time.time() + 864_000) * 1000)
"""A time in ten days, in Unix ms."""

ROLES = ("nobody", "guest", "stranger", "gone", "member", "admin", "owner")
"""The senders of a command, in this order: a connection without login, a guest, an account that was never in the
group, one that has left it, and three that are in it."""

# For each command: its fields, and its code for each role. `$target` is the group, `$message` the owner's message
# there, `$thread` one with an answer, `$pinned` a pinned one, `$own` the sender's own, and `$victim` a member, a
# different one for each sender.
MATRIX: dict[str, tuple[dict[str, Any], str]] = {
    "login": ({"appId": 101, "userId": "$fresh"}, "200 1009 1009 1009 1009 1009 1009"),
    "ping": ({}, "200 200 200 200 200 200 200"),
    "heartbeat": ({}, "1000 200 200 200 200 200 200"),
    "sync": ({"after": 0}, "1000 200 200 200 200 200 200"),
    "app.list": ({}, "1000 200 200 200 200 200 200"),
    "presence.list": ({}, "1000 200 200 200 200 200 200"),
    "person.search": ({"q": "x"}, "1000 1003 200 200 200 200 200"),
    "person.block": ({"userId": "$victim"}, "1000 1003 200 200 200 200 200"),
    "person.unblock": ({"userId": "$victim"}, "1000 1003 200 200 200 200 200"),
    "friend.list": ({}, "1000 1003 200 200 200 200 200"),
    "friend.request": ({"userId": "$victim"}, "1000 1003 200 200 200 200 200"),
    "friend.accept": ({"userId": "$victim"}, "1000 1003 1005 1005 1005 1005 1005"),
    "friend.decline": ({"userId": "$victim"}, "1000 1003 1005 1005 1005 1005 1005"),
    "friend.remove": ({"userId": "$victim"}, "1000 1003 1005 1005 1005 1005 1005"),
    "channel.list": ({}, "1000 200 200 200 200 200 200"),
    "channel.search": ({"q": ""}, "1000 1003 200 200 200 200 200"),
    "channel.create": ({"kind": "public", "name": "x"}, "1000 1003 200 200 200 200 200"),
    "channel.get": ({"target": "$target"}, "1000 1005 1005 1005 200 200 200"),
    "channel.members": ({"target": "$target"}, "1000 1003 1005 1005 200 200 200"),
    "channel.join": ({"target": "$target"}, "1000 1003 1005 1005 200 200 200"),
    "channel.leave": ({"target": "$target"}, "1000 1003 1005 1005 200 200 200"),
    "channel.invite": ({"target": "$target", "members": ["$outsider"]}, "1000 1003 1005 1005 1003 200 200"),
    "channel.remove": ({"target": "$target", "member": "$victim"}, "1000 1003 1005 1005 1003 200 200"),
    "channel.rename": ({"target": "$target", "name": "x"}, "1000 1003 1005 1005 1003 200 200"),
    "channel.role": ({"target": "$target", "member": "$victim", "role": "admin"}, "1000 1003 1005 1005 1003 1003 200"),
    "channel.policy": ({"target": "$target", "slowMode": 0}, "1000 1003 1005 1005 1003 200 200"),
    "channel.picture": ({"target": "$target"}, "1000 1003 1005 1005 1003 200 200"),
    "channel.close": ({"target": "$target", "closed": False}, "1000 1003 1005 1005 1003 1003 200"),
    "channel.restrict": (
        {"target": "$target", "member": "$victim", "kind": "ban"},
        "1000 1003 1005 1005 1003 200 200",
    ),
    "channel.unrestrict": (
        {"target": "$target", "member": "$victim", "kind": "mute"},
        "1000 1003 1005 1005 1003 200 200",
    ),
    "channel.restrictions": ({"target": "$target"}, "1000 1003 1005 1005 1003 200 200"),
    "channel.transfer": ({"target": "$target", "member": "$victim"}, "1000 1003 1005 1005 1003 1003 200"),
    "channel.notifications": ({"target": "$target", "muted": True}, "1000 1005 1005 1005 200 200 200"),
    "invite.create": ({"target": "$target"}, "1000 1003 1005 1005 1003 200 200"),
    "invite.list": ({"target": "$target"}, "1000 1003 1005 1005 1003 200 200"),
    "invite.revoke": ({"target": "$target", "id": ABSENT}, "1000 1003 1005 1005 1003 1005 1005"),
    "invite.show": ({"token": "x"}, "1000 1003 1005 1005 1005 1005 1005"),
    "invite.accept": ({"token": "x"}, "1000 1003 1005 1005 1005 1005 1005"),
    "invite.withdraw": ({"target": "$target"}, "1000 1003 1005 1005 1005 1005 1005"),
    "invite.qr": ({"text": "https://im.example/#join/x"}, "1000 1003 200 200 200 200 200"),
    "invite.requests": ({"target": "$target"}, "1000 1003 1005 1005 1003 200 200"),
    "invite.decide": (
        {"target": "$target", "member": "$victim", "approve": True},
        "1000 1003 1005 1005 1003 1005 1005",
    ),
    "message.search": ({"target": "$target", "q": "hello"}, "1000 1003 1005 1005 200 200 200"),
    "mention.list": ({}, "1000 200 200 200 200 200 200"),
    "emoji.list": ({}, "1000 200 200 200 200 200 200"),
    "slash.list": ({"target": "$target"}, "1000 1005 1005 1005 200 200 200"),
    "slash.run": ({"target": "$target", "text": "/me waves"}, "1000 1005 1005 1005 200 200 200"),
    "dnd.set": ({"seconds": 60}, "1000 1003 200 200 200 200 200"),
    "presence.set": ({"presence": "auto"}, "1000 1003 200 200 200 200 200"),
    "mail.digest": ({"hours": 0}, "1000 1003 200 200 200 200 200"),
    "push.active": ({"active": False}, "1000 1003 200 200 200 200 200"),
    "message.send": ({"target": "$target", "msg": "x"}, "1000 1005 1005 1005 200 200 200"),
    "message.forward": ({"target": "$target", "id": "$message"}, "1000 1005 1005 1005 200 200 200"),
    "message.schedule": ({"target": "$target", "msg": "x", "at": FAR}, "1000 1003 1005 1005 200 200 200"),
    "scheduled.list": ({}, "1000 1003 200 200 200 200 200"),
    "scheduled.edit": ({"id": ABSENT, "msg": "x"}, "1000 1003 1005 1005 1005 1005 1005"),
    "scheduled.cancel": ({"id": ABSENT}, "1000 1003 1005 1005 1005 1005 1005"),
    "scheduled.send": ({"id": ABSENT}, "1000 1003 1005 1005 1005 1005 1005"),
    "saved.add": ({"target": "$target", "id": "$message"}, "1000 1003 1005 1005 200 200 200"),
    "saved.remove": ({"id": "$message"}, "1000 1003 200 200 200 200 200"),
    "saved.list": ({}, "1000 1003 200 200 200 200 200"),
    "saved.ids": ({}, "1000 1003 200 200 200 200 200"),
    "message.history": ({"target": "$target"}, "1000 1005 1005 1005 200 200 200"),
    "message.get": ({"target": "$target", "id": "$message"}, "1000 1005 1005 1005 200 200 200"),
    "message.edit": ({"target": "$target", "id": "$message", "msg": "x"}, "1000 1005 1005 1005 1003 1003 200"),
    "message.recall": ({"target": "$target", "id": "$message"}, "1000 1005 1005 1005 1003 200 200"),
    "attachment.remove": (
        {"target": "$target", "id": "$message", "attachment": "x"},
        "1000 1005 1005 1005 1003 1005 1005",
    ),
    "message.pin": ({"target": "$target", "id": "$message"}, "1000 1003 1005 1005 1003 200 200"),
    "message.unpin": ({"target": "$target", "id": "$message"}, "1000 1003 1005 1005 1003 200 200"),
    "message.pins": ({"target": "$target"}, "1000 1005 1005 1005 200 200 200"),
    "message.react": ({"target": "$target", "id": "$message", "emoji": "👍"}, "1000 1005 1005 1005 200 200 200"),
    "message.unreact": ({"target": "$target", "id": "$message", "emoji": "👍"}, "1000 1005 1005 1005 200 200 200"),
    "thread.history": ({"target": "$target", "threadId": "$message"}, "1000 1005 1005 1005 200 200 200"),
    "thread.list": ({}, "1000 200 200 200 200 200 200"),
    "thread.follow": ({"target": "$target", "threadId": "$thread"}, "1000 1005 1005 1005 200 200 200"),
    "thread.unfollow": ({"target": "$target", "threadId": "$thread"}, "1000 1005 1005 1005 200 200 200"),
    "thread.mark": ({"target": "$target", "threadId": "$thread", "seq": 1}, "1000 1005 1005 1005 200 200 200"),
    "message.readers": ({"target": "$target", "id": "$message"}, "1000 1005 1005 1005 1003 1003 200"),
    "typing": ({"target": "$target"}, "1000 1005 1005 1005 200 200 200"),
    "message.remove_preview": (
        {"target": "$target", "id": "$message", "previewId": "x"},
        "1000 1005 1005 1005 1003 200 200",
    ),
    "message.report": ({"target": "$target", "id": "$message"}, "1000 1003 1005 1005 200 200 1009"),
    "read.mark": ({"target": "$target", "seq": 1}, "1000 1005 1005 1005 200 200 200"),
    "channel.star": ({"target": "$target", "starred": True}, "1000 1003 1005 1005 200 200 200"),
    "sidebar.get": ({}, "1000 1003 200 200 200 200 200"),
    "sidebar.change": (
        {"revision": 0, "sections": [{"name": "x", "channels": ["$target"]}]},
        "1000 1003 200 200 200 200 200",
    ),
    "widget.renew": ({"serviceToken": "x"}, "1000 1003 1003 1003 1003 1003 1003"),
    "read.unmark": ({"target": "$target", "seq": 1}, "1000 1005 1005 1005 200 200 200"),
}


def fill_in(value: Any, values: dict[str, str]) -> Any:
    """Return the value with the names that begin with `$` replaced."""
    if isinstance(value, dict):
        return {name: fill_in(one, values) for name, one in value.items()}
    if isinstance(value, list):
        return [fill_in(one, values) for one in value]
    return values[value] if isinstance(value, str) and value.startswith("$") else value


def test_every_command_is_in_the_matrix() -> None:
    assert set(MATRIX) == set(COMMANDS)
    for name, (_, codes) in MATRIX.items():
        assert len(codes.split()) == len(ROLES), name


@pytest.mark.each_database
@pytest.mark.parametrize("cmd", sorted(COMMANDS))
async def test_a_command_is_allowed_for_its_roles_only(clients: Clients, shared_site: SharedSite, cmd: str) -> None:
    fields, codes = MATRIX[cmd]
    owner, admin, member, gone, stranger = await clients("alice", "alice", "alice", "alice", "alice")
    victims = [shared_site.account("bob") for _ in ROLES]
    givers: dict[str, UserClient] = dict(
        zip(ROLES, (await clients.stranger(), await clients.guest(), stranger, gone, member, admin, owner), strict=True)
    )
    group = await owner.group(admin, member, gone, *victims, join="closed")
    await owner.call("channel.role", target=group, member=admin.name, role="admin")
    await gone.call("channel.leave", target=group)
    values = {"$target": group, "$message": (await owner.say(group))["id"], "$fresh": shared_site.guest_name()}
    values["$thread"] = (await owner.say(group))["id"]
    await owner.say(group, threadId=values["$thread"])

    found = []
    for (role, giver), victim in zip(givers.items(), victims, strict=True):
        values |= {"$victim": victim.name, "$outsider": shared_site.account("bob").name}
        found.append(f"{role} {(await giver.request(cmd, fill_in(fields, values))).code}")

    assert found == [f"{role} {code}" for role, code in zip(ROLES, codes.split(), strict=True)]


def message_commands() -> list[tuple[str, str]]:
    """Return the commands that name a message besides its channel, with the field that does."""
    fields = ("id", "threadId", "replyTo")
    return [
        (name, field)
        for name, one in COMMANDS.items()
        for field in fields
        if {"target", field} <= {*one.takes.__struct_fields__}
    ]


@pytest.mark.each_database
@pytest.mark.parametrize(("cmd", "field"), message_commands())
async def test_an_unreadable_message_is_answered_like_a_missing_one(
    clients: Clients, shared_site: SharedSite, cmd: str, field: str
) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    here, elsewhere = await carol.group(bob), await alice.group(bob)
    before = await carol.say(here)
    await carol.call("channel.invite", target=here, members=[alice.name])
    await carol.call("channel.role", target=here, member=alice.name, role="admin")
    other = await bob.say(elsewhere)
    fields = {
        "target": here,
        "msg": "x",
        "text": "/me waves",
        "emoji": "👍",
        "seq": 1,
        "previewId": "x",
        "attachment": "x",
        "at": FAR,
    }

    absent = await alice.refused(cmd, **fields, **{field: ABSENT})
    # One message is in another group of hers, one from before she joined, and one in a channel of strangers.
    private = await bob.say(await bob.private(carol))
    for one in (other, before, private):
        # A thread can be read by its later answers, so these messages have none that she may read.
        assert await alice.refused(cmd, **fields, **{field: one["id"]}) == absent
    assert absent[0] == 1005


def commands_naming_a_user() -> list[tuple[str, str]]:
    """Return the commands that name a user, with the field that does."""
    fields = ("userId", "member", "members")
    found = [
        (name, field) for name, one in COMMANDS.items() for field in fields if field in one.takes.__struct_fields__
    ]
    return [pair for pair in found if pair[0] != "login"]


@pytest.mark.each_database
@pytest.mark.parametrize(("cmd", "field"), commands_naming_a_user())
async def test_deactivated_users_and_guests_are_answered_like_unknown_names(
    clients: Clients, shared_site: SharedSite, cmd: str, field: str
) -> None:
    """Commands that name a user do not distinguish an inactive account from an unused name."""
    [alice] = await clients("alice")
    guest, gone = await clients.guest(), shared_site.account("dave")
    shared_site.shell(f"from accounts.actions import user_deactivate as end; end(user_id={gone.id})")
    group = await alice.group()

    async def answer(name: str) -> str:
        values = {"$target": group, "$victim": name, "$outsider": name}
        given = fill_in(MATRIX[cmd][0], values) | {field: [name] if field == "members" else name}
        return json.dumps(await alice.refused(cmd, **given)).replace(name, "X")

    absent = await answer("nobody-of-that-name")
    assert "1005" in absent
    assert [await answer(name) for name in (gone.name, guest.name)] == [absent, absent]
