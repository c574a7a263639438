"""`POST /api/v1/messages/bulk/` sends many messages in one call."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import App, User
from chat.models import Channel
from delivery.models import IdempotencyRecord
from tests.chat.api.conftest import LiveHub
from tests.chat.api.v1.calls import bulk, send, texts
from tests.chat.api.v1.conftest import Caller
from tests.support.both_ways import each_way

pytestmark = [pytest.mark.django_db(transaction=True), each_way]


def test_each_message_of_a_bulk_call_has_its_result(
    bot: Caller, live_hub: LiveHub, alice: User, bob: User, web: App
) -> None:
    screen = live_hub.log_in(alice, web)
    reply = bulk(
        bot,
        {"to": {"user": "alice"}, "msg": "one"},
        {"to": {"user": "ghost"}, "msg": "two"},
        {"to": {"users": ["bob", "alice"]}, "msg": "three"},
        {"to": {}, "msg": "four"},
        {"to": {"user": "alice"}, "msg": " \u115f"},
        {"to": {"app": 101}, "msg": "six", "as": "bob"},
    )
    assert reply.status == 200
    assert [one["status"] for one in reply.data["results"]] == [201, 404, 201, 400, 400, 403]
    assert [len(one.get("messages", ())) for one in reply.data["results"]] == [1, 0, 2, 0, 0, 0]
    assert screen.texts == ["one", "three"]


def test_a_bulk_call_costs_a_fixed_number_of_queries(
    bot: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    names = [f"person-{number}" for number in range(150)]
    for name in names:
        User.objects.create_user(name)
    with django_assert_max_num_queries(60):
        reply = bulk(bot, *({"to": {"user": name}, "msg": f"hello {name}"} for name in names))
    assert [one["status"] for one in reply.data["results"]] == [201] * 150
    assert Channel.objects.count() == 150


def test_a_repeated_bulk_call_stores_only_missing_messages(bot: Caller, alice: User) -> None:
    messages: list[dict[str, object]] = [{"to": {"user": name}, "msg": name} for name in ("alice", "late", "alice")]
    first = bulk(bot, *messages, Idempotency_Key="1")
    User.objects.create_user("late")
    again = bulk(bot, *messages, Idempotency_Key="1")
    assert [one["status"] for one in first.data["results"]] == [201, 404, 201]
    assert [one["status"] for one in again.data["results"]] == [200, 201, 200]
    assert sorted(texts()) == ["alice", "alice", "late"]


def test_another_bulk_call_with_the_same_key_is_refused(bot: Caller, alice: User) -> None:
    assert bulk(bot, {"to": {"user": "ghost"}, "msg": "one"}, Idempotency_Key="1").status == 200
    assert bulk(bot, {"to": {"user": "alice"}, "msg": "one"}, Idempotency_Key="1").status == 409
    assert not texts()


def test_a_bulk_message_and_a_single_message_share_their_keys(bot: Caller, alice: User) -> None:
    message: dict[str, object] = {"to": {"user": "alice"}, "msg": "hello", "clientMsgId": "1"}
    other = message | {"msg": "other"}
    reply = bulk(bot, message, other, message)
    assert [one["status"] for one in reply.data["results"]] == [201, 409, 200]
    assert bot.post("messages/", message).status == 200
    assert texts() == ["hello"]


def test_a_bulk_call_has_a_limit_of_messages(bot: Caller, alice: User, settings: Settings) -> None:
    settings.IM_API_MAX_MESSAGES = 3
    to: dict[str, object] = {"users": [f"ghost-{number}" for number in range(4)]}
    assert send(bot, to).status == 413
    assert bulk(bot, *[{"to": {"user": "alice"}, "msg": "x"}] * 4).status == 413
    assert bulk(bot, *[{"to": {"user": "alice"}, "msg": "x"}] * 1001).status == 400
    assert not texts() and not IdempotencyRecord.objects.exists()
