"""Notifications reach the browsers of users who are away, encrypted for them, and survive failures and restarts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat.actions.channel import channel_create_private
from chat.models import PushNotification, PushState, PushSubscription
from chat.push import keys
from delivery.db.executors import run
from tests.chat.push.conftest import Subscribe, until_empty
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import running_node, say
from tests.support.push_service import PushService
from tests.support.waiting import wait_until
from tests.support.webhooks import wait_until_stored

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_mention_is_signed_encrypted_and_shown_once(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe
) -> None:
    phone = await run(subscribe, scenario.bob)
    async with running_node():
        await run(scenario.say, "not for you")
        said = await run(scenario.say, "hello **@bob**")
        await wait_until(lambda: bool(service.to(phone.browser)))
        await until_empty()
    (message,) = service.to(phone.browser)
    assert message.public_key == await run(keys.public_key)
    assert message.claims["sub"] == "mailto:imsite@localhost"
    assert 86_000 < int(message.headers["TTL"]) <= 86_400
    assert message.headers["Topic"] == f"channel-{scenario.group.pk}"
    assert message.headers["Content-Encoding"] == "aes128gcm" and len(message.body) < 4096
    assert service.shown(phone.browser) == [
        {
            "user": str(scenario.bob.pk),
            "subscription": str(phone.id),
            "target": str(scenario.group.pk),
            "seq": said.seq,
            "message": str(said.id),
            "count": 1,
            "name": "Alice",
            "channel": "Painters",
            "text": "hello @bob",
        }
    ]
    assert (await run(PushSubscription.objects.get)).succeeded_at is not None


async def test_messages_between_commit_and_push_survive_a_restart(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe
) -> None:
    phone = await run(subscribe, scenario.bob, everything=True)
    # No node runs when the first is stored, and none has an answer when the second node stops.
    await run(scenario.say, "first")
    service.answering.clear()
    async with running_node():
        await wait_until(lambda: bool(service.to(phone.browser)))
    service.answering.set()
    await run(scenario.say, "second")
    async with running_node():
        await wait_until(lambda: len(service.to(phone.browser)) > 1)
        await until_empty()
    last = service.shown(phone.browser)[-1]
    assert (last["text"], last["count"]) == ("second", 2)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_deleted(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe, status: int
) -> None:
    await run(subscribe, scenario.bob, everything=True)
    service.statuses = [status]
    async with running_node():
        await run(scenario.say)
        await wait_until_stored(lambda: not PushSubscription.objects.exists())
    assert not await run(PushNotification.objects.exists)


async def test_a_busy_service_is_asked_again_after_its_pause(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe
) -> None:
    phone = await run(subscribe, scenario.bob, everything=True)
    service.statuses, service.retry_after = [429], "3600"
    async with running_node():
        await run(scenario.say, "now")
        await wait_until(lambda: len(service.to(phone.browser)) == 1)
        await wait_until_stored(lambda: PushNotification.objects.filter(attempts=1).exists())
        row = await run(PushNotification.objects.get)
        assert 3_590_000 < row.due_at - row.created_at < 3_700_000
        # An hour later.
        await run(PushNotification.objects.update, due_at=row.created_at)
        await until_empty()
    assert [shown["text"] for shown in service.shown(phone.browser)] == ["now", "now"]


async def test_a_failing_service_is_asked_a_few_times(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe, settings: Any
) -> None:
    settings.IM_PUSH_RETRIES = 2
    phone = await run(subscribe, scenario.bob, everything=True)
    service.statuses = [500, 503, 502, 500]
    async with running_node():
        await run(scenario.say)
        await wait_until(lambda: len(service.to(phone.browser)) == 3)
        await until_empty()
    assert len(service.to(phone.browser)) == 3 and await run(PushSubscription.objects.exists)


async def test_a_refused_notification_is_dropped_and_the_log_has_no_secret(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await run(subscribe, scenario.bob, everything=True)
    service.statuses = [403]
    async with running_node():
        await run(scenario.say)
        await wait_until(lambda: any(record.message == "push_dropped" for record in caplog.records))
    assert len(service.to(phone.browser)) == 1 and await run(PushSubscription.objects.exists)
    assert not any(phone.session_key in str(vars(record)) for record in caplog.records)


async def test_one_node_sends_and_another_takes_over(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe, settings: Any
) -> None:
    settings.IM_PUSH_LEASE_SECONDS = 0.3
    phone = await run(subscribe, scenario.bob, everything=True)
    await run(scenario.say, "late")
    await run(_lease_to_a_dead_node)
    async with running_node() as node:
        await wait_until(lambda: len(service.to(phone.browser)) == 1)
        assert (await run(PushState.objects.get)).leased_by == node.node.nodes.id
        # A lease that does not end by itself shows that the node releases it.
        settings.IM_PUSH_LEASE_SECONDS = 3600
        later = timezone.now() + timedelta(minutes=5)
        await wait_until_stored(PushState.objects.filter(leased_until__gt=later).exists)
    assert (await run(PushState.objects.get)).leased_by == ""


def _lease_to_a_dead_node() -> None:
    from chat.push.notifications import push_lease

    assert push_lease(node="dead") is not None


async def test_messages_are_not_missed_after_the_log_has_lost_events(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe
) -> None:
    phone = await run(subscribe, scenario.bob, everything=True)
    async with running_node() as node:
        await run(scenario.say, "before")
        await wait_until(lambda: bool(service.to(phone.browser)))
        await until_empty()
        # As if a replica that lagged had taken over.
        node.node.push._position = 1_000_000_000
        node.hub.rewinds += 1
        await run(scenario.say, "after")
        await wait_until(lambda: len(service.to(phone.browser)) > 1)
    assert [shown["text"] for shown in service.shown(phone.browser)] == ["before", "after"]


async def test_users_who_look_at_a_page_are_left_alone(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe
) -> None:
    bob, carol = await run(subscribe, scenario.bob), await run(subscribe, scenario.carol)
    to_bob, to_carol = [await run(_private, scenario.alice, user) for user in (scenario.bob, scenario.carol)]
    async with running_node() as node:
        page = await node.connect(scenario.bob)
        await page.call("push.active", active=True)
        await run(say, scenario.alice, to_bob, "you see this")
        await run(say, scenario.alice, to_carol, "you do not")
        await wait_until(lambda: len(service.to(carol.browser)) == 1)
        await wait_until_stored(lambda: PushNotification.objects.filter(is_deferred=True).exists())
        # He looks away before he has read it.
        await page.call("push.active", active=False)
        await run(PushNotification.objects.update, due_at=0)
        await wait_until(lambda: len(service.to(bob.browser)) == 1)
        await until_empty()


def _private(user: User, other: User) -> Any:
    return channel_create_private(creator=user, other=other)[0]


async def test_what_was_read_meanwhile_is_not_sent(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe
) -> None:
    bob, last = await run(subscribe, scenario.bob, everything=True), await run(subscribe, scenario.carol)
    said = await run(scenario.say, "read at once")
    to_carol = await run(_private, scenario.alice, scenario.carol)
    async with running_node() as node:
        page = await node.connect(scenario.bob)
        await page.call("read.mark", target=str(scenario.group.pk), seq=said.seq)
        await run(PushNotification.objects.update, due_at=0)
        await run(say, scenario.alice, to_carol)
        await wait_until(lambda: bool(service.to(last.browser)))
        await until_empty()
    assert len(service.to(bob.browser)) <= 1
