"""Attack 3, events: every kind reaches its audience only. A kind of the registry without an entry here fails.

test_03_matrix.py covers commands.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from chat.wire.schema.events import EVENTS
from tests.support.client import Envelope
from tests.support.shared_site import Clients, SharedSite, UserClient

PUSHES = [kind.name for kind in EVENTS.values() if kind.is_push]


@dataclass
class EventScenario:
    """Holds a group, its owner and a member, and others on the same app. `phone` is the owner's second connection."""

    clients: Clients
    shared_site: SharedSite
    owner: UserClient
    phone: UserClient
    member: UserClient
    gone: UserClient
    stranger: UserClient
    guest: UserClient
    group: str
    message: str
    private: str
    newcomer: str = ""
    """The id of the user who connects during the test."""

    async def change(self, cmd: str, **fields: object) -> None:
        """Send a command of the owner about the message in the group."""
        await self.owner.call(cmd, target=self.group, id=self.message, **fields)

    def is_about_it(self, push: Envelope) -> bool:
        """Return whether the push names the owner, the newcomer, a channel or an emoji of the scenario."""
        if push.cmd in ("dnd.changed", "presence.mode"):
            # They name nobody, and only the user's own connections get them.
            return True
        ids = (self.owner.id, self.group, self.private, self.newcomer, f"emoji{self.owner.id}")
        return any(f'"{one}"' in json.dumps(push.data) for one in ids if one)


async def be_away(scenario: EventScenario) -> None:
    await scenario.owner.call("presence.set", presence="away")


async def unpin(scenario: EventScenario) -> None:
    await scenario.change("message.pin")
    await scenario.change("message.unpin")


async def unreact(scenario: EventScenario) -> None:
    await scenario.change("message.react", emoji="👍")
    await scenario.change("message.unreact", emoji="👍")


async def follow(scenario: EventScenario) -> None:
    answer = await scenario.owner.say(scenario.group, threadId=scenario.message)
    await scenario.owner.call("thread.unfollow", target=answer["target"], threadId=scenario.message)


async def mute(scenario: EventScenario) -> None:
    await scenario.owner.call("channel.restrict", target=scenario.group, member=scenario.member.name, kind="mute")


async def ask(scenario: EventScenario) -> None:
    await scenario.owner.call("friend.request", userId=scenario.member.name)


async def befriend(scenario: EventScenario) -> None:
    await ask(scenario)
    await scenario.member.call("friend.accept", userId=scenario.owner.name)


async def part(scenario: EventScenario) -> None:
    await befriend(scenario)
    await scenario.owner.call("friend.remove", userId=scenario.member.name)


async def block(scenario: EventScenario) -> None:
    await scenario.owner.call("person.block", userId=scenario.member.name)


async def unblock(scenario: EventScenario) -> None:
    await block(scenario)
    await scenario.owner.call("person.unblock", userId=scenario.member.name)


async def come(scenario: EventScenario) -> UserClient:
    account = scenario.shared_site.account("dave")
    scenario.newcomer = account.id
    return await scenario.clients.login(account)


async def leave(scenario: EventScenario) -> None:
    await (await come(scenario)).close()


async def rename(scenario: EventScenario) -> None:
    # Another process does it, so the global channel, which has no log, gets no event.
    scenario.shared_site.shell(
        f"from accounts.actions import user_rename; user_rename(user_id={scenario.owner.id}, nickname='Al')"
    )


async def add_emoji(scenario: EventScenario) -> None:
    scenario.shared_site.shell(
        "from accounts.actions import system_user; from chat.actions.custom_emoji import custom_emoji_create;"
        "from chat.attachments.emoji_picture import EmojiPicture;"
        f"custom_emoji_create(by=system_user(), name='emoji{scenario.owner.id}', picture=EmojiPicture(b'x', 1, 1))"
    )


async def ask_service(scenario: EventScenario) -> None:
    name = f"cmd{scenario.owner.id}"
    # Nothing answers at this address, so the failure is told.
    scenario.shared_site.shell(
        "from accounts.actions import system_user; from chat.slash.actions import slash_command_create;"
        f"slash_command_create(creator=system_user(), name='{name}', description='x', url='http://127.0.0.1:9/')"
    )
    await scenario.owner.call("slash.run", target=scenario.group, text=f"/{name}")


