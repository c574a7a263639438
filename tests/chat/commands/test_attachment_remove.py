"""A file that is removed from a message, or expires, is told to clients of both codecs, live and in `sync`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.actions import token_issue
from accounts.models import User
from chat import reasons
from chat.actions.attachment_access import access_attachment
from chat.actions.attachment_removal import attachment_remove_as_operator
from chat.actions.retention import files_delete_expired
from chat.consumers.protobuf_consumer import ProtobufConsumer
from chat.errors import ChatError
from chat.models import Attachment, Message
from chat.sending.drafts import StoredMessage
from delivery import log
from delivery.db.executors import run
from delivery.models import Event
from tests.support.attachments import ready_attachment
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, LocalSocket, running_node, say
from tests.support.protobuf_client import ProtobufClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def scenario() -> GroupScenario:
    return await run(GroupScenario)


@pytest.fixture
async def node(scenario: GroupScenario) -> AsyncIterator[LocalNode]:
    async with running_node() as running:
        yield running


def share(scenario: GroupScenario, *names: str, file: str = "") -> StoredMessage:
    """Let Alice send files to her group."""
    # The node's clean-up deletes older ones.
    fields = {"preview": "AAAA", "created_at": log.now_ms(), **({"file": file} if file else {})}
    rows = [ready_attachment(scenario.alice, name, **fields) for name in names]
    return say(scenario.alice, scenario.group, "see", type="file", attachments=tuple(row.key for row in rows))


def key_of(name: str) -> str:
    return str(Attachment.objects.filter(name=name).values_list("key", flat=True).get())


def is_readable(user: User, name: str) -> bool:
    try:
        access_attachment(user, key_of(name))
    except ChatError:
        return False
    return True


def removed(data: dict[str, Any]) -> list[tuple[str, bool, bool]]:
    return [(item["name"], item.get("removed", False), "preview" in item) for item in data["attachments"]]


async def phone_of(user: User) -> ProtobufClient:
    """Return a `/ws` client that also gets pushes other than messages."""
    phone = ProtobufClient(LocalSocket("", ProtobufConsumer), user.pk)
    await phone.login(await run(lambda: token_issue(user=user)), sync=0)
    await phone.call("ping")
    return phone


async def test_the_sender_removes_one_of_two_files(node: LocalNode, scenario: GroupScenario) -> None:
    said = await run(share, scenario, "a.jpg", "b.jpg")
    alice, bob, phone = (
        await node.connect(scenario.alice),
        await node.connect(scenario.bob),
        await phone_of(scenario.bob),
    )
    key = await run(key_of, "a.jpg")
    target = {"target": str(scenario.group.pk), "id": str(said.id), "attachment": key}
    reply = await alice.call("attachment.remove", **target)
    expected = {"target": target["target"], "id": target["id"], "seq": said.seq, "attachments": [key]}
    expected["position"] = reply["position"]

    assert (await bob.push("attachment.removed")).data == expected
    await phone.until(lambda: any(call["cmd"] == "attachment.removed" for call in phone.calls))
    events = (await bob.call("sync", after=said.position - 1))["events"]
    assert [event["cmd"] for event in events] == ["msg", "attachment.removed"]
    assert removed(events[0]["response"]["data"]) == [("a.jpg", True, False), ("b.jpg", False, True)]
    history = await bob.call("message.history", target=target["target"])
    assert removed(history["messages"][-1]) == [("a.jpg", True, False), ("b.jpg", False, True)]
    assert [await run(is_readable, scenario.bob, name) for name in ("a.jpg", "b.jpg")] == [False, True]
    # A retry finds it removed already.
    assert (await alice.call("attachment.remove", **target))["position"] == said.position
    await phone.close()


async def test_others_and_unknown_files_are_refused(node: LocalNode, scenario: GroupScenario) -> None:
    said = await run(share, scenario, "a.jpg")
    alice, bob = await node.connect(scenario.alice), await node.connect(scenario.bob)
    target = {"target": str(scenario.group.pk), "id": str(said.id)}
    by_bob = await bob.request("attachment.remove", attachment=await run(key_of, "a.jpg"), **target)
    unknown = await alice.request("attachment.remove", attachment="x", **target)
    assert [reply.reason for reply in (by_bob, unknown)] == [
        reasons.MANAGER_REQUIRED.key,
        reasons.ATTACHMENT_NOT_FOUND.key,
    ]
    assert await run(is_readable, scenario.bob, "a.jpg")


async def test_an_operator_removes_a_file_from_all_messages(node: LocalNode, scenario: GroupScenario) -> None:
    bob = await node.connect(scenario.bob)
    first = await run(lambda: share(scenario, "a.jpg", file="aa/shared"))
    second = await run(lambda: share(scenario, "b.jpg", file="aa/shared"))
    row = await run(Attachment.objects.get, name="a.jpg")
    await run(lambda: attachment_remove_as_operator(attachment_id=row.pk))
    for said in (first, second):
        await bob.push("attachment.removed", id=str(said.id))
    assert not await run(lambda: Event.objects.filter(body__contains='"preview"').exists())


async def test_expired_files_are_told_for_each_channel(
    node: LocalNode, scenario: GroupScenario, settings: Settings
) -> None:
    settings.IM_FILE_RETENTION_DAYS = 1
    bob = await node.connect(scenario.bob)
    await run(share, scenario, "a.jpg")
    last = await run(share, scenario, "b.jpg")
    await run(lambda: Message.objects.update(time=0))
    # The node may do it at the same time, because it does so at its start.
    await run(files_delete_expired)
    push = await bob.push("attachment.expired")
    assert (push.data["target"], push.data["seq"]) == (str(scenario.group.pk), last.seq)
    assert not await run(Message.objects.exclude(attachments=None).exists)
