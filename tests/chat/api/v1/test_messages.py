"""A service says something: to whom, how often, and what it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.actions import guest_create
from accounts.models import App, Block, User
from chat import selectors
from chat.actions.channel import channel_create_group, channel_create_private
from chat.models import Channel, Message
from delivery.models import ClaimedKey
from tests.chat.api.conftest import Grant, Town
from tests.chat.api.v1.conftest import Caller, Reply
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)


def texts() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("text", flat=True))


def send(bot: Caller, to: dict[str, object], text: str = "hello", **more: object) -> Reply:
    return bot.post("messages/", {"to": to, "msg": text, **more})


@pytest.fixture
def speaker(shop: User, grant: Grant) -> Caller:
    """The shop, which may also speak for others."""
    return Caller(grant(shop, "use_gateway", "speak_for_others"))


def room(app: App) -> str:
    return str(selectors.global_channel(app).pk)


# -- where it goes ----------------------------------------------------------------------------------------------------


def test_to_a_person_who_is_online(bot: Caller, town: Town, alice: User, web: App) -> None:
    screen = town.log_in(alice, web)
    reply = send(bot, {"user": "alice"}, "your parcel has left")
    (sent,) = reply.data["messages"]
    assert reply.status == 201 and sent["online"] is True and sent["to"] == {"user": "alice"}
    assert screen.texts == ["your parcel has left"]
    assert screen.messages[0]["response"]["data"]["id"] == sent["id"]


def test_to_a_person_who_is_offline(bot: Caller, town: Town, alice: User) -> None:
    (sent,) = send(bot, {"user": "ALICE"}).data["messages"]
    assert sent["online"] is False
    channel = Channel.objects.get(pk=sent["target"])
    assert channel.kind == "private" and str(alice.pk) in str(channel.pair)


def test_to_nobody(bot: Caller, db: None) -> None:
    guest_create(name="夏圭？")
    for name in ("ghost", "夏圭？", "\0", "\u202e"):
        assert send(bot, {"user": name}).status == 404
    assert not Channel.objects.exists()


def test_to_oneself(bot: Caller) -> None:
    assert send(bot, {"user": "shop"}).status == 400


def test_to_several_persons_each_is_told(bot: Caller, alice: User, bob: User) -> None:
    reply = send(bot, {"users": ["alice", "ghost", "bob", "alice"]})
    first, second, third = reply.data["messages"]
    assert reply.status == 201
    assert first["target"] != third["target"]
    assert second["to"] == {"user": "ghost"} and second["problem"]["status"] == 404
    assert texts() == ["hello", "hello"]


def test_to_several_of_whom_nobody_exists(bot: Caller, db: None) -> None:
    assert send(bot, {"users": ["ghost", "phantom"]}).status == 404


def test_to_an_app_and_to_everyone(bot: Caller, town: Town, alice: User, web: App, ios: App, old: App) -> None:
    screen = town.log_in(alice, ios)
    assert send(bot, {"app": 101}, "web only").data["messages"][0]["target"] == room(web)
    reply = send(bot, {"everyone": True}, "all")
    assert [one["to"] for one in reply.data["messages"]] == [{"app": 101}, {"app": 102}]
    assert screen.texts == ["all"]


@pytest.mark.parametrize("app", [105, 999])
def test_to_an_app_that_is_disabled_or_unknown(app: int, bot: Caller, old: App) -> None:
    assert send(bot, {"app": app}).status == 404


def test_to_a_group_that_it_is_in_and_to_one_that_it_is_not(bot: Caller, shop: User, alice: User, bob: User) -> None:
    own = channel_create_group(creator=alice, name="With the shop", members=["shop"])
    other = channel_create_group(creator=alice, name="Without", members=["bob"])
    assert send(bot, {"channel": str(own.pk)}).status == 201
    hidden = send(bot, {"channel": str(other.pk)})
    assert hidden.status == 404 and hidden.data == send(bot, {"channel": "999999"}).data


@pytest.mark.parametrize(
    "to",
    [{}, {"channel": "1", "user": "alice"}, {"everyone": False}, {"users": []}, {"users": ["a"] * 1001}, {"x": 1},
     {"channel": 1}, {"channel": "-1"}, {"channel": ""}, {"user": ""}, {"user": 5}, {"app": "101"}, {"app": 0}, []],
)  # fmt: skip
def test_a_place_that_is_none(to: object, bot: Caller, web: App) -> None:
    assert bot.post("messages/", {"to": to, "msg": "hello"}).status == 400


@pytest.mark.parametrize("text", ["", "  ", "a\0b"])
def test_a_text_that_is_none(text: str, bot: Caller, alice: User) -> None:
    assert send(bot, {"user": "alice"}, text).status == 400


def test_a_text_that_is_too_long(bot: Caller, alice: User, settings: Settings) -> None:
    settings.IM_MESSAGE_MAX_LENGTH = 10
    reply = send(bot, {"user": "alice"}, "a" * 11)
    assert (reply.status, reply.code, reply.data["limit"]) == (413, 1011, 10)


def test_one_who_has_blocked_the_service(bot: Caller, shop: User, alice: User, bob: User) -> None:
    channel_create_private(creator=shop, other=bob)
    for person in (alice, bob):
        Block.objects.create(by=person, blocked=shop)
    User.objects.filter(pk=shop.pk).update(restricted=True)
    assert [send(bot, {"user": name}).status for name in ("alice", "bob")] == [403, 403]
    assert not texts()


# -- in whose name ----------------------------------------------------------------------------------------------------


def test_in_a_person_s_name(speaker: Caller, town: Town, alice: User, bob: User, web: App) -> None:
    screen = town.log_in(bob, web)
    assert send(speaker, {"user": "bob"}, "from alice", **{"as": "alice"}).status == 201
    assert screen.messages[0]["response"]["data"]["from"] == "alice"
    assert Message.objects.get().sender == alice


def test_in_a_person_s_name_without_the_right(bot: Caller, alice: User, bob: User) -> None:
    reply = send(bot, {"user": "bob"}, **{"as": "alice"})
    assert reply.status == 403 and "speak_for_others" in reply.data["detail"]
    assert not texts()


def test_in_the_name_of_nobody(speaker: Caller, bob: User) -> None:
    assert send(speaker, {"user": "bob"}, **{"as": "ghost"}).status == 404


def test_in_a_person_s_name_to_a_group_that_they_are_not_in(speaker: Caller, shop: User, alice: User) -> None:
    group = channel_create_group(creator=shop, name="The shop's")
    assert send(speaker, {"channel": str(group.pk)}, **{"as": "alice"}).status == 404


# -- transient --------------------------------------------------------------------------------------------------------


def test_transient_reaches_who_is_there_and_is_stored_nowhere(
    bot: Caller, town: Town, alice: User, bob: User, web: App
) -> None:
    screen = town.log_in(alice, web)
    guest = town.log_in(guest_create(name="夏圭？"), web)
    reply = send(bot, {"users": ["alice", "bob", "夏圭？"]}, "now or never", transient=True)
    assert reply.status == 201
    assert [one["persons"] for one in reply.data["messages"]] == [1, 0, 1]
    assert screen.texts == guest.texts == ["now or never"]
    assert screen.messages[0]["response"]["data"]["target"] == ""
    assert not texts() and not Channel.objects.filter(kind="private").exists()


def test_transient_to_an_app_and_to_a_group(bot: Caller, town: Town, shop: User, alice: User, web: App) -> None:
    group = channel_create_group(creator=alice, name="With the shop", members=["shop"])
    screen = town.log_in(alice, web)
    assert send(bot, {"app": 101}, "to the app", transient=True).data["messages"][0]["persons"] == 1
    assert send(bot, {"channel": str(group.pk)}, "to the group", transient=True).data["messages"][0]["persons"] == 1
    assert screen.texts == ["to the app", "to the group"]


def test_transient_to_where_one_may_not_write(bot: Caller, town: Town, shop: User, alice: User, bob: User) -> None:
    group = channel_create_group(creator=alice, name="Without the shop")
    Block.objects.create(by=bob, blocked=shop)
    assert send(bot, {"channel": str(group.pk)}, transient=True).status == 404
    assert send(bot, {"user": "bob"}, transient=True).status == 403
    assert send(bot, {"user": "bob"}, transient=True, **{"as": "alice"}).status == 403


def test_transient_with_a_key_is_pushed_once(bot: Caller, town: Town, alice: User, web: App) -> None:
    screen = town.log_in(alice, web)
    replies = [send(bot, {"user": "alice"}, transient=True, clientMsgId="1") for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 200]
    assert replies[0].data == replies[1].data
    assert screen.texts == ["hello"]


# -- once -------------------------------------------------------------------------------------------------------------

KEYED: dict[str, Callable[[Caller, dict[str, object]], Reply]] = {
    "header": lambda bot, body: bot.post("messages/", body, Idempotency_Key="parcel-812"),
    "body": lambda bot, body: bot.post("messages/", {**body, "clientMsgId": "parcel-812"}),
}
each_way = pytest.mark.parametrize("call", KEYED.values(), ids=KEYED)
TO = [{"user": "alice"}, {"users": ["alice", "ghost", "bob"]}, {"everyone": True}]


@each_way
@pytest.mark.parametrize("to", TO, ids=str)
def test_a_repeat_gets_the_first_answer(
    call: Callable[[Caller, dict[str, object]], Reply],
    to: dict[str, object],
    bot: Caller,
    town: Town,
    alice: User,
    bob: User,
    web: App,
) -> None:
    first = call(bot, {"to": to, "msg": "hello"})
    count = len(texts())
    # What is answered is what was so at first: she was offline then.
    town.log_in(alice, web)
    again = call(bot, {"msg": "hello", "to": to})
    assert (first.status, again.status) == (201, 200)
    assert again.data == first.data
    assert len(texts()) == count


@each_way
@pytest.mark.parametrize("to", TO, ids=str)
def test_the_same_key_for_another_message(
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


def test_the_same_key_of_another_kind_of_call(bot: Caller, web: App, alice: User) -> None:
    """What those calls leave under their keys is not what a message does."""
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


def test_what_was_refused_uses_no_key_up(bot: Caller, db: None) -> None:
    body: dict[str, object] = {"to": {"user": "late"}, "msg": "hello"}
    assert KEYED["header"](bot, body).status == 404
    User.objects.create_user("late")
    assert KEYED["header"](bot, body).status == 201


def test_a_key_that_has_expired_is_new(bot: Caller, alice: User, settings: Settings) -> None:
    settings.IM_IDEMPOTENCY_HOURS = 0
    assert [KEYED["header"](bot, {"to": {"user": "alice"}, "msg": text}).status for text in "ab"] == [201, 201]


@pytest.mark.parametrize("key", ["a" * 129, "\x80"])
def test_a_key_that_is_none(key: str, bot: Caller, alice: User) -> None:
    reply = bot.post("messages/", {"to": {"user": "alice"}, "msg": "hello"}, Idempotency_Key=key)
    assert reply.status == 400 and not texts()


def test_a_client_id_of_the_person_in_whose_name_it_speaks_is_another(speaker: Caller, alice: User, bob: User) -> None:
    """A service must not hit upon what a person's own client has numbered."""
    channel, _ = channel_create_private(creator=alice, other=bob)
    say(alice, channel, "her own", client_id="1")
    reply = send(speaker, {"user": "bob"}, "in her name", clientMsgId="1", **{"as": "alice"})
    assert reply.status == 201
    assert texts() == ["her own", "in her name"]


