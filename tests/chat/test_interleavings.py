"""Membership, messages and connections that cross: nothing leaks, nothing is lost. Each order is forced."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from django.conf import Settings

from accounts.actions import person_deactivate, token_issue, token_revoke
from accounts.models import User
from accounts.selectors import person_by_token
from chat.actions import session
from chat.actions.channel import channel_create_group
from chat.actions.member import member_invite, member_join, member_leave, member_remove
from chat.actions.message import message_edit, message_recall
from chat.models import Channel
from chat.writer import Stored
from delivery import log
from delivery.log import Entry, Span
from delivery.threads import run
from tests.support.client import Closed, Envelope
from tests.support.core import Local, Site, people, room, say, serving
from tests.support.eventually import PATIENCE, eventually

pytestmark = pytest.mark.django_db(transaction=True)


class Scene:
    """Alice, Bob and Carol; the web's room; Alice's group of the given policy, which Bob is in."""

    def __init__(self, join: str = "invite") -> None:
        self.room = room()
        self.alice, self.bob, self.carol = people("alice", "bob", "carol")
        self.group = channel_create_group(creator=self.alice, name="Painters", members=["bob"], join=join)

    def say(self, text: str = "hello", by: User | None = None) -> Stored:
        return say(by or self.alice, self.group, text)

    def edit(self, said: Stored, text: str) -> None:
        message_edit(user=self.alice, channel_id=self.group.pk, message_id=said.id, text=text, app=101)

    def recall(self, said: Stored) -> None:
        message_recall(user=self.alice, channel_id=self.group.pk, message_id=said.id, app=101)

    def leave(self) -> None:
        member_leave(user=self.bob, channel_id=self.group.pk)

    def invite(self, name: str = "bob") -> None:
        member_invite(user=self.alice, channel_id=self.group.pk, names=[name])


@pytest_asyncio.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    settings.IM_LOG_POLL = 0.1  # type: ignore[attr-defined]
    async with serving() as made:
        yield made


async def caught_up(site: Site) -> int:
    """Wait until the hub has passed all that was committed; returns the position."""
    head = await run(log.head)
    await eventually(lambda: site.hub.watermark >= head)
    return head


async def heard(site: Site, *clients: Local) -> None:
    """Wait until each client has everything that is on its way to it."""
    await caught_up(site)
    for client in clients:
        await client.call("ping")


def texts(events: Sequence[dict[str, Any]]) -> list[str]:
    """What the events of a `sync` say: the text, or what became of it."""
    data = [(event["cmd"], event["response"]["data"]) for event in events]
    return [str(one.get("msg") if cmd in ("msg", "message.edited") else one.get("note", cmd)) for cmd, one in data]


def live(client: Local) -> list[str]:
    return texts([{"cmd": push.cmd, "response": {"data": push.data}} for push in client.pushes()])


class Withheld:
    """Announcements that a test lets through when and how it likes, and no other way to hear of an event."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
        settings.IM_LOG_POLL = 3600  # type: ignore[attr-defined]
        self._offer = site.hub.offer
        self.entries: list[Entry] = []
        monkeypatch.setattr(site.hub, "offer", lambda entries: self.entries.extend(entries))

    def release(self) -> None:
        """Let them through, the last one first."""
        self._offer(self.entries[::-1])
        self.entries = []


# -- between commit and delivery --------------------------------------------------------------------------------------


