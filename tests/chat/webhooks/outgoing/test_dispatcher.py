"""Another system that is down, failing, slow or hostile: nothing is lost, nothing waits for it, nothing leaks."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts.actions import user_deactivate
from chat.models import Webhook, WebhookDelivery
from chat.webhooks.outgoing import deliveries
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.webhooks.outgoing.actions import webhook_disable, webhook_enable, webhook_replay
from chat.webhooks.outgoing.dispatcher import Dispatcher
from delivery import log
from delivery.db.executors import run
from tests.support.eventually import eventually
from tests.support.in_process import Site, say, serving
from tests.support.receiver import Receiver
from tests.support.scene import Scene
from tests.support.webhooks import Hooks, ended, failed, idle, last_error, read, settled

pytestmark = pytest.mark.django_db(transaction=True)


async def test_what_alice_says_arrives_signed_and_in_order(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    for number in range(250):
        await run(scene.say, str(number))
    await eventually(lambda: len(receiver.events) == 250)
    assert receiver.texts() == [str(number) for number in range(250)]
    assert receiver.positions() == sorted(receiver.positions())
    assert {request[0] for request in receiver.requests} == {"/in?key=our-own-secret"}
    await idle(site, hook)
    assert (await read(hook)).position == receiver.positions()[-1]


async def test_several_events_go_in_one_request(scene: Scene, hooks: Hooks, receiver: Receiver, quick: Any) -> None:
    quick.IM_WEBHOOK_BATCH = 40
    hook = await run(hooks.make, receiver, "message.sent")
    await run(lambda: [scene.say(str(number)) for number in range(100)])
    async with serving() as site:
        await idle(site, hook)
    assert receiver.texts() == [str(number) for number in range(100)] and len(receiver.requests) == 3


async def test_a_request_is_bounded_in_bytes(scene: Scene, hooks: Hooks, receiver: Receiver, quick: Any) -> None:
    quick.IM_WEBHOOK_BYTES = 20_000
    hook = await run(hooks.make, receiver, "message.sent")
    await run(lambda: [scene.say("x" * 6000) for _ in range(9)])
    async with serving() as site:
        await idle(site, hook)
    assert len(receiver.events) == 9 and max(len(body) for _, _, body in receiver.requests) < 24_000


async def test_a_receiver_that_is_down_loses_nothing(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    await run(scene.say, "before")
    await eventually(lambda: receiver.texts() == ["before"])
    with receiver.down():
        await run(scene.say, "meanwhile")
        await eventually(lambda: hook.pk in site.node.webhooks._progress)
        await failed(hook, 3)
    await run(scene.say, "after")
    await eventually(lambda: receiver.texts() == ["before", "meanwhile", "after"])
    await idle(site, hook)
    after = await read(hook)
    assert (after.failures, after.failing_since, after.leased_by) == (0, None, "")


async def test_one_that_answers_500_gets_it_again_until_it_does_not(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    receiver.status = 500
    await run(scene.say, "hello")
    await failed(hook, 3)
    assert (await read(hook)).position < (await run(log.head))
    receiver.status = 200
    await eventually(lambda: receiver.texts() == ["hello"])
    bodies = {body for _, _, body in receiver.requests}
    assert len(bodies) == 1
    await idle(site, hook)
    attempts = await run(lambda: list(WebhookDelivery.objects.order_by("pk").values_list("attempt", "status", "error")))
    assert attempts[0] == (1, 500, "It answered 500.") and attempts[-1] == (len(attempts), 200, "")


async def test_a_slow_one_holds_up_neither_the_chat_nor_other_hooks(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site, quick: Any
) -> None:
    quick.IM_WEBHOOK_TIMEOUT = 0.3
    slow = await run(hooks.make, receiver, "message.sent")
    receiver.answering.clear()
    bob = await site.connect(scene.bob)
    with Receiver() as prompt:
        other = await run(hooks.make, prompt, "message.sent")
        await run(scene.say, "1")
        await eventually(lambda: len(receiver.requests) > 0)
        await run(scene.say, "2")
        await bob.push("msg", msg="2")
        await eventually(lambda: prompt.texts() == ["1", "2"])
        await idle(site, other)
    await failed(slow, 1)
    assert (await last_error(slow)) == "No answer within 0.3 s."
    receiver.answering.set()
    await eventually(lambda: receiver.texts()[-2:] == ["1", "2"])


async def test_a_redirect_is_not_followed(scene: Scene, hooks: Hooks, receiver: Receiver, site: Site) -> None:
    with Receiver() as inside:
        hook = await run(hooks.make, receiver, "message.sent")
        for status in (301, 302, 303, 307, 308):
            receiver.status, receiver.location = status, inside.url
            before = len(receiver.requests)
            await run(scene.say, str(status))
            await eventually(lambda before=before: len(receiver.requests) > before)  # type: ignore[misc]
        await failed(hook, 3)
        assert inside.requests == []
        assert "redirects are not followed" in await last_error(hook)
        receiver.status, receiver.location = 200, ""
        await eventually(lambda: len(receiver.texts()) == 5)


async def test_a_private_address_gets_nothing(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site, quick: Any
) -> None:
    """Also where the hook was made while the network was open, or its name leads there only now."""
    hook = await run(hooks.make, receiver, "message.sent")
    quick.IM_WEBHOOK_PRIVATE_NETWORKS = ()
    await run(scene.say, "secret")
    await failed(hook, 2)
    named = receiver.url.replace("127.0.0.1", "localhost")
    await run(lambda: Webhook.objects.update(url=named))
    await failed(hook, 4)
    assert receiver.requests == [] and "private network" in await last_error(hook)


async def test_nothing_of_the_url_or_the_secret_reaches_the_logs(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        hook = await run(hooks.make, receiver, "message.sent")
        await run(scene.say, "hello")
        await eventually(lambda: receiver.texts() == ["hello"])
        for broken in (500, 302):
            receiver.status = broken
            await run(scene.say, "again")
            await failed(hook, 1)
        receiver.stop()
        await failed(hook, 3)
    written = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert not [line for line in written if receiver.secret in line or "our-own-secret" in line]
    errors = await run(lambda: list(WebhookDelivery.objects.values_list("error", flat=True)))
    assert not [error for error in errors if receiver.secret in error or "our-own-secret" in error]


async def test_after_a_long_failure_it_is_switched_off_with_a_reason_and_on_again(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site, quick: Any
) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    receiver.status = 503
    await run(scene.say, "hello")
    await failed(hook, 2)
    assert (await read(hook)).enabled
    long_ago = timezone.now() - timedelta(hours=quick.IM_WEBHOOK_GIVE_UP + 1)
    await run(lambda: Webhook.objects.update(failing_since=long_ago))
    assert await ended(hook) == "Every attempt has failed for 72 hours."
    receiver.status = 200
    await run(scene.say, "later")
    await run(webhook_enable, user=hooks.olga, webhook_id=hook.pk)
    await eventually(lambda: receiver.texts() == ["hello", "later"])


async def test_one_that_is_switched_off_hears_nothing_and_goes_on_from_there(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    await run(webhook_disable, user=hooks.olga, webhook_id=hook.pk)
    with Receiver() as other:
        witness = await run(hooks.make, other, "message.sent")
        await run(scene.say, "hello")
        await idle(site, witness)
    assert receiver.requests == []
    await run(webhook_enable, user=hooks.olga, webhook_id=hook.pk)
    await eventually(lambda: receiver.texts() == ["hello"])


async def test_olga_has_it_told_again(scene: Scene, hooks: Hooks, receiver: Receiver, site: Site) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    first = await run(scene.say, "first")
    await run(scene.say, "second")
    await eventually(lambda: receiver.texts() == ["first", "second"])
    await idle(site, hook)
    await run(webhook_replay, user=hooks.olga, webhook_id=hook.pk, position=first.position)
    await eventually(lambda: receiver.texts() == ["first", "second", "second"])


async def test_a_replay_during_a_delivery_is_not_undone_by_it(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    receiver.answering.clear()
    await run(scene.say, "hello")
    await eventually(lambda: len(receiver.requests) == 1)
    await run(webhook_replay, user=hooks.olga, webhook_id=hook.pk, position=0)
    receiver.answering.set()
    await eventually(lambda: receiver.texts() == ["hello", "hello"])
    await idle(site, hook)


async def test_whose_maker_is_shut_out_hears_nothing_more(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    hook = await run(hooks.make, receiver, "message.sent", channel=scene.group, maker=scene.bob)
    await run(scene.say, "hello")
    await eventually(lambda: receiver.texts() == ["hello"])
    await idle(site, hook)
    await run(lambda: user_deactivate(user_id=scene.bob.pk))
    await run(scene.say, "secret")
    assert await ended(hook) == deliveries.NO_RIGHT
    assert receiver.texts() == ["hello"]


async def test_without_a_hook_what_is_said_asks_the_database_nothing(scene: Scene, quick: Any, site: Site) -> None:
    quick.IM_EVENT_LOG_POLL_INTERVAL, quick.IM_WEBHOOK_INTERVAL = 3600, 0
    other = Dispatcher("other", site.hub)
    await other._look()
    await run(scene.say, "hello")
    await eventually(lambda: site.hub.watermark > other._seen)
    news = asyncio.create_task(other._news())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not news.done()
    other._ready = True
    await news


async def test_two_nodes_never_deliver_one_hook_at_a_time(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site
) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    other = Dispatcher("other", site.hub)
    other.start()
    try:
        receiver.answering.clear()
        await run(scene.say, "hello")
        await eventually(lambda: len(receiver.requests) == 1)
        seen = other._looked, site.node.webhooks._looked
        await eventually(lambda: other._looked > seen[0] and site.node.webhooks._looked > seen[1])
        receiver.answering.set()
        await run(scene.say, "more")
        await eventually(lambda: receiver.texts() == ["hello", "more"])
        await idle(site, hook)
        await settled(hook)
    finally:
        await other.stop()
    assert len(receiver.requests) == 2


async def test_who_takes_over_from_a_node_that_died_delivers_what_it_left(
    scene: Scene, hooks: Hooks, receiver: Receiver, quick: Any
) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    await run(scene.say, "hello")
    assert await run(lambda: deliveries.webhook_lease(hook=hook, node="dead")) is not None
    async with serving() as site:
        seen = site.node.webhooks._looked
        await eventually(lambda: site.node.webhooks._looked > seen)
        assert receiver.requests == []
        await run(lambda: Webhook.objects.update(leased_until=timezone.now() - timedelta(seconds=1)))
        await eventually(lambda: receiver.texts() == ["hello"])


async def test_a_node_that_ends_lets_others_deliver_at_once(
    scene: Scene, hooks: Hooks, receiver: Receiver, quick: Any
) -> None:
    hook = await run(hooks.make, receiver, "message.sent")
    async with serving():
        receiver.answering.clear()
        await run(scene.say, "hello")
        await eventually(lambda: len(receiver.requests) == 1)
    left = await read(hook)
    assert left.leased_by == "" and left.failures == 0
    receiver.answering.set()


async def test_a_hook_that_nothing_concerns_costs_no_write(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = await run(hooks.make, receiver, "member.left", channel=scene.group)

    def written(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("nothing is to be written")

    for name in ("webhook_lease", "webhook_passed", "webhook_attempted"):
        monkeypatch.setattr(deliveries, name, written)
    for number in range(20):
        await run(say, scene.alice, scene.room, str(number))
        await run(scene.say, str(number))
    await idle(site, hook)
    assert receiver.requests == [] and (await read(hook)).position < await run(log.head)


async def test_a_fault_of_the_database_loses_nothing(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was delivered and could not be written down is delivered again."""
    attempted, faults = deliveries.webhook_attempted, 2

    def away(**given: Any) -> bool:
        nonlocal faults
        if faults:
            faults -= 1
            raise OperationalError("the database is away")
        return attempted(**given)

    monkeypatch.setattr(deliveries, "webhook_attempted", away)
    hook = await run(hooks.make, receiver, "message.sent")
    await run(scene.say, "hello")
    await eventually(lambda: receiver.texts() == ["hello"] * 3)
    await settled(hook)
    assert faults == 0 and len(receiver.requests) == 3


async def test_a_look_that_fails_is_made_again(
    scene: Scene, hooks: Hooks, receiver: Receiver, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, faults = hook_selectors.ready_hooks, [OperationalError("the database is away"), RuntimeError("a fault")]

    def away(node: str) -> list[Webhook]:
        if faults:
            raise faults.pop()
        return ready(node)

    monkeypatch.setattr(hook_selectors, "ready_hooks", away)
    await run(hooks.make, receiver, "message.sent")
    await run(scene.say, "hello")
    await eventually(lambda: receiver.texts() == ["hello"])
    assert not faults
