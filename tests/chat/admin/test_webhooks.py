"""Olga creates webhooks, tests, disables and enables them, and sees each delivery attempt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from chat.models import Channel, Webhook, WebhookDeadLetter, WebhookDelivery
from delivery import log
from tests.support.operators import SCRIPT, run_admin_action, send_message, staff_browser
from tests.support.receiver import Receiver

HOOKS = "/admin/chat/webhook/"
NEW = {
    "name": "Orders",
    "receiver_url": "https://books.example/in",
    "subscribed_events": ["message.sent"],
    "channel_term": "",
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def _make(operator: Client, **fields: Any) -> Any:
    return operator.post(f"{HOOKS}add/", NEW | fields, follow=True)


def _secret(page: Any) -> str:
    found = re.search(r'id="secret">([^<]+)<', page.content.decode())
    assert found
    return found[1]


@pytest.fixture
def hook(operator: Client, room: Channel, receiver: Receiver) -> Webhook:
    receiver.secret = _secret(_make(operator, receiver_url=receiver.url))
    return Webhook.objects.get()


def test_a_webhook_is_created_and_its_secret_shown_once(operator: Client, group: Channel) -> None:
    page = _make(operator, subscribed_events=["message.sent", "member.left"], channel_term=str(group.pk))
    hook = Webhook.objects.get()
    assert (hook.channel, hook.subscriptions, hook.position) == (group, ["message.sent", "member.left"], log.head())
    assert _secret(page) == hook.secret
    for url in (HOOKS, f"{HOOKS}{hook.pk}/change/"):
        html = operator.get(url).content.decode()
        assert hook.secret not in html and "Painters" in html


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"receiver_url": "http://10.0.0.1/"}, "private network"),
        ({"subscribed_events": []}, "This field is required"),
        ({"channel_term": "Nowhere"}, "There is no such channel"), ({"name": ""}, "This field is required"),
        (
            {"subscribed_events": ["person.online"], "channel_term": "Painters"},
            "only available to a webhook of all channels",
        ),
    ],
)  # fmt: skip
def test_an_invalid_webhook_shows_an_error(operator: Client, group: Channel, fields: dict[str, Any], told: str) -> None:
    assert told in _make(operator, **fields).content.decode()
    assert not Webhook.objects.exists()


def test_a_webhook_is_changed(operator: Client, hook: Webhook) -> None:
    page = f"{HOOKS}{hook.pk}/change/"
    assert "our-own-secret" in operator.get(page).content.decode()
    assert "our-own-secret" not in operator.get(HOOKS).content.decode()
    inline = {f"{rows}-{what}_FORMS": 0 for rows in ("deliveries", "dead_letters") for what in ("TOTAL", "INITIAL")}
    operator.post(page, NEW | inline | {"name": "Books", "subscribed_events": ["member.left"]})
    hook.refresh_from_db()
    assert (hook.name, hook.url, hook.subscriptions) == ("Books", NEW["receiver_url"], ["member.left"])


def test_a_test_request_shows_its_result(operator: Client, hook: Webhook, receiver: Receiver) -> None:
    page = f"{HOOKS}{hook.pk}/"
    assert (
        "1 test events accepted." in operator.post(f"{page}test/", {"confirmed": "test"}, follow=True).content.decode()
    )
    assert receiver.events[0]["event"] == "ping"
    receiver.status = 500
    assert "It answered 500." in operator.post(f"{page}test/", {"confirmed": "test"}, follow=True).content.decode()
    shown = operator.get(f"{page}change/").content.decode()
    assert shown.count("It answered 500.") == 1 and WebhookDelivery.objects.count() == 2


def test_a_webhook_is_disabled_and_enabled_and_shows_the_reason(operator: Client, hook: Webhook) -> None:
    run_admin_action(operator, HOOKS, "disable_selected", hook, confirmed="disable")
    hook.refresh_from_db()
    assert not hook.enabled
    Webhook.objects.update(disabled_reason="Every attempt has failed for 72 hours.", failures=7)
    page = f"{HOOKS}{hook.pk}/"
    assert "Every attempt has failed for 72 hours." in operator.get(f"{page}change/").content.decode()
    operator.post(f"{page}enable/", {"confirmed": "enable"})
    hook.refresh_from_db()
    assert (hook.enabled, hook.disabled_reason, hook.failures) == (True, "", 0)
    entries = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))[-2:]
    assert entries == ["Disable.", "Enable and retry."]


def test_a_webhook_is_replayed_from_an_earlier_position(
    operator: Client, hook: Webhook, alice: User, group: Channel
) -> None:
    said = send_message(alice, group, "hello")
    page = f"{HOOKS}{hook.pk}/"
    operator.post(f"{page}replay/", {"confirmed": "replay", "position": said.position - 1})
    hook.refresh_from_db()
    assert hook.position == said.position - 1
    told = operator.post(f"{page}replay/", {"confirmed": "replay", "position": 10**6}, follow=True).content.decode()
    assert "does not have this position" in told


def test_dead_letters_are_shown_retried_and_deleted(operator: Client, hook: Webhook) -> None:
    page = f"{HOOKS}{hook.pk}/"
    assert "Delete dead letters" not in operator.get(f"{page}change/").content.decode()
    WebhookDeadLetter.objects.create(
        webhook=hook, position=9, status=422, error="It answered 422.", next_attempt_at=None
    )
    assert "It answered 422." in operator.get(f"{page}change/").content.decode()
    assert re.search(r"field-dead_letters[^>]*>\s*1\s*<", operator.get(HOOKS).content.decode())

    operator.post(f"{page}retry/", {"confirmed": "retry"})
    assert WebhookDeadLetter.objects.get().next_attempt_at is not None
    operator.post(f"{page}delete_dead_letters/", {"confirmed": "delete_dead_letters"})
    assert not WebhookDeadLetter.objects.exists()


def test_the_secret_is_rotated_and_shown_once(operator: Client, hook: Webhook) -> None:
    secret = _secret(operator.post(f"{HOOKS}{hook.pk}/rotate_secret/", {"confirmed": "rotate_secret"}))
    before, hook = hook, Webhook.objects.get()
    assert secret == hook.secret != before.secret


def test_a_webhook_is_deleted(operator: Client, hook: Webhook) -> None:
    answer = operator.post(f"{HOOKS}{hook.pk}/remove/", {"confirmed": "remove"}, follow=True)
    assert answer.status_code == 200 and "1 deleted." in answer.content.decode()
    assert not Webhook.objects.exists()


def test_markup_in_a_name_is_escaped(operator: Client, hook: Webhook) -> None:
    Webhook.objects.update(name=SCRIPT, disabled_reason=SCRIPT)
    for url in (HOOKS, f"{HOOKS}{hook.pk}/change/", f"{HOOKS}{hook.pk}/enable/"):
        assert SCRIPT not in operator.get(url).content.decode()


def test_webhooks_need_their_permission(hook: Webhook) -> None:
    looker = staff_browser("view_webhook", "manage_channels")
    assert looker.get(HOOKS).status_code == 200
    assert looker.post(f"{HOOKS}{hook.pk}/disable/", {"confirmed": "disable"}).status_code == 403
    assert looker.get(f"{HOOKS}add/").status_code == 403


def test_a_webhook_of_another_user_is_hidden_without_the_right_to_manage_channels(hook: Webhook) -> None:
    other = staff_browser("view_webhook", "change_webhook")
    assert list(other.get(HOOKS).context["cl"].result_list) == []
    other.post(f"{HOOKS}{hook.pk}/disable/", {"confirmed": "disable"})
    hook.refresh_from_db()
    assert hook.enabled
