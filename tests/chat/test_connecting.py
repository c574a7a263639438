"""Events during a login are neither lost nor repeated between the reported position, sync and pushes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from django.conf import Settings

from accounts.actions import app_create, app_update, token_issue, token_revoke, user_deactivate
from accounts.selectors.users import user_by_token
from chat.actions import session
from chat.actions.member import member_join
from chat.models import Channel
from chat.selectors.logins import LoginLookup
from delivery.db.executors import run
from tests.support.client import Closed, Envelope, Refused
from tests.support.group_scenario import (
    POLLS_NEVER,
    GroupScenario,
    WithheldAnnouncements,
    event_texts,
    pushed_texts,
    wait_for_delivery,
    wait_for_hub,
)
from tests.support.in_process import LocalClient, LocalNode, running_node
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def node(settings: Settings) -> AsyncIterator[LocalNode]:
    settings.IM_EVENT_LOG_POLL_INTERVAL = POLLS_NEVER  # type: ignore[attr-defined]
    async with running_node() as made:
        yield made


class Gate:
    """Stops a login in its database thread, before or after the token and the memberships are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
        self._reached, self._open = threading.Event(), threading.Event()
        read = session.login_lookup

        def standing(*args: Any) -> LoginLookup:
            if where == "before":
                self._wait()
            found = read(*args)
            if where == "after":
                self._wait()
            return found

        monkeypatch.setattr(session, "login_lookup", standing)

    def _wait(self) -> None:
        self._reached.set()
        assert self._open.wait(TIMEOUT_SECONDS)

    async def reached(self) -> None:
        await wait_until(self._reached.is_set)

    def open(self) -> None:
        self._open.set()


@pytest.mark.parametrize("change", ["invited", "joins", "leaves"])
@pytest.mark.parametrize("passed", [True, False], ids=["passed meanwhile", "passed afterwards"])
@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_membership_that_changes_while_connecting_loses_no_event(
    node: LocalNode, monkeypatch: pytest.MonkeyPatch, settings: Settings, where: str, passed: bool, change: str
) -> None:
    """`sync` returns events up to the reported position, and later ones are pushed; together they are complete."""
    scenario = await run(GroupScenario, "open")
    start = await wait_for_hub(node)
    person = scenario.bob if change == "leaves" else scenario.carol
    withheld = WithheldAnnouncements(node, monkeypatch, settings)
    gate = Gate(monkeypatch, where)
    client = LocalClient.open()
    token = await run(lambda: token_issue(user=person))
    login = await client.post("login", appId=101, serviceToken=token, after=start - 1)
    await gate.reached()
    if change == "invited":
        await run(scenario.invite, "carol")
    elif change == "joins":
        await run(lambda: member_join(user=scenario.carol, channel_id=scenario.group.pk))
    else:
        await run(scenario.leave)
    await run(scenario.say, "hello")
    if passed:
        withheld.release()
        await wait_for_hub(node)
    gate.open()
    assert (await login).data["position"] == start - 1
    withheld.release()
    await run(scenario.say, "later")
    withheld.release()
    await wait_for_delivery(node, client)
    caught = await client.sync(start - 1)
    positions = {event["response"]["data"]["position"] for event in caught}
    # Deduplicated by position, as clients do, pushes and sync contain every event once.
    arrived = [*caught, *({"cmd": p.cmd, "response": {"data": p.data}} for p in client.pushes()
               if p.data["position"] not in positions)]  # fmt: skip
    begin = [] if change != "leaves" else ["created"]
    expected = {"invited": ["invited", "hello", "later"], "joins": ["joined", "hello", "later"], "leaves": ["left"]}
    assert event_texts(arrived) == begin + expected[change]
    if not passed:
        assert pushed_texts(client) == expected[change]
    await client.close()


@pytest.mark.parametrize("how", ["deactivated", "signed out"])
@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_right_that_ends_while_connecting_refuses_the_login(
    node: LocalNode, monkeypatch: pytest.MonkeyPatch, where: str, how: str
) -> None:
    scenario = await run(GroupScenario)
    gate = Gate(monkeypatch, where)
    client = LocalClient.open()
    token = await run(lambda: token_issue(user=scenario.bob))
    login = await client.post("login", appId=101, serviceToken=token)
    await gate.reached()
    if how == "deactivated":
        await run(lambda: user_deactivate(user_id=scenario.bob.pk))
    else:
        known = await run(user_by_token, token)
        assert known is not None
        await run(lambda: token_revoke(user_id=scenario.bob.pk, credential=known[1]))
    gate.open()
    (answer,) = await asyncio.gather(login, return_exceptions=True)
    assert isinstance(answer, Envelope | Closed) and answer.code in (1003, 4001)
    await run(scenario.say, "secret")
    await wait_for_hub(node)
    assert client.pushes() == [] and not await node.hub.presence.filter_online([scenario.bob.pk])
    await client.close()


