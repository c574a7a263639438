"""Attack 3, hidden objects: a hidden object is answered exactly like a missing one.

The commands come from the registry, so a new command is attacked without an entry here.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from chat.commands.registry import COMMANDS
from tests.support.shared_site import DISABLED_APP, Clients, SharedSite, UserClient

pytestmark = pytest.mark.each_database

ABSENT = "999999999"
# Valid values for the fields that a handler needs besides `target`.
FIELDS: dict[str, Any] = {
    "msg": "x",
    "id": "$message",
    "threadId": "$message",
    "seq": 1,
    "name": "Renamed",
    "members": ["$dave"],
    "member": "$bob",
    "role": "admin",
    "kind": "mute",
    "join": "open",
    "clientMsgId": "hidden",
    "replyTo": "$message",
    "q": "x",
    "emoji": "👍",
    "previewId": "x",
    "attachment": "x",
    "at": int(time.time() * 1000) + 86_400_000,
    "text": "/me waves",
    "starred": True,
    "closed": True,
    "approve": True,
}


def targeted_commands() -> list[str]:
    """Return the commands that name a channel."""
    return [name for name, command in COMMANDS.items() if "target" in command.takes.__struct_fields__]


def test_the_registry_has_commands_with_a_target() -> None:
    assert len(targeted_commands()) >= 15


async def snapshot(owner: UserClient, targets: list[str]) -> list[Any]:
    """Return everything that an attack could have changed."""
    return [
        [
            await owner.call("channel.get", target=target),
            (await owner.call("channel.members", target=target))["members"],
            await owner.call("message.history", target=target),
        ]
        for target in targets
    ]


@pytest.mark.parametrize("cmd", targeted_commands())
async def test_outsiders_cannot_distinguish_hidden_and_missing_channels(
    clients: Clients, shared_site: SharedSite, cmd: str
) -> None:
    alice, bob, stranger, dave, gone = await clients("alice", "bob", "carol", "dave", "bob")
    guest = await clients.guest()
    group = await alice.group(bob, gone)
    await gone.call("channel.leave", target=group)
    targets = [group, await alice.group(bob, join="closed", listed=True), await alice.private(bob)]
    if cmd != "channel.join":  # A user who knows its number may join it, so its existence is no secret.
        targets.append(await alice.group(bob, join="open"))
    message = (await alice.say(group))["id"]
    before = await snapshot(alice, targets)
    values = {"$message": message, "$bob": bob.name, "$dave": dave.name}
    given = {
        key: [values[one] for one in value] if isinstance(value, list) else values.get(str(value), value)
        for key, value in FIELDS.items()
    }

    for person in (stranger, gone, guest):
        absent = await person.refused(cmd, target=ABSENT, **given)
        assert absent[0] in ((1003, 1005) if person is guest else (1005,))
        for target in targets:
            assert await person.refused(cmd, target=target, **given) == absent
    assert await snapshot(alice, targets) == before


async def test_lists_and_searches_do_not_show_private_channels_to_strangers(clients: Clients) -> None:
    alice, bob, stranger = await clients("alice", "bob", "carol")
    guest = await clients.guest()
    name = f"Secret{alice.id}"
    await alice.group(bob, name=name)
    await alice.group(bob, name=f"{name} listed", listed=True)
    await alice.say(await alice.private(bob), name)

    for person in (stranger, guest):
        answers = [await person.request(cmd) for cmd in ("channel.list", "presence.list", "app.list")]
        answers += [await person.request("sync", after=0)]
        answers += [await person.request(cmd, q=q) for cmd in ("channel.search", "person.search") for q in ("", name)]
        assert name not in str(answers)


async def test_a_disabled_account_is_answered_like_an_unknown_one(clients: Clients, shared_site: SharedSite) -> None:
    [alice] = await clients("alice")
    disabled = shared_site.account("bob")
    shared_site.shell(f"from accounts.actions import user_deactivate as end; end(user_id={disabled.id})")

    for name in (disabled.name, "nobody-of-that-name"):
        answer = await alice.request("channel.create", kind="private", members=[name])
        assert (answer.code, answer.reason) == (1005, "user_not_found")
        assert answer.data == {"error": f"There is no user named {name}.", "userId": name}
    assert disabled.name not in str(await alice.call("person.search", q=disabled.name))
    # Guests cannot take the name either.
    assert await (await clients.stranger()).code("login", appId=101, userId=disabled.name) == 1002


async def test_a_disabled_app_is_answered_like_an_unknown_one(clients: Clients, shared_site: SharedSite) -> None:
    account = shared_site.account()
    answers = []
    for app in (DISABLED_APP, 999):
        answers.append(await (await clients.stranger()).refused("login", appId=app, serviceToken=account.token))
        answers.append(await (await clients.stranger()).refused("login", appId=app, userId="x"))
    assert answers[:2] == answers[2:]
