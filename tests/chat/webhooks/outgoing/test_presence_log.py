"""Presence changes are logged, at least once, while a webhook subscribes to them, and otherwise not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import User
from chat.actions import presence_log
from chat.webhooks.outgoing.actions import webhook_disable
from delivery import log
from delivery.db.executors import run
from tests.support.eventually import eventually
from tests.support.in_process import Site, serving
from tests.support.receiver import Receiver
from tests.support.scene import Scene
from tests.support.webhooks import Hooks

pytestmark = pytest.mark.django_db(transaction=True)

ONLINE, OFFLINE, RESET = "person.online", "person.offline", "presence.reset"


@pytest.fixture(autouse=True)
def _asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_log, "SUBSCRIPTION_CACHE_SECONDS", 0.0)


def _comings(receiver: Receiver) -> list[tuple[str, str]]:
    return [(one["event"], one["data"]["userId"]) for one in receiver.events if one["event"] in (ONLINE, OFFLINE)]


async def test_alice_causes_online_and_offline_events(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    await run(hooks.make, receiver, ONLINE, OFFLINE)
    alice = await site.connect(scene.alice)
    await eventually(lambda: _comings(receiver) == [(ONLINE, "alice")])
    assert receiver.events[-1]["data"]["appId"] == 101
    second = await site.connect(scene.alice)
    bob = await site.connect(scene.bob)
    await alice.close()
    await second.close()
    await bob.close()
    await eventually(lambda: len(_comings(receiver)) == 4)
    assert sorted(_comings(receiver)[1:]) == [(OFFLINE, "alice"), (OFFLINE, "bob"), (ONLINE, "bob")]


async def test_presence_events_are_not_pushed_to_connections(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    await run(hooks.make, receiver, ONLINE)
    bob = await site.connect(scene.bob)
    await site.connect(scene.alice)
    await eventually(lambda: (ONLINE, "alice") in _comings(receiver))
    await bob.call("ping")
    assert [push.cmd for push in bob.pushes()] == []
    assert await bob.sync(0) and not [event for event in await bob.sync(0) if event["cmd"] in (ONLINE, OFFLINE)]


async def test_a_user_who_hides_presence_causes_no_presence_events(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    await run(hooks.make, receiver, ONLINE, OFFLINE)
    await run(User.objects.filter(pk=scene.alice.pk).update, shares_presence=False)
    alice = await site.connect(scene.alice)
    await alice.close()
    await site.connect(scene.bob)
    # Bob connects later, so an event about Alice would have arrived before his.
    await eventually(lambda: (ONLINE, "bob") in _comings(receiver))
    assert _comings(receiver) == [(ONLINE, "bob")]


async def test_presence_events_are_not_stored_without_a_subscribed_webhook(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    webhook = await run(hooks.make, receiver, ONLINE)
    await run(webhook_disable, user=hooks.olga, webhook_id=webhook.pk)
    await run(hooks.make, receiver, "message.sent")
    before = await run(log.head)
    alice = await site.connect(scene.alice)
    await alice.close()
    await site.connect(scene.bob)
    await eventually(lambda: not site.node.presence_broadcaster.log._pending)
    assert await run(log.head) == before


async def test_an_online_event_waits_for_the_database(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(hooks.make, receiver, ONLINE, OFFLINE)
    monkeypatch.setattr(presence_log, "RETRY_SECONDS", 0.01)
    append, faults = log.append, 3

    def away(*args: Any) -> Any:
        nonlocal faults
        if faults:
            faults -= 1
            raise OperationalError("the database is away")
        return append(*args)

    monkeypatch.setattr(log, "append", away)
    alice = await site.connect(scene.alice)
    await alice.close()
    await eventually(lambda: _comings(receiver) == [(ONLINE, "alice"), (OFFLINE, "alice")])
    assert faults == 0


async def test_a_stale_offline_event_is_not_stored(scene: Scene, hooks: Hooks, receiver: Receiver, site: Site) -> None:
    """Another node reports them offline and this one online: the order of the two says nothing."""
    await run(hooks.make, receiver, ONLINE, OFFLINE)
    await site.connect(scene.alice)
    await eventually(lambda: _comings(receiver) == [(ONLINE, "alice")])
    site.node.presence_broadcaster.log.record_offline(scene.alice.pk, 101)
    site.node.presence_broadcaster.log.record_offline(scene.bob.pk, 101)
    await eventually(lambda: len(_comings(receiver)) == 2)
    assert _comings(receiver)[1] == (OFFLINE, "bob")


async def test_a_starting_site_stores_a_presence_reset(
    scene: Scene, hooks: Hooks, receiver: Receiver, quick: Any
) -> None:
    await run(hooks.make, receiver, OFFLINE)
    async with serving() as site:
        await eventually(lambda: [one["event"] for one in receiver.events] == [RESET])
        await site.connect(scene.alice)
    async with serving():
        await eventually(lambda: receiver.positions(RESET) == receiver.positions()[-2:])