async def expire(scenario: EventScenario) -> None:
    # Another process does it, as `manage.py retention` does.
    scenario.shared_site.shell(
        "from chat.actions.retention import channel_delete_expired;"
        f" channel_delete_expired(channel_id={scenario.group}, before=2**62)"
    )


async def preview(scenario: EventScenario) -> None:
    # Another process does it, because no foreign page can be loaded here.
    scenario.shared_site.shell(
        "from chat.actions.link_preview import message_set_previews, preview_store;"
        " from chat.models import Message;"
        " row = preview_store(address='https://a.test', title='A', description='', site_name='', thumbnail=None);"
        f" said = Message.objects.get(pk={scenario.message});"
        " message_set_previews(message_id=said.pk, text=said.text, previews=[row])"
    )


_WITH_FILE = """
from django.conf import settings
from chat.models import Attachment, Message
message = Message.objects.get(pk={message})
row = Attachment.objects.create(
    key={key!r}, uploader=message.sender, message=message, size=1, created_at=1, state="ready"
)
message.type, message.attachments, message.time = "file", [{{"id": row.key, "name": "a"}}], {time}
message.save()
"""
_OLDER_THAN_ALL = -(10**15)
"""A time before which no file of another test was sent."""


async def remove_file(scenario: EventScenario) -> None:
    key = f"removed-{scenario.message}"
    scenario.shared_site.shell(_WITH_FILE.format(message=scenario.message, key=key, time=1))
    await scenario.change("attachment.remove", attachment=key)


async def expire_files(scenario: EventScenario) -> None:
    code = _WITH_FILE.format(message=scenario.message, key=f"old-{scenario.message}", time=_OLDER_THAN_ALL)
    expire = "\nsettings.IM_FILE_RETENTION_DAYS = 40_000\nfrom chat.actions.retention import files_delete_expired\n"
    scenario.shared_site.shell(f"{code}{expire}files_delete_expired()\nsettings.IM_FILE_RETENTION_DAYS = 0")


async def schedule(scenario: EventScenario) -> None:
    at = int((time.time() + 864_000) * 1000)
    reply = await scenario.owner.call("message.schedule", target=scenario.group, msg="later", at=at)
    await scenario.owner.call("scheduled.edit", id=reply["id"], msg=f'"{scenario.group}"')


async def ask_to_join(scenario: EventScenario) -> None:
    invite = await scenario.owner.call("invite.create", target=scenario.group, needsApproval=True)
    await scenario.stranger.call("invite.accept", token=invite["token"])


async def decline_to_join(scenario: EventScenario) -> None:
    await ask_to_join(scenario)
    await scenario.owner.call("invite.decide", target=scenario.group, member=scenario.stranger.name, approve=False)