async def test_who_leaves_between_a_message_s_commit_and_its_delivery_still_gets_it_and_no_later_one(
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


async def test_a_message_that_was_recalled_before_its_delivery_is_followed_by_its_recall(
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
async def test_leaving_and_coming_back_leaks_and_loses_nothing(site: Site, join: str, watching: str) -> None:
    """Bob hears what was said while he was there, and edits and recalls of what he may read, wherever they happen."""
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

    # In an open group all of it may be read, so edits of what was said meanwhile are news too.
    of_away = ["edited: away", "message.recalled"] if join == "open" else []
    back = [*of_away, "edited: before", "edited: after"]
    if bob is not None:
        assert live(bob) == ["before 0", "before 1", "before 2", "left", "invited", "after", *back]
    else:
        bob = await site.connect(scene.bob)
        if watching == "by sync":
            # A replay shows what has become of a message; what was recalled shows nothing.
            stay = ["edited while away", "", "edited: before", "left"]
            assert texts(await bob.sync(start)) == [*stay, "invited", "edited: after", *back]
        else:
            assert texts(await bob.sync(returned)) == ["edited: after", *back]

    page = await bob.call("message.history", target=str(scene.group.pk))
    shown = [message["msg"] for message in page["messages"]]
    between = ["edited: away", "", "away 2"] if join == "open" else []
    assert shown == ["edited while away", "", "edited: before", *between, "edited: after"]
    for message in away:
        answer = await bob.request("message.get", target=str(scene.group.pk), id=str(message.id))
        assert answer.code == (200 if join == "open" else 1005)


async def test_who_has_left_gets_nothing_by_any_way(site: Site) -> None:
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


# -- connecting -------------------------------------------------------------------------------------------------------


class Gate:
    """Stops a log-in in its database thread: before the stays are read, or behind it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
        self._reached, self._open = threading.Event(), threading.Event()
        read = session.session_standing

        def standing(*args: Any, **kwargs: Any) -> Sequence[Span] | None:
            if where == "before":
                self._wait()
            stays = read(*args, **kwargs)
            if where == "after":
                self._wait()
            return stays

        monkeypatch.setattr(session, "session_standing", standing)

    def _wait(self) -> None:
        self._reached.set()
        assert self._open.wait(PATIENCE)

    async def reached(self) -> None:
        await eventually(self._reached.is_set)

    def open(self) -> None:
        self._open.set()


@pytest.mark.parametrize("change", ["invited", "joins", "leaves"])
@pytest.mark.parametrize("passed", [True, False], ids=["passed meanwhile", "passed afterwards"])
@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_membership_that_changes_at_the_moment_of_connecting(
    site: Site, monkeypatch: pytest.MonkeyPatch, settings: Settings, where: str, passed: bool, change: str
) -> None:
    """What was before the told position is found by `sync`, what comes after it arrives live; together it is all."""
    scene = await run(Scene, "open")
    start = await caught_up(site)
    person = scene.bob if change == "leaves" else scene.carol
    withheld = Withheld(site, monkeypatch, settings)
    gate = Gate(monkeypatch, where)
    client = Local.open()
    token = await run(lambda: token_issue(user=person))
    login = await client.post("login", appId=101, serviceToken=token, after=start - 1)
    await gate.reached()
    if change == "invited":
        await run(scene.invite, "carol")
    elif change == "joins":
        await run(lambda: member_join(user=scene.carol, channel_id=scene.group.pk))
    else:
        await run(scene.leave)
    await run(scene.say, "hello")
    if passed:
        withheld.release()
        await caught_up(site)
    gate.open()
    assert (await login).data["position"] == start - 1
    withheld.release()
    await run(scene.say, "later")
    withheld.release()
    await heard(site, client)
    caught = await client.sync(start - 1)
    positions = {event["response"]["data"]["position"] for event in caught}
    # Dropped by position, as clients do, what came live and by sync is all of it, once.
    arrived = [*caught, *({"cmd": p.cmd, "response": {"data": p.data}} for p in client.pushes()
               if p.data["position"] not in positions)]  # fmt: skip
    begin = [] if change != "leaves" else ["created"]
    expected = {"invited": ["invited", "hello", "later"], "joins": ["joined", "hello", "later"], "leaves": ["left"]}
    assert texts(arrived) == begin + expected[change]
    if not passed:
        assert live(client) == expected[change]
    await client.close()


@pytest.mark.parametrize("how", ["deactivated", "signed out"])
@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_right_that_ends_at_the_moment_of_connecting_lets_nobody_in(
    site: Site, monkeypatch: pytest.MonkeyPatch, where: str, how: str
) -> None:
    scene = await run(Scene)
    gate = Gate(monkeypatch, where)
    client = Local.open()
    token = await run(lambda: token_issue(user=scene.bob))
    login = await client.post("login", appId=101, serviceToken=token)
    await gate.reached()
    if how == "deactivated":
        await run(lambda: person_deactivate(user_id=scene.bob.pk))
    else:
        known = await run(person_by_token, token)
        assert known is not None
        await run(lambda: token_revoke(user_id=scene.bob.pk, credential=known[1]))
    gate.open()
    (answer,) = await asyncio.gather(login, return_exceptions=True)
    assert isinstance(answer, Envelope | Closed) and answer.code in (1003, 4001)
    await run(scene.say, "secret")
    await caught_up(site)
    assert client.pushes() == [] and not site.hub.presence.online(scene.bob.pk)
    await client.close()


async def test_after_its_goodbye_a_connection_is_not_listened_to(site: Site) -> None:
    """Frames that were on their way when the right ended are not carried out."""
    scene = await run(Scene)
    bob = await site.connect(scene.bob)
    (connection,) = site.hub.person_connections(scene.bob.pk)
    bob.socket.reading.clear()
    connection.close(4001, "signed out")
    for _ in range(3):
        await bob.send({"seq": "x", "cmd": "message.send", "data": {"target": str(scene.group.pk), "msg": "late"}})
    bob.socket.reading.set()
    assert await bob.closed() == 4001
    await eventually(lambda: not site.hub.connections)
    assert await run(lambda: Channel.objects.get(pk=scene.group.pk).last_seq) == 0


# -- told positions ---------------------------------------------------------------------------------------------------


async def test_no_reply_tells_more_than_was_drained(site: Site) -> None:
    """Bob comes back with `after`: until he has synced, log-in and heartbeat tell him no more than he has."""
    scene = await run(Scene)
    start = await caught_up(site)
    for number in range(3):
        await run(scene.say, f"{number}")
    bob = await site.connect(scene.bob, after=start)
    assert bob.position == start
    await run(scene.say, "live")
    await heard(site, bob)
    assert live(bob) == ["live"]
    assert (await bob.call("heartbeat"))["position"] == start
    await bob.sync(start)
    head = await caught_up(site)
    assert bob.position == head and (await bob.call("heartbeat"))["position"] == head


async def test_half_drained_is_told_half(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.selectors.REPLAY_PAGE", 2)
    scene = await run(Scene)
    start = await caught_up(site)
    said = [await run(scene.say, f"{number}") for number in range(4)]
    bob = await site.connect(scene.bob, after=start)
    page = await bob.call("sync", after=start)
    assert (page["position"], page["hasMore"]) == (said[1].position, True)
    assert (await bob.call("heartbeat"))["position"] == said[1].position
    page = await bob.call("sync", after=page["position"])
    assert not page["hasMore"] and (await bob.call("heartbeat"))["position"] == said[3].position


@pytest.mark.parametrize("why", ["too far behind", "from beyond the head"])
async def test_who_must_reset_is_told_where_to_go_on(site: Site, settings: Settings, why: str) -> None:
    settings.IM_SYNC_LIMIT = 2  # type: ignore[attr-defined]
    scene = await run(Scene)
    start = await caught_up(site)
    for number in range(3):
        await run(scene.say, f"{number}")
    head = await caught_up(site)
    bob = await site.connect(scene.bob, after=start if why == "too far behind" else head + 1000)
    assert await bob.call("sync", after=bob.position) == {"reset": True, "position": head}
    assert (await bob.call("heartbeat"))["position"] == head