async def test_frames_after_the_close_are_ignored(node: LocalNode) -> None:
    """Frames that were in flight when the right ended are not executed."""
    scenario = await run(GroupScenario)
    bob = await node.connect(scenario.bob)
    (connection,) = node.hub.connections_of(scenario.bob.pk)
    bob.socket.reading.clear()
    connection.close(4001, "signed out")
    for _ in range(3):
        await bob.send({"seq": "x", "cmd": "message.send", "data": {"target": str(scenario.group.pk), "msg": "late"}})
    bob.socket.reading.set()
    assert await bob.closed() == 4001
    await wait_until(lambda: not node.hub.connections)
    assert await run(lambda: Channel.objects.get(pk=scenario.group.pk).last_seq) == 0


# -- reported positions -----------------------------------------------------------------------------------------------


async def test_no_reply_reports_a_position_beyond_the_synced_one(node: LocalNode) -> None:
    """Bob returns with `after`: until he has synced, login and heartbeat report no position beyond his own."""
    scenario = await run(GroupScenario)
    start = await wait_for_hub(node)
    for number in range(3):
        await run(scenario.say, f"{number}")
    bob = await node.connect(scenario.bob, after=start)
    assert bob.position == start
    await run(scenario.say, "live")
    await wait_for_delivery(node, bob)
    assert pushed_texts(bob) == ["live"]
    assert (await bob.call("heartbeat"))["position"] == start
    await bob.sync(start)
    head = await wait_for_hub(node)
    assert bob.position == head and (await bob.call("heartbeat"))["position"] == head


async def test_a_partial_sync_reports_its_own_position(node: LocalNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.selectors.messages.REPLAY_PAGE_SIZE", 2)
    scenario = await run(GroupScenario)
    start = await wait_for_hub(node)
    said = [await run(scenario.say, f"{number}") for number in range(4)]
    bob = await node.connect(scenario.bob, after=start)
    page = await bob.call("sync", after=start)
    assert (page["position"], page["hasMore"]) == (said[1].position, True)
    assert (await bob.call("heartbeat"))["position"] == said[1].position
    page = await bob.call("sync", after=page["position"])
    assert not page["hasMore"] and (await bob.call("heartbeat"))["position"] == said[3].position


async def test_events_received_on_another_node_are_not_pushed_again(
    node: LocalNode, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """The other node was ahead of this one."""
    scenario = await run(GroupScenario)
    await wait_for_hub(node)
    withheld = WithheldAnnouncements(node, monkeypatch, settings)
    seen = await run(scenario.say, "seen there")
    bob = await node.connect(scenario.bob, after=seen.position)
    await run(scenario.say, "new")
    withheld.release()
    await wait_until(lambda: "new" in pushed_texts(bob))
    assert pushed_texts(bob) == ["new"]


async def test_disabling_an_app_closes_its_connections(node: LocalNode) -> None:
    scenario = await run(GroupScenario)
    await run(lambda: app_create(number=901, name="Watch"))
    watch, laptop = await node.connect(scenario.bob, app=901), await node.connect(scenario.bob)
    await run(lambda: app_update(number=901, name="Watch", guests_allowed=True, enabled=False))
    assert await watch.closed() == 4001
    assert (await laptop.request("ping")).data == "pong"
    with pytest.raises(Refused):
        await node.connect(scenario.bob, app=901)


@pytest.mark.parametrize("where", ["before", "after"])
async def test_an_app_disabled_during_a_login_refuses_it(
    node: LocalNode, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    scenario = await run(GroupScenario)
    await run(lambda: app_create(number=901, name="Watch"))
    gate = Gate(monkeypatch, where)
    arriving = asyncio.create_task(node.connect(scenario.bob, app=901))
    await gate.reached()
    await run(lambda: app_update(number=901, name="Watch", guests_allowed=True, enabled=False))
    gate.open()
    with pytest.raises((Refused, Closed)):
        await arriving


@pytest.mark.parametrize("why", ["too far behind", "from beyond the head"])
async def test_a_reset_reports_the_position_to_continue_from(node: LocalNode, settings: Settings, why: str) -> None:
    settings.IM_SYNC_MAX_EVENTS = 2  # type: ignore[attr-defined]
    scenario = await run(GroupScenario)
    start = await wait_for_hub(node)
    for number in range(3):
        await run(scenario.say, f"{number}")
    head = await wait_for_hub(node)
    bob = await node.connect(scenario.bob, after=start if why == "too far behind" else head + 1000)
    assert await bob.call("sync", after=bob.position) == {"reset": True, "position": head}
    assert (await bob.call("heartbeat"))["position"] == head
