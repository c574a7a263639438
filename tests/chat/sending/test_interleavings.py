"""Memberships change while messages and connections are in flight: no leak, no loss. Each order is forced."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.conf import Settings

from chat.actions.member import member_remove
from delivery import log
from delivery.db.executors import run
from tests.support.in_process import Site, serving
from tests.support.scene import Scene, Withheld, caught_up, heard, live, texts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    settings.IM_EVENT_LOG_POLL_INTERVAL = 0.1  # type: ignore[attr-defined]
    async with serving() as made:
        yield made


# -- between commit and delivery --------------------------------------------------------------------------------------


async def test_bob_leaves_between_commit_and_delivery_and_gets_that_message_but_no_later_one(
    site: Site, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    scene = await run(Scene)
    withheld = Withheld(site, monkeypatch, settings)
    bob, carol = await site.connect(scene.bob), await site.connect(scene.carol)
    for change in (
        lambda: scene.say("to Bob"),
        lambda: member_remove(user=scene.alice, channel_id=scene.group.pk, name="bob"),
        lambda: scene.say("to nobody"),
        lambda: scene.invite("carol"),
        lambda: scene.say("to Carol"),
    ):
        await run(change)
    withheld.release()
    await heard(site, bob, carol)
    assert live(bob) == ["to Bob", "removed"]
    assert live(carol) == ["invited", "to Carol"]


async def test_a_message_recalled_before_its_delivery_is_followed_by_its_recall(
    site: Site, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    scene = await run(Scene)
    withheld = Withheld(site, monkeypatch, settings)
    bob = await site.connect(scene.bob)
    said = await run(scene.say, "oops")
    await run(scene.recall, said)
    withheld.release()
    await heard(site, bob)
    assert [push.cmd for push in bob.pushes()] == ["msg", "message.recalled"]
    assert texts(await bob.sync(bob.position)) == ["", "message.recalled"]


# -- leave and rejoin -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("join", ["invite", "open"])
@pytest.mark.parametrize("watching", ["live", "by sync", "by sync since the return"])
async def test_bob_leaves_and_returns_without_leak_or_loss(site: Site, join: str, watching: str) -> None:
    """Bob gets the messages of his memberships, and all edits and recalls of messages that he may read."""
    scene = await run(Scene, join)
    start = await run(log.head)
    bob = await site.connect(scene.bob) if watching == "live" else None
    before = [await run(scene.say, f"before {number}") for number in range(3)]
    await run(scene.leave)
    away = [await run(scene.say, f"away {number}") for number in range(3)]
    await run(scene.edit, before[0], "edited while away")
    await run(scene.recall, before[1])
    await run(scene.invite)
    returned = await run(log.head)
    after = await run(scene.say, "after")
    await run(scene.edit, away[0], "edited: away")
    await run(scene.recall, away[1])
    await run(scene.edit, before[2], "edited: before")
    await run(scene.edit, after, "edited: after")
    await heard(site, *([bob] if bob else []))

    # Members of an open group may read all of it, so they also get edits of messages sent meanwhile.
    of_away = ["edited: away", "message.recalled"] if join == "open" else []
    back = [*of_away, "edited: before", "edited: after"]
    if bob is not None:
        assert live(bob) == ["before 0", "before 1", "before 2", "left", "invited", "after", *back]
    else:
        bob = await site.connect(scene.bob)
        if watching == "by sync":
            # A replay shows the present state of a message; a recalled one has no text.
            membership = ["edited while away", "", "edited: before", "left"]
            assert texts(await bob.sync(start)) == [*membership, "invited", "edited: after", *back]
        else:
            assert texts(await bob.sync(returned)) == ["edited: after", *back]

    page = await bob.call("message.history", target=str(scene.group.pk))
    shown = [message["msg"] for message in page["messages"]]
    between = ["edited: away", "", "away 2"] if join == "open" else []
    assert shown == ["edited while away", "", "edited: before", *between, "edited: after"]
    for message in away:
        answer = await bob.request("message.get", target=str(scene.group.pk), id=str(message.id))
        assert answer.code == (200 if join == "open" else 1005)


async def test_a_former_member_gets_nothing_by_any_command(site: Site) -> None:
    scene = await run(Scene)
    bob = await site.connect(scene.bob)
    said = await run(scene.say, "before")
    await run(scene.leave)
    gone = await caught_up(site)
    await run(scene.say, "away")
    await run(scene.edit, said, "edited")
    await heard(site, bob)
    assert live(bob) == ["before", "left"]
    assert await bob.sync(gone) == []
    group = str(scene.group.pk)
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