def test_fifty_at_once_are_one(bot: Caller, alice: User) -> None:
    """Through two nodes: tests/cluster."""
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


# -- many -------------------------------------------------------------------------------------------------------------


def bulk(bot: Caller, *messages: dict[str, object], **headers: str) -> Reply:
    return bot.post("messages/bulk/", {"messages": messages}, **headers)


def test_many_messages_each_has_its_result(bot: Caller, town: Town, alice: User, bob: User, web: App) -> None:
    screen = town.log_in(alice, web)
    reply = bulk(
        bot,
        {"to": {"user": "alice"}, "msg": "one"},
        {"to": {"user": "ghost"}, "msg": "two"},
        {"to": {"users": ["bob", "alice"]}, "msg": "three"},
        {"to": {}, "msg": "four"},
        {"to": {"user": "alice"}, "msg": " "},
        {"to": {"app": 101}, "msg": "six", "as": "bob"},
    )
    assert reply.status == 200
    assert [one["status"] for one in reply.data["results"]] == [201, 404, 201, 400, 400, 403]
    assert [len(one.get("messages", ())) for one in reply.data["results"]] == [1, 0, 2, 0, 0, 0]
    assert screen.texts == ["one", "three"]


def test_many_messages_are_a_fixed_number_of_queries(
    bot: Caller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    names = [f"person-{number}" for number in range(150)]
    for name in names:
        User.objects.create_user(name)
    with django_assert_max_num_queries(60):
        reply = bulk(bot, *({"to": {"user": name}, "msg": f"hello {name}"} for name in names))
    assert [one["status"] for one in reply.data["results"]] == [201] * 150
    assert Channel.objects.count() == 150


def test_a_call_that_is_repeated_stores_only_what_is_missing(bot: Caller, alice: User) -> None:
    messages: list[dict[str, object]] = [{"to": {"user": name}, "msg": name} for name in ("alice", "late", "alice")]
    first = bulk(bot, *messages, Idempotency_Key="1")
    User.objects.create_user("late")
    again = bulk(bot, *messages, Idempotency_Key="1")
    assert [one["status"] for one in first.data["results"]] == [201, 404, 201]
    assert [one["status"] for one in again.data["results"]] == [200, 201, 200]
    assert sorted(texts()) == ["alice", "alice", "late"]


def test_another_call_with_the_same_key(bot: Caller, alice: User) -> None:
    assert bulk(bot, {"to": {"user": "ghost"}, "msg": "one"}, Idempotency_Key="1").status == 200
    assert bulk(bot, {"to": {"user": "alice"}, "msg": "one"}, Idempotency_Key="1").status == 409
    assert not texts()


def test_a_message_of_many_is_the_same_as_one_sent_alone(bot: Caller, alice: User) -> None:
    message: dict[str, object] = {"to": {"user": "alice"}, "msg": "hello", "clientMsgId": "1"}
    other = message | {"msg": "other"}
    reply = bulk(bot, message, other, message)
    assert [one["status"] for one in reply.data["results"]] == [201, 409, 200]
    assert bot.post("messages/", message).status == 200
    assert texts() == ["hello"]


def test_too_many_messages_in_one_call(bot: Caller, alice: User, settings: Settings) -> None:
    settings.IM_API_MAX_MESSAGES = 3
    to: dict[str, object] = {"users": [f"ghost-{number}" for number in range(4)]}
    assert send(bot, to).status == 413
    assert bulk(bot, *[{"to": {"user": "alice"}, "msg": "x"}] * 4).status == 413
    assert bulk(bot, *[{"to": {"user": "alice"}, "msg": "x"}] * 1001).status == 400
    assert not texts() and not ClaimedKey.objects.exists()
