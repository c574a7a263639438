"""Memberships change while messages and connections are in flight: no leak, no loss. Each order is forced."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings

from chat.actions.member import member_remove
from delivery import log
from delivery.db.executors import run
from tests.support.group_scenario import (
    POLLS_NEVER,
    GroupScenario,
    WithheldAnnouncements,
    event_texts,
    pushed_texts,
    wait_for_delivery,
    wait_for_hub,
)
from tests.support.in_process import LocalNode, running_node

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def node(settings: Settings) -> AsyncIterator[LocalNode]:
    settings.IM_EVENT_LOG_POLL_INTERVAL = POLLS_NEVER  # type: ignore[attr-defined]
    async with running_node() as made:
        yield made


# -- between commit and delivery --------------------------------------------------------------------------------------


async def test_bob_leaves_between_commit_and_delivery_and_gets_that_message_but_no_later_one(
    node: LocalNode, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    scenario = await run(GroupScenario)
    withheld = WithheldAnnouncements(node, monkeypatch, settings)
    bob, carol = await node.connect(scenario.bob), await node.connect(scenario.carol)
    for change in (
        lambda: scenario.say("to Bob"),
        lambda: member_remove(user=scenario.alice, channel_id=scenario.group.pk, name="bob"),
        lambda: scenario.say("to nobody"),
        lambda: scenario.invite("carol"),
        lambda: scenario.say("to Carol"),
    ):
        await run(change)
    withheld.release()
    await wait_for_delivery(node, bob, carol)
    assert pushed_texts(bob) == ["to Bob", "removed"]
    assert pushed_texts(carol) == ["invited", "to Carol"]


async def test_a_message_recalled_before_its_delivery_is_followed_by_its_recall(
    node: LocalNode, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    scenario = await run(GroupScenario)
    withheld = WithheldAnnouncements(node, monkeypatch, settings)
    bob = await node.connect(scenario.bob)
    said = await run(scenario.say, "oops")
    await run(scenario.recall, said)
    withheld.release()
    await wait_for_delivery(node, bob)
    assert [push.cmd for push in bob.pushes()] == ["msg", "message.recalled"]
    assert event_texts(await bob.sync(bob.position)) == ["", "message.recalled"]


# -- leave and rejoin -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("join", ["invite", "open"])
@pytest.mark.parametrize("watching", ["live", "by sync", "by sync since the return"])
async def test_bob_leaves_and_returns_without_leak_or_loss(node: LocalNode, join: str, watching: str) -> None:
    """Bob gets the messages of his memberships, and all edits and recalls of messages that he may read."""
    scenario = await run(GroupScenario, join)
    start = await run(log.head)
    bob = await node.connect(scenario.bob) if watching == "live" else None
    before = [await run(scenario.say, f"before {number}") for number in range(3)]
    await run(scenario.leave)
    away = [await run(scenario.say, f"away {number}") for number in range(3)]
    await run(scenario.edit, before[0], "edited while away")
    await run(scenario.recall, before[1])
    await run(scenario.invite)
    returned = await run(log.head)
    after = await run(scenario.say, "after")
    await run(scenario.edit, away[0], "edited: away")
    await run(scenario.recall, away[1])
    await run(scenario.edit, before[2], "edited: before")
    await run(scenario.edit, after, "edited: after")
    await wait_for_delivery(node, *([bob] if bob else []))

    # Members of an open group may read all of it, so they also get edits of messages sent meanwhile.
    of_away = ["edited: away", "message.recalled"] if join == "open" else []
    back = [*of_away, "edited: before", "edited: after"]
    if bob is not None:
        assert pushed_texts(bob) == ["before 0", "before 1", "before 2", "left", "invited", "after", *back]
    else:
        bob = await node.connect(scenario.bob)
        if watching == "by sync":
            # A replay shows the present state of a message; a recalled one has no text.
            membership = ["edited while away", "", "edited: before", "left"]
            assert event_texts(await bob.sync(start)) == [*membership, "invited", "edited: after", *back]
        else:
            assert event_texts(await bob.sync(returned)) == ["edited: after", *back]

    page = await bob.call("message.history", target=str(scenario.group.pk))
    shown = [message["msg"] for message in page["messages"]]
    between = ["edited: away", "", "away 2"] if join == "open" else []
    assert shown == ["edited while away", "", "edited: before", *between, "edited: after"]
    for message in away:
        answer = await bob.request("message.get", target=str(scenario.group.pk), id=str(message.id))
        assert answer.code == (200 if join == "open" else 1005)


async def test_a_former_member_gets_nothing_by_any_command(node: LocalNode) -> None:
    scenario = await run(GroupScenario)
    bob = await node.connect(scenario.bob)
    said = await run(scenario.say, "before")
    await run(scenario.leave)
    gone = await wait_for_hub(node)
    await run(scenario.say, "away")
    await run(scenario.edit, said, "edited")
    await wait_for_delivery(node, bob)
    assert pushed_texts(bob) == ["before", "left"]
    assert await bob.sync(gone) == []
    group = str(scenario.group.pk)
    for cmd, data in {
        "message.history": {},
        "message.get": {"id": str(said.id)},
        "message.send": {"msg": "hi"},
        "message.edit": {"id": str(said.id), "msg": "x"},
        "message.recall": {"id": str(said.id)},
        "channel.get": {},
        "channel.members": {},
        "channel.leave": {},
        "channel.invite": {"members": ["carol"]},
        "read.mark": {"seq": 1},
    }.items():
        assert (await bob.request(cmd, target=group, **data)).code == 1005, cmd