IN_GROUP = "phone member"
ON_APP = "owner phone member gone stranger guest"
ONLY_LIVE = ("emoji.changed",)
"""Logged kinds of global channels only, which `sync` leaves out."""
# For each kind: its cause and its audience. The connection that sent the command gets the reply instead.
MATRIX: dict[str, tuple[Callable[[EventScenario], Awaitable[object]], str]] = {
    "msg": (lambda scenario: scenario.owner.say(scenario.group), IN_GROUP),
    "message.edited": (lambda scenario: scenario.change("message.edit", msg="edited"), IN_GROUP),
    "message.recalled": (lambda scenario: scenario.change("message.recall"), IN_GROUP),
    "message.expired": (expire, "owner phone member"),
    "message.previewed": (preview, "owner phone member"),
    "attachment.removed": (remove_file, IN_GROUP),
    "attachment.expired": (expire_files, "owner phone member"),
    "message.pinned": (lambda scenario: scenario.change("message.pin"), IN_GROUP),
    "message.unpinned": (unpin, IN_GROUP),
    "message.reacted": (lambda scenario: scenario.change("message.react", emoji="👍"), IN_GROUP),
    "message.unreacted": (unreact, IN_GROUP),
    "emoji.changed": (add_emoji, ON_APP),
    "slash.answer": (ask_service, "owner phone"),
    "dnd.changed": (lambda scenario: scenario.owner.call("dnd.set", seconds=60), "owner phone"),
    "channel.note": (
        lambda scenario: scenario.owner.call("channel.rename", target=scenario.group, name="New"),
        "owner phone member",
    ),
    "restriction": (mute, "member"),
    "join.requested": (ask_to_join, "owner phone"),
    "join.decided": (decline_to_join, "owner phone stranger"),
    "friend.requested": (ask, "owner phone member"),
    "friend.accepted": (befriend, "owner phone member"),
    "friend.removed": (part, "owner phone member"),
    "person.blocked": (block, "owner phone"),
    "person.unblocked": (unblock, "owner phone"),
    "person.changed": (rename, "owner phone member"),
    "read.mark": (lambda scenario: scenario.owner.call("read.mark", target=scenario.group, seq=1), "phone"),
    "channel.starred": (
        lambda scenario: scenario.owner.call("channel.star", target=scenario.group, starred=True),
        "phone",
    ),
    "sidebar.changed": (
        lambda scenario: scenario.owner.call(
            "sidebar.change", revision=0, sections=[{"name": "Work", "channels": [scenario.group]}]
        ),
        "phone",
    ),
    "read.unmark": (lambda scenario: scenario.owner.call("read.unmark", target=scenario.group, seq=1), "phone"),
    "read.seen": (
        lambda scenario: scenario.member.call("read.mark", target=scenario.private, seq=1),
        "owner phone",
    ),
    "thread.mark": (follow, "phone"),
    "saved.changed": (lambda scenario: scenario.change("saved.add"), "phone"),
    "notifications.changed": (
        lambda scenario: scenario.owner.call("channel.notifications", target=scenario.group, muted=True),
        "phone",
    ),
    "scheduled.changed": (schedule, "phone"),
    "presence.changed": (be_away, "member gone stranger guest"),
    "presence.mode": (be_away, "owner phone"),
    "typing": (lambda scenario: scenario.owner.call("typing", target=scenario.group), "member"),
    "enter": (come, ON_APP),
    "exit": (leave, ON_APP),
}


def test_every_push_is_in_the_matrix() -> None:
    assert set(MATRIX) == set(PUSHES)


@pytest_asyncio.fixture
async def scenario(clients: Clients, shared_site: SharedSite) -> EventScenario:
    owner, member, gone, stranger = await clients("alice", "bob", "carol", "carol", activity=True)
    phone, guest = await clients.again(owner, query="?activity=1"), await clients.guest(query="?activity=1")
    group = await owner.group(member, gone, join="closed")
    await gone.call("channel.leave", target=group)
    message, private = await member.say(group, "hello"), await owner.private(member)
    await owner.say(private)
    own = await owner.say(group)
    made = EventScenario(clients, shared_site, owner, phone, member, gone, stranger, guest, group, own["id"], private)
    # Wait until every connection has received all of that.
    await phone.push("msg", id=own["id"])
    await member.push("msg", id=own["id"])
    assert message["target"] == group
    return made


@pytest.mark.each_database
@pytest.mark.parametrize("kind", PUSHES)
async def test_an_event_reaches_its_audience_only(scenario: EventScenario, kind: str) -> None:
    happens, audience = MATRIX[kind]
    connections: dict[str, UserClient] = {name: getattr(scenario, name) for name in ON_APP.split()}
    starts = {name: (await person.call("heartbeat"))["position"] for name, person in connections.items()}
    for person in connections.values():
        await person.settle()

    await happens(scenario)

    for name in audience.split():
        await connections[name].take(lambda push: push.cmd == kind and scenario.is_about_it(push))
    for name, person in connections.items():
        more = [push for push in await person.settle() if push.cmd == kind and scenario.is_about_it(push)]
        assert name in audience.split() or not more, f"{name} got {more}"
        # `sync` returns an event to the users who got it live, and returns no unlogged event.
        events = (await person.call("sync", after=starts[name]))["events"]
        is_owner = name == "owner" and "phone" in audience.split()
        is_expected = EVENTS[kind].is_logged and kind not in ONLY_LIVE and (name in audience.split() or is_owner)
        assert (kind in [event["cmd"] for event in events]) is is_expected, name
