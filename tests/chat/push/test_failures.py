"""A push service that fails delays no other, and browsers that have replaced their subscriptions keep the new ones."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.credentials import session_credential
from accounts.models import User
from chat.actions.channel import channel_create_private
from chat.models import Channel, PushNotification, PushSubscription
from chat.push import results
from chat.push.actions import BrowserKeys, Choices, push_subscribe
from chat.push.notifications import due_notifications
from chat.push.request import PushRequest
from delivery.db.executors import run
from delivery.outbound.http_client import HttpResult
from tests.chat.push.conftest import Subscribe, stored, until_empty
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import running_node, say
from tests.support.push_service import PushService, base64url
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
REQUEST = PushRequest("http://127.0.0.1/", b"", {})


def answered(row: PushNotification, status: int) -> None:
    """Record that the push service has answered with this status."""
    results.record(row, REQUEST, HttpResult(status, "" if status < 300 else f"It answered {status}.", 1))


def due() -> list[tuple[int, int]]:
    """Return the subscription and channel of each notification that is due."""
    return [(row.subscription_id, row.channel) for row in due_notifications(limit=9, without=[])]


def private(user: User, other: User) -> Channel:
    return channel_create_private(creator=user, other=other)[0]


async def test_a_service_that_does_not_answer_delays_no_other(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe, settings: Any
) -> None:
    settings.IM_PUSH_CONCURRENCY, settings.IM_PUSH_TIMEOUT = 2, 300.0
    bob, carol = await run(subscribe, scenario.bob, everything=True), await run(subscribe, scenario.carol)
    await run(scenario.say)
    for other in (scenario.alice, scenario.carol):
        await run(say, other, await run(private, other, scenario.bob), "hello")
    service.silent = {bob.browser.url.removeprefix(service.url)}
    service.answering.clear()
    async with running_node():
        await wait_until(lambda: bool(service.to(bob.browser)))
        await run(say, scenario.alice, await run(private, scenario.alice, scenario.carol), "hello")
        await wait_until(lambda: bool(service.to(carol.browser)))
        assert len(service.to(bob.browser)) == 1
        service.answering.set()
        await until_empty()
    assert len(service.to(bob.browser)) == 3


async def test_an_unexpected_error_is_not_repeated(
    service: PushService,
    scenario: GroupScenario,
    subscribe: Subscribe,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    phone = await run(subscribe, scenario.bob, everything=True)
    monkeypatch.setattr(results, "record", lambda *args: 1 / 0)
    async with running_node():
        await run(scenario.say)
        await wait_until(lambda: bool(service.to(phone.browser)))
        await until_empty()
    assert len(service.to(phone.browser)) == 1
    assert "push_error" in [record.message for record in caplog.records]


def test_all_notifications_of_a_browser_wait_after_a_failure_and_go_on_after_a_success(
    scenario: GroupScenario, subscribe: Subscribe, settings: Any
) -> None:
    settings.IM_PUSH_BACKOFF_SECONDS, settings.IM_PUSH_RETRIES = 3600, 2
    bob, carol = subscribe(scenario.bob, everything=True).id, subscribe(scenario.carol).id
    group = scenario.group.pk
    direct, other = (private(scenario.alice, user) for user in (scenario.bob, scenario.carol))
    scenario.say()
    for channel in (direct, other):
        say(scenario.alice, channel, "hello")
    assert stored() == 3
    assert sorted(due()) == sorted([(bob, group), (carol, other.pk), (bob, direct.pk)])
    for _ in range(2):
        PushNotification.objects.update(due_at=0)
        answered(PushNotification.objects.get(subscription=bob, channel=group), 503)
        assert due() == [(carol, other.pk)]
    PushNotification.objects.update(due_at=0)
    # The last attempt: it is dropped, and the other one waits nevertheless.
    answered(PushNotification.objects.get(subscription=bob, channel=group), 503)
    assert PushNotification.objects.get(subscription=bob).channel == direct.pk and due() == [(carol, other.pk)]
    scenario.say()
    assert stored() == 3
    answered(PushNotification.objects.get(subscription=bob, channel=group), 201)
    assert sorted(due()) == sorted([(carol, other.pk), (bob, direct.pk)])


def test_a_subscription_that_its_browser_has_replaced_does_not_end_with_the_former_one(
    service: PushService, scenario: GroupScenario, subscribe: Subscribe
) -> None:
    phone = subscribe(scenario.bob, everything=True)
    scenario.say()
    assert stored() == 1
    (row,) = due_notifications(limit=9, without=[])
    fresh = service.browser("fresh")
    push_subscribe(
        user=scenario.bob,
        credential=session_credential(phone.session_key),
        browser=BrowserKeys(fresh.url, fresh.p256dh, base64url(fresh.auth)),
        choices=Choices(direct=True, mentions=True, threads=True, everything=True, shows_text=True),
    )
    answered(row, 410)
    assert PushSubscription.objects.get().endpoint == fresh.url
    assert due() == [(phone.id, scenario.group.pk)]
