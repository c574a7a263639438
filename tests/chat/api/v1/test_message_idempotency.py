"""`POST /api/v1/messages/`: a repeated call sends once and gets the first reply."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from accounts.models import App, User
from chat.actions.channel import channel_create_private
from tests.chat.api.conftest import Grant, LiveHub
from tests.chat.api.v1.calls import send, texts
from tests.chat.api.v1.conftest import Caller, Reply
from tests.support.both_ways import each_way
from tests.support.in_process import say

pytestmark = [pytest.mark.django_db(transaction=True), each_way]


def test_a_transient_message_with_a_key_is_pushed_once(bot: Caller, live_hub: LiveHub, alice: User, web: App) -> None:
    screen = live_hub.log_in(alice, web)
    replies = [send(bot, {"user": "alice"}, transient=True, clientMsgId="1") for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 200]
    assert replies[0].data == replies[1].data
    assert screen.texts == ["hello"]


KEYED: dict[str, Callable[[Caller, dict[str, object]], Reply]] = {
    "header": lambda bot, body: bot.post("messages/", body, Idempotency_Key="parcel-812"),
    "body": lambda bot, body: bot.post("messages/", {**body, "clientMsgId": "parcel-812"}),
}

each_way = pytest.mark.parametrize("call", KEYED.values(), ids=KEYED)

TO = [{"user": "alice"}, {"users": ["alice", "ghost", "bob"]}, {"everyone": True}]


@each_way
@pytest.mark.parametrize("to", TO, ids=str)
def test_a_repeated_call_gets_the_first_reply(
    call: Callable[[Caller, dict[str, object]], Reply],
    to: dict[str, object],
    bot: Caller,
    live_hub: LiveHub,
    alice: User,
    bob: User,
    web: App,
) -> None:
    first = call(bot, {"to": to, "msg": "hello"})
    count = len(texts())
    # The response is the first one, from when she was offline.
    live_hub.log_in(alice, web)
    again = call(bot, {"msg": "hello", "to": to})
    assert (first.status, again.status) == (201, 200)
    assert again.data == first.data
    assert len(texts()) == count


@each_way
@pytest.mark.parametrize("to", TO, ids=str)
def test_the_same_key_for_another_message_is_refused(
    call: Callable[[Caller, dict[str, object]], Reply],
    to: dict[str, object],
    bot: Caller,
    alice: User,
    bob: User,
    web: App,
) -> None:
    call(bot, {"to": to, "msg": "hello"})
    before = texts()
    for other in ({"to": to, "msg": "something else"}, {"to": {"users": ["bob", "alice"]}, "msg": "hello"}):
        reply = call(bot, other)
        assert (reply.status, reply.code) == (409, 1009)
    assert texts() == before


def test_a_key_of_another_kind_of_call_is_refused(bot: Caller, web: App, alice: User) -> None:
    """Those calls store other responses under their keys than a message does."""
    hello = {"to": {"user": "alice"}, "msg": "hello"}
    assert bot.post("messages/bulk/", {"messages": [hello]}, Idempotency_Key="1").status == 200
    assert bot.post("messages/", hello, Idempotency_Key="1").status == 409
    live = {"to": {"app": web.number}, "msg": "hello", "transient": True}
    assert bot.post("messages/", live, Idempotency_Key="2").status == 201
    assert bot.post("messages/", hello, Idempotency_Key="2").status == 409
    refused = bot.post("messages/bulk/", {"messages": [{**hello, "clientMsgId": "2"}]}).data["results"]
    assert [one["status"] for one in refused] == [409]
    assert texts() == ["hello"]


def test_two_services_may_use_the_same_key(bot: Caller, alice: User, grant: Grant) -> None:
    other = Caller(grant(User.objects.create_user("bank", kind=User.Kind.SERVICE), "use_gateway"))
    assert [KEYED["header"](one, {"to": {"user": "alice"}, "msg": "hello"}).status for one in (bot, other)] == [201] * 2


def test_a_refused_call_leaves_its_key_unused(bot: Caller, db: None) -> None:
    body: dict[str, object] = {"to": {"user": "late"}, "msg": "hello"}
    assert KEYED["header"](bot, body).status == 404
    User.objects.create_user("late")
    assert KEYED["header"](bot, body).status == 201


def test_an_expired_key_can_be_used_again(bot: Caller, alice: User, settings: Settings) -> None:
    settings.IM_IDEMPOTENCY_HOURS = 0
    assert [KEYED["header"](bot, {"to": {"user": "alice"}, "msg": text}).status for text in "ab"] == [201, 201]


@pytest.mark.parametrize("key", ["a" * 129, "\x80"])
def test_an_invalid_key_is_refused(key: str, bot: Caller, alice: User) -> None:
    reply = bot.post("messages/", {"to": {"user": "alice"}, "msg": "hello"}, Idempotency_Key=key)
    assert reply.status == 400 and not texts()


def test_a_client_message_id_of_the_user_spoken_for_does_not_collide(speaker: Caller, alice: User, bob: User) -> None:
    """A service must not collide with the ids of the user's own client."""
    channel, _ = channel_create_private(creator=alice, other=bob)
    say(alice, channel, "her own", client_id="1")
    reply = send(speaker, {"user": "bob"}, "in her name", clientMsgId="1", **{"as": "alice"})
    assert reply.status == 201
    assert texts() == ["her own", "in her name"]


def test_twelve_concurrent_calls_with_one_key_send_once(bot: Caller, alice: User) -> None:
    """tests/cluster does the same through two nodes."""
    replies: list[Reply] = []

    def call() -> None:
        try:
            replies.append(KEYED["header"](bot, {"to": {"user": "alice"}, "msg": "hello"}))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reply.status for reply in replies) == [200] * 11 + [201]
    assert len({str(reply.data) for reply in replies}) == 1
    assert texts() == ["hello"]
