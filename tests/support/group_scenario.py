"""Alice's group and its members, for tests of memberships that change while messages are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.conf import Settings

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.actions.member import member_invite, member_leave
from chat.actions.message import message_edit, message_recall
from chat.sending.drafts import StoredMessage
from delivery import log
from delivery.db.executors import run
from delivery.log import Entry
from tests.support.in_process import LocalClient, LocalNode, create_global_channel, create_users, say
from tests.support.waiting import wait_until

POLLS_NEVER = 3600.0
"""An IM_EVENT_LOG_POLL_INTERVAL with which the hub reads the log only where announcements leave a gap."""


class GroupScenario:
    """Alice, Bob and Carol, the web app's global channel, and Alice's group, of which Bob is a member.

    `join`: the group's join setting.
    """

    def __init__(self, join: str = "invite") -> None:
        self.room = create_global_channel()
        self.alice, self.bob, self.carol = create_users("alice", "bob", "carol")
        self.group = channel_create_group(creator=self.alice, name="Painters", members=["bob"], join=join)

    def say(self, text: str = "hello", by: User | None = None) -> StoredMessage:
        return say(by or self.alice, self.group, text)

    def edit(self, said: StoredMessage, text: str) -> None:
        message_edit(user=self.alice, channel_id=self.group.pk, message_id=said.id, text=text, app=101)

    def recall(self, said: StoredMessage) -> None:
        message_recall(user=self.alice, channel_id=self.group.pk, message_id=said.id, app=101)

    def leave(self) -> None:
        member_leave(user=self.bob, channel_id=self.group.pk)

    def invite(self, name: str = "bob") -> None:
        member_invite(user=self.alice, channel_id=self.group.pk, names=[name])


async def wait_for_hub(node: LocalNode) -> int:
    """Wait until the hub has delivered everything committed; return the position."""
    head = await run(log.head)
    await wait_until(lambda: node.hub.watermark >= head)
    return head


async def wait_for_delivery(node: LocalNode, *clients: LocalClient) -> None:
    """Wait until each client has received everything sent to it."""
    await wait_for_hub(node)
    for client in clients:
        await client.call("ping")


def event_texts(events: Sequence[dict[str, Any]]) -> list[str]:
    """Return the content of the events of a `sync`: the text, or the kind of change."""
    data = [(event["cmd"], event["response"]["data"]) for event in events]
    return [str(one.get("msg") if cmd in ("msg", "message.edited") else one.get("note", cmd)) for cmd, one in data]


def pushed_texts(client: LocalClient) -> list[str]:
    return event_texts([{"cmd": push.cmd, "response": {"data": push.data}} for push in client.pushes()])


class WithheldAnnouncements:
    """Withholds announcements until the test releases them.

    The node must have started with POLLS_NEVER; otherwise its hub may be about to read the log by itself.
    """

    def __init__(self, node: LocalNode, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
        assert settings.IM_EVENT_LOG_POLL_INTERVAL == POLLS_NEVER  # type: ignore[attr-defined]
        self._offer = node.hub.receive
        self.entries: list[Entry] = []
        monkeypatch.setattr(node.hub, "receive", lambda entries: self.entries.extend(entries))

    def release(self) -> None:
        """Announce the withheld events, the last one first."""
        self._offer(self.entries[::-1])
        self.entries = []
