"""Webhooks are created, changed and leased by users and nodes with the right to do so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat import errors
from chat.actions.channel import channel_create_private
from chat.errors import ChatError, Code
from chat.models import Channel, Webhook, WebhookDelivery
from chat.webhooks.outgoing import deliveries
from chat.webhooks.outgoing.actions import (
    webhook_create,
    webhook_delete,
    webhook_disable,
    webhook_enable,
    webhook_replay,
    webhook_rotate_secret,
    webhook_update,
)
from delivery import log
from delivery.outbound.http_client import HttpResult
from tests.support.group_scenario import GroupScenario
from tests.support.receiver import Receiver
from tests.support.webhooks import WebhookFactory

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://books.example/in"
FAILED = HttpResult(500, "It answered 500.", 5)


def _refused(code: Code, **fields: Any) -> str:
    given = {"name": "Books", "url": URL, "events": ["message.sent"]} | fields
    with pytest.raises(ChatError) as refusal:
        webhook_create(**given)
    assert refusal.value.code is code and not Webhook.objects.exists()
    return str(refusal.value)


def _refused_to(user: User, change: Any, **fields: Any) -> None:
    with pytest.raises(ChatError) as refusal:
        change(user=user, **fields)
    assert refusal.value.code is errors.NO_DATA


def test_a_new_webhook_starts_at_the_end_of_the_log(scenario: GroupScenario, olga: User) -> None:
    scenario.say()
    webhook, secret = webhook_create(creator=olga, name="Books", url=URL, events=["member.left", "message.sent"])
    assert webhook.position == log.head() and webhook.enabled
    assert webhook.subscriptions == ["message.sent", "member.left"] and len(secret) >= 32


def test_a_webhook_of_all_channels_needs_the_right_to_manage_them(scenario: GroupScenario) -> None:
    _refused(errors.NOT_AUTHORISED, creator=scenario.alice)


def test_a_channel_of_strangers_does_not_exist(scenario: GroupScenario) -> None:
    text = _refused(errors.NO_DATA, creator=scenario.carol, channel_id=scenario.group.pk)
    assert text == _refused(errors.NO_DATA, creator=scenario.carol, channel_id=12345)


def test_a_manager_of_channels_cannot_subscribe_to_a_private_channel(scenario: GroupScenario, olga: User) -> None:
    private: Channel = channel_create_private(creator=scenario.alice, other=scenario.bob)[0]
    _refused(errors.NO_DATA, creator=olga, channel_id=private.pk)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""}, {"name": "a\0b"}, {"name": "x" * 101}, {"url": "ftp://books.example/"}, {"url": "nothing"},
        {"url": "https://10.0.0.1/"}, {"url": "https://169.254.169.254/latest"},
        {"url": f"https://books.example/{'x' * 500}"},
        {"url": "https://books.example/\n"}, {"events": []}, {"events": ["message.read"]},
        {"events": ["message.sent", "all"]},
    ],
)  # fmt: skip
def test_an_invalid_webhook_is_refused_with_its_field(olga: User, fields: dict[str, Any]) -> None:
    with pytest.raises(ChatError) as refusal:
        webhook_create(**({"creator": olga, "name": "Books", "url": URL, "events": ["message.sent"]} | fields))
    assert refusal.value.code is errors.ILLEGAL_PARAMETER and refusal.value.data
    assert refusal.value.data["field"] == next(iter(fields))


def test_presence_events_need_a_webhook_of_all_channels(scenario: GroupScenario, olga: User) -> None:
    _refused(errors.ILLEGAL_PARAMETER, creator=olga, channel_id=scenario.group.pk, events=["person.online"])


def test_the_number_of_webhooks_is_limited(scenario: GroupScenario, olga: User, settings: Any) -> None:
    settings.IM_MAX_WEBHOOKS = 1
    webhook, _ = webhook_create(creator=olga, name="Books", url=URL, events=["message.sent"])
    with pytest.raises(ChatError) as refusal:
        webhook_create(creator=olga, name="More", url=URL, events=["message.sent"])
    assert refusal.value.code is errors.TOO_MUCH
    webhook_disable(user=olga, webhook_id=webhook.pk)
    webhook_create(creator=olga, name="More", url=URL, events=["message.sent"])
    with pytest.raises(ChatError):
        webhook_enable(user=olga, webhook_id=webhook.pk)


def test_a_webhook_of_another_user_does_not_exist(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    webhook = hooks.make(receiver, "message.sent", channel=scenario.group, creator=scenario.alice)
    for change in (webhook_update, webhook_enable, webhook_disable, webhook_rotate_secret, webhook_delete):
        _refused_to(scenario.bob, change, webhook_id=webhook.pk)
    _refused_to(scenario.bob, webhook_replay, webhook_id=webhook.pk, position=0)
    assert Webhook.objects.filter(pk=webhook.pk, position=webhook.position, enabled=True).exists()


def test_a_secret_is_rotated(scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver) -> None:
    webhook = hooks.make(receiver)
    secret = webhook_rotate_secret(user=hooks.olga, webhook_id=webhook.pk)
    assert secret != webhook.secret and Webhook.objects.get(pk=webhook.pk).secret == secret


def test_a_replay_from_an_unknown_position_is_refused(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    webhook = hooks.make(receiver)
    for position in (-1, log.head() + 1):
        with pytest.raises(ChatError) as refusal:
            webhook_replay(user=hooks.olga, webhook_id=webhook.pk, position=position)
        assert refusal.value.code is errors.ILLEGAL_PARAMETER


def test_a_creator_who_lost_the_right_cannot_enable_it_again(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    webhook = hooks.make(receiver, "message.sent", channel=scenario.group, creator=scenario.bob)
    scenario.leave()
    with pytest.raises(ChatError) as refusal:
        webhook_enable(user=scenario.bob, webhook_id=webhook.pk)
    assert refusal.value.code is errors.NOT_AUTHORISED
    assert webhook_enable(user=hooks.olga, webhook_id=webhook.pk).created_by == hooks.olga


def test_a_manager_cannot_redirect_a_webhook_of_a_private_channel(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    private = channel_create_private(creator=scenario.alice, other=scenario.bob)[0]
    webhook = hooks.make(receiver, "message.sent", channel=private, creator=scenario.alice)
    changes: list[tuple[Any, dict[str, Any]]] = [
        (webhook_update, {"url": URL}), (webhook_rotate_secret, {}), (webhook_enable, {}),
    ]  # fmt: skip
    for change, fields in changes:
        with pytest.raises(ChatError) as refusal:
            change(user=hooks.olga, webhook_id=webhook.pk, **fields)
        assert refusal.value.code is errors.NOT_AUTHORISED
    after = Webhook.objects.get(pk=webhook.pk)
    assert (after.url, after.secret, after.created_by) == (receiver.url, webhook.secret, scenario.alice)
    webhook_disable(user=hooks.olga, webhook_id=webhook.pk)
    webhook_delete(user=hooks.olga, webhook_id=webhook.pk)


def test_only_one_node_holds_the_lease(scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver) -> None:
    webhook = hooks.make(receiver)

    def lease(node: str) -> Webhook | None:
        return deliveries.webhook_lease(webhook=webhook, node=node)

    assert lease("a") and lease("a") and lease("b") is None
    Webhook.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert lease("b") and lease("a") is None


def test_a_node_without_the_lease_does_not_change_the_webhook(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    webhook = hooks.make(receiver)
    slow = deliveries.webhook_lease(webhook=webhook, node="slow")
    assert slow is not None
    Webhook.objects.update(leased_by="quick")
    done: dict[str, Any] = {"first": 1, "last": 2, "upto": 99, "more": False, "events": 1}
    assert not deliveries.webhook_record_attempt(webhook=slow, answer=HttpResult(200, "", 5), **done)
    assert not deliveries.webhook_record_attempt(webhook=slow, answer=FAILED, **done)
    after = Webhook.objects.get(pk=webhook.pk)
    assert (after.position, after.failures, after.leased_by) == (webhook.position, 0, "quick")
    Webhook.objects.all().delete()
    assert not deliveries.webhook_record_attempt(webhook=slow, answer=FAILED, **done)


def test_a_delivery_does_not_override_a_concurrent_replay(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    """This holds even if the same node has the lease again."""
    scenario.say()
    webhook = hooks.make(receiver)
    before = deliveries.webhook_lease(webhook=webhook, node="a")
    moved = webhook_replay(user=hooks.olga, webhook_id=webhook.pk, position=0)
    assert before and deliveries.webhook_lease(webhook=moved, node="a")
    done: dict[str, Any] = {"first": 1, "last": 2, "upto": 2, "more": False, "events": 1}
    assert not deliveries.webhook_record_attempt(webhook=before, answer=HttpResult(200, "", 5), **done)
    assert Webhook.objects.get(pk=webhook.pk).position == 0


def test_each_failure_doubles_the_pause_up_to_a_bound(settings: Any) -> None:
    settings.IM_WEBHOOK_BACKOFF_SECONDS, settings.IM_WEBHOOK_BACKOFF_MAX_SECONDS = 1.0, 3600.0
    for failures, longest in ((1, 1), (2, 2), (5, 16), (13, 3600), (10_000, 3600)):
        drawn = {deliveries.backoff(failures) for _ in range(50)}
        assert len(drawn) > 1 and longest / 2 <= min(drawn) <= max(drawn) <= longest


def test_only_the_newest_attempts_are_kept(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, settings: Any
) -> None:
    settings.IM_WEBHOOK_MAX_LOGGED_ATTEMPTS = 3
    hooks_made = [hooks.make(receiver), hooks.make(receiver)]
    for number in range(5):
        for webhook in hooks_made:
            deliveries.attempt_store(webhook=webhook, answer=FAILED, first=number, events=1)
    deliveries.attempts_delete_old()
    kept = WebhookDelivery.objects.filter(webhook=hooks_made[0]).order_by("pk").values_list("first_position", flat=True)
    assert list(kept) == [2, 3, 4] and WebhookDelivery.objects.count() == 6
