"""Another system posts into a channel with a secret URL, and no log or table contains the secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.actions import user_deactivate
from accounts.models import App, User
from chat import errors
from chat.actions.channel import channel_create_group, channel_create_private, channel_set_closed
from chat.api.common.throttles import throttles
from chat.errors import ChatError
from chat.models import Channel, IncomingWebhook, Message
from chat.selectors import global_channel
from chat.webhooks.incoming import actions
from chat.webhooks.incoming.actions import (
    incoming_webhook_create,
    incoming_webhook_disable,
    incoming_webhook_enable,
    incoming_webhook_rotate_secret,
)
from tests.chat.api.conftest import FORM
from tests.support.operators import event_kinds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _whole_allowances() -> Iterator[None]:
    throttles.reset()
    yield
    throttles.reset()


@pytest.fixture
def group(web: App, alice: User, bob: User) -> Channel:
    return channel_create_group(creator=alice, name="Ops", members=["bob"])


@pytest.fixture
def webhook(group: Channel, alice: User) -> tuple[IncomingWebhook, str]:
    return incoming_webhook_create(creator=alice, name="Build", channel_id=group.pk)


def _post(secret: str, body: Any, content_type: str = "application/json", **headers: str) -> Any:
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    return Client().post(f"/hooks/{secret}/", raw, content_type, headers=headers)


def _stored_messages(channel: Channel) -> list[tuple[str, str]]:
    rows = Message.objects.filter(channel=channel).order_by("seq")
    return [(row.sender.nickname, row.text) for row in rows.select_related("sender")]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ({"text": "Build 812 is green"}, "application/json"),
        ({"text": "Build 812 is green", "username": "Alice", "channel": "#other"}, "application/json"),
        (urlencode({"payload": json.dumps({"text": "Build 812 is green"})}), FORM),
        (urlencode({"text": "Build 812 is green"}), FORM),
        (urlencode({"text": "Build 812 is green"}), "Application/X-WWW-Form-URLencoded; charset=UTF-8"),
        ('\ufeff{"text": "Build 812 is green"}', "application/json"),
        ('{"text": "Build 812 is green"}', FORM),
        ('{"text": "Build 812 is green"}', "text/plain"),
    ],
)  # fmt: skip
def test_a_post_is_a_message_of_the_bot(
    webhook: tuple[IncomingWebhook, str], group: Channel, body: Any, content_type: str
) -> None:
    answer = _post(webhook[1], body, content_type)
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert _stored_messages(group) == [("Build", "Build 812 is green")]
    webhook[0].refresh_from_db()
    assert webhook[0].last_used_at is not None


@pytest.mark.parametrize("form", [False, True])
def test_a_post_in_slacks_syntax_is_stored_as_it_reads(
    webhook: tuple[IncomingWebhook, str], group: Channel, form: bool
) -> None:
    text = "<https://ci.example/b/812|#812> &amp; more"
    body, kind = (urlencode({"text": text}), FORM) if form else ({"text": text}, "application/json")
    assert _post(webhook[1], body, kind).status_code == 200
    assert _stored_messages(group) == [("Build", "[#812](https://ci.example/b/812) & more")]


def test_a_form_with_slacks_attachments_is_one_message(webhook: tuple[IncomingWebhook, str], group: Channel) -> None:
    payload = {"channel": "#ops", "attachments": [{"fallback": "f", "pretext": "*Alert*", "text": "disk &gt; 90 %"}]}
    assert _post(webhook[1], urlencode({"payload": json.dumps(payload)}), FORM).status_code == 200
    assert _stored_messages(group) == [("Build", "**Alert**\n> disk > 90 %")]


def test_the_bot_visibly_joins_the_group(webhook: tuple[IncomingWebhook, str], group: Channel) -> None:
    assert event_kinds(group) == ["channel.note", "channel.note"]
    assert webhook[0].bot.kind == User.Kind.SERVICE and webhook[0].bot.memberships.filter(channel=group).exists()


def test_a_webhook_posts_into_a_global_channel(web: App) -> None:
    olga = User.objects.create_superuser("olga")
    room = global_channel(web)
    _, secret = incoming_webhook_create(creator=olga, name="News", channel_id=room.pk)
    assert _post(secret, {"text": "hello"}).status_code == 200
    assert _stored_messages(room) == [("News", "hello")]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, 1001), ({"text": ""}, 400, 1001), ({"text": " \n\u2060"}, 400, 1001), ({"text": 7}, 400, 1001),
        ({"blocks": []}, 400, 1001), ({"blocks": [{"type": "divider"}]}, 400, 1001),
        ({"attachments": [{"image_url": "https://a.example/"}]}, 400, 1001), ({"attachments": "x"}, 400, 1001),
        ({"attachments": [{"text": "x" * 8001}]}, 413, 1011),
        ([], 400, 1001), ("", 400, 1001), ("not json", 400, 1001),
        (b"\xff\xfe", 400, 1001),
        ({"text": "a\0b"}, 400, 1001), ({"text": "x" * 8001}, 413, 1011), ({"text": "x" * 70000}, 413, 1011),
        ('{"text": "\\ud800"}', 400, 1001), ("[" * 60000, 400, 1001),
    ],
)  # fmt: skip
def test_an_invalid_message_is_a_clear_problem(
    webhook: tuple[IncomingWebhook, str], group: Channel, body: Any, status: int, code: int
) -> None:
    answer = _post(webhook[1], body)
    assert answer.status_code == status and answer["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert problem["code"] == code and problem["detail"] and webhook[1] not in answer.content.decode()
    assert _stored_messages(group) == []


@pytest.mark.parametrize("form", ["a=1&" * 200 + "text=x", "payload=%7B", "payload=", "%ff=%fe&text=%ff"])
def test_any_form_is_answered_without_a_server_error(webhook: tuple[IncomingWebhook, str], form: str) -> None:
    assert _post(webhook[1], form, FORM).status_code in (200, 400)


def test_a_wrong_and_a_revoked_secret_are_answered_alike(
    webhook: tuple[IncomingWebhook, str], group: Channel, alice: User
) -> None:
    made, secret = webhook

    def refused(by: str) -> str:
        answer = _post(by, {"text": "hello"})
        assert answer.status_code == 404
        return str(json.loads(answer.content)["detail"])

    unknown = refused("x" * 43)
    incoming_webhook_disable(hook_id=made.pk)
    assert refused(secret) == unknown
    incoming_webhook_enable(user=alice, hook_id=made.pk)
    renewed = incoming_webhook_rotate_secret(user=alice, hook_id=made.pk)
    assert refused(secret) == unknown
    assert _post(renewed, {"text": "renewed"}).status_code == 200
    user_deactivate(user_id=alice.pk)
    assert refused(renewed) == unknown
    assert _stored_messages(group) == [("Build", "renewed")]


def test_a_closed_channel_refuses_posts(webhook: tuple[IncomingWebhook, str], group: Channel, alice: User) -> None:
    channel_set_closed(operator=alice, channel_id=group.pk, closed=True)
    answer = _post(webhook[1], {"text": "hello"})
    assert answer.status_code == 409 and _stored_messages(group) == []


def test_a_repeated_key_is_posted_once(webhook: tuple[IncomingWebhook, str], group: Channel) -> None:
    for _ in range(3):
        assert _post(webhook[1], {"text": "hello"}, **{"Idempotency-Key": "812"}).status_code == 200
    assert _stored_messages(group) == [("Build", "hello")]


def test_a_rate_limited_post_is_answered_with_retry_after(
    webhook: tuple[IncomingWebhook, str], group: Channel, settings: Any
) -> None:
    settings.IM_INCOMING_WEBHOOK_RATE, settings.IM_INCOMING_WEBHOOK_BURST = 0.001, 2
    throttles.reset()
    answers = [_post(webhook[1], {"text": str(number)}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert int(answers[2]["Retry-After"]) >= 1
    assert len(_stored_messages(group)) == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_post_is_allowed(webhook: tuple[IncomingWebhook, str], method: str) -> None:
    assert Client().generic(method, f"/hooks/{webhook[1]}/", "{}").status_code == 405


def test_the_secret_is_in_no_log_and_no_table(
    webhook: tuple[IncomingWebhook, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = webhook[1]
    with caplog.at_level(logging.DEBUG):
        assert _post(secret, {"text": "hello"}).status_code == 200
        assert _post(secret, {}).status_code == 400

        def fault(*args: Any, **kwargs: Any) -> None:
            raise OperationalError("the database is away")

        def surprise(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("nobody expected this")

        for failing, status in ((fault, 503), (surprise, 500)):
            monkeypatch.setattr(actions, "message_send_now", failing)
            assert _post(secret, {"text": "hello"}).status_code == status
    for record in caplog.records:
        if not record.name.startswith("django.db"):
            assert secret not in record.getMessage() and secret not in str(record.__dict__.get("call", ""))
    assert secret not in "".join(map(str, IncomingWebhook.objects.values_list()))


@pytest.mark.parametrize("who", ["member", "stranger"])
def test_a_user_who_could_not_create_it_cannot_rotate_or_enable_it(
    webhook: tuple[IncomingWebhook, str], bob: User, who: str
) -> None:
    user = bob if who == "member" else User.objects.create_user("carol")
    for change in (incoming_webhook_rotate_secret, incoming_webhook_enable):
        with pytest.raises(ChatError):
            change(user=user, hook_id=webhook[0].pk)  # type: ignore[operator]
    assert _post(webhook[1], {"text": "hello"}).status_code == 200


def test_enabling_takes_over_a_webhook_of_a_deactivated_user(webhook: tuple[IncomingWebhook, str], alice: User) -> None:
    user_deactivate(user_id=alice.pk)
    assert _post(webhook[1], {"text": "hello"}).status_code == 404
    incoming_webhook_enable(user=User.objects.create_superuser("olga"), hook_id=webhook[0].pk)
    assert _post(webhook[1], {"text": "hello"}).status_code == 200


@pytest.mark.parametrize("who", ["member", "stranger"])
def test_creating_needs_the_right_to_manage_the_group(group: Channel, bob: User, who: str) -> None:
    creator = bob if who == "member" else User.objects.create_user("carol")
    with pytest.raises(ChatError) as refusal:
        incoming_webhook_create(creator=creator, name="Build", channel_id=group.pk)
    assert refusal.value.code is (errors.NOT_AUTHORISED if who == "member" else errors.NO_DATA)
    assert not User.objects.filter(kind=User.Kind.SERVICE, username__startswith="hook-").exists()


def test_a_private_channel_cannot_have_an_incoming_webhook(alice: User, bob: User) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    for creator in (alice, User.objects.create_superuser("olga")):
        with pytest.raises(ChatError) as refusal:
            incoming_webhook_create(creator=creator, name="Build", channel_id=private.pk)
        assert refusal.value.code is errors.NO_DATA
