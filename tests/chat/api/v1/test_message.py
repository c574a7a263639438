"""A single message is read, edited, recalled, and its status queried."""

from __future__ import annotations

import pytest

from accounts.models import App, Block, User
from chat.actions.channel import channel_create_group, channel_create_private
from chat.models import Channel, Message, ReadMark
from delivery.models import Receipt
from tests.chat.api.conftest import Grant, LiveHub
from tests.chat.api.v1.conftest import Caller
from tests.support.in_process import say

pytestmark = pytest.mark.django_db(transaction=True)

ALL = ("use_gateway", "view_message", "change_message", "delete_message")


@pytest.fixture
def clerk(shop: User, grant: Grant) -> Caller:
    """Return the shop with permissions to read, edit and recall."""
    return Caller(grant(shop, *ALL))


@pytest.fixture
def group(shop: User, alice: User) -> Channel:
    """Return Alice's group, with the shop in it."""
    return channel_create_group(creator=alice, name="Orders", members=["shop"])


@pytest.fixture
def hidden(alice: User, bob: User) -> Channel:
    """Return a group of Alice and Bob."""
    return channel_create_group(creator=alice, name="Without the shop", members=["bob"])


def test_the_shop_reads_messages_of_its_own_channels(clerk: Caller, group: Channel, alice: User) -> None:
    said = say(alice, group, "one parcel, please")
    reply = clerk.get(f"messages/{said.id}/")
    assert reply.status == 200
    assert (reply.data["msg"], reply.data["from"], reply.data["target"]) == (
        "one parcel, please",
        "alice",
        str(group.pk),
    )


@pytest.mark.parametrize("message_id", ["0", "-1", "x", "99999999999999999999", "123456789"])
def test_a_missing_message_is_not_found(message_id: str, clerk: Caller) -> None:
    for method in ("GET", "DELETE"):
        assert clerk(method, f"messages/{message_id}/").status == 404
    assert clerk("PATCH", f"messages/{message_id}/", {"msg": "x"}).status == 404
    assert clerk.get(f"messages/{message_id}/status/").status == 404


def test_messages_of_other_channels_are_answered_like_missing_ones(clerk: Caller, hidden: Channel, alice: User) -> None:
    said = say(alice, hidden, "our secret")
    for path in (f"messages/{said.id}/", f"messages/{said.id}/status/"):
        reply, absent = clerk.get(path), clerk.get(path.replace(str(said.id), "123456789"))
        assert reply.status == 404 and reply.code == absent.code
    assert clerk("PATCH", f"messages/{said.id}/", {"msg": "ours too"}).status == 404
    assert clerk("DELETE", f"messages/{said.id}/").status == 404
    assert Message.objects.get(pk=said.id).text == "our secret"


def test_a_manager_of_all_groups_reads_and_recalls_in_all_of_them(
    shop: User, grant: Grant, hidden: Channel, alice: User, bob: User
) -> None:
    manager = Caller(grant(shop, *ALL, "manage_channels"))
    said = say(alice, hidden, "spam")
    private, _ = channel_create_private(creator=alice, other=bob)
    secret = say(alice, private, "our secret")
    assert manager.get(f"messages/{said.id}/").status == 200
    assert manager("DELETE", f"messages/{said.id}/").status == 204
    assert manager.get(f"messages/{said.id}/").data["recalled"] is True
    assert manager("PATCH", f"messages/{said.id}/", {"msg": "ham"}).status in (403, 404)
    assert manager.get(f"messages/{secret.id}/").status == 404
    assert manager("DELETE", f"messages/{secret.id}/").status == 404


def test_the_shop_edits_and_recalls_its_own_messages(clerk: Caller, group: Channel, shop: User, alice: User) -> None:
    own, hers = say(shop, group, "tomorow"), say(alice, group, "when?")
    reply = clerk("PATCH", f"messages/{own.id}/", {"msg": "tomorrow"})
    assert (reply.status, reply.data["msg"]) == (200, "tomorrow") and reply.data["editedAt"]
    assert clerk("PATCH", f"messages/{hers.id}/", {"msg": "when!"}).status == 403
    assert clerk("DELETE", f"messages/{hers.id}/").status == 403
    assert clerk("DELETE", f"messages/{own.id}/").status == 204
    assert clerk("DELETE", f"messages/{own.id}/").status == 204
    assert clerk("PATCH", f"messages/{own.id}/", {"msg": "never"}).status == 409


def test_a_permitted_service_edits_and_recalls_in_the_name_of_a_user(
    clerk: Caller, shop: User, grant: Grant, hidden: Channel, alice: User
) -> None:
    said = say(alice, hidden, "hers")
    assert clerk("PATCH", f"messages/{said.id}/", {"msg": "mine", "as": "alice"}).status == 403
    assert clerk("DELETE", f"messages/{said.id}/?as=alice").status == 403
    speaker = Caller(grant(shop, *ALL, "speak_for_others"))
    assert speaker("PATCH", f"messages/{said.id}/", {"msg": "edited", "as": "alice"}).data["msg"] == "edited"
    assert speaker("DELETE", f"messages/{said.id}/?as=ghost").status == 404
    assert speaker("DELETE", f"messages/{said.id}/?as=alice").status == 204


@pytest.mark.parametrize(("method", "right"), [("GET", "view"), ("PATCH", "change"), ("DELETE", "delete")])
def test_each_call_needs_its_permission(
    method: str, right: str, shop: User, grant: Grant, group: Channel, alice: User
) -> None:
    said = say(shop, group)
    others = [name for name in ALL if not name.startswith(right)]
    reply = Caller(grant(shop, *others))(method, f"messages/{said.id}/", {"msg": "x"})
    assert reply.status == 403 and f"chat.{right}_message" in reply.data["detail"]


# -- status -----------------------------------------------------------------------------------------------------------


def test_the_status_contains_deliveries_and_readers(
    clerk: Caller, live_hub: LiveHub, shop: User, alice: User, web: App
) -> None:
    live_hub.log_in(alice, web)
    (sent,) = clerk.post("messages/", {"to": {"user": "alice"}, "msg": "hello"}).data["messages"]
    live_hub.settle()
    live_hub.call(live_hub.hub.receipts.flush())
    status = clerk.get(f"messages/{sent['id']}/status/").data
    assert (status["id"], status["stored"], status["delivered"], status["readBy"]) == (sent["id"], True, 1, [])
    assert [(one["userId"], one["connections"]) for one in status["persons"]] == [("alice", 1)]
    ReadMark.objects.create(channel_id=int(sent["target"]), user=alice, seq=sent["seq"])
    assert [one["userId"] for one in clerk.get(f"messages/{sent['id']}/status/").data["readBy"]] == ["alice"]


def test_a_user_who_hides_read_marks_is_not_listed_as_a_reader(
    clerk: Caller, group: Channel, shop: User, alice: User, bob: User
) -> None:
    (sent,) = clerk.post("messages/", {"to": {"channel": str(group.pk)}, "msg": "hello"}).data["messages"]
    for person in (alice, bob):
        ReadMark.objects.create(channel=group, user=person, seq=sent["seq"])
    path = f"messages/{sent['id']}/status/"
    assert [one["userId"] for one in clerk.get(path).data["readBy"]] == ["alice", "bob"]
    User.objects.filter(pk=alice.pk).update(shares_read=False)
    assert [one["userId"] for one in clerk.get(path).data["readBy"]] == ["bob"]
    Block.objects.create(blocker=bob, blocked=shop)
    assert clerk.get(path).data["readBy"] == []


def test_only_the_sending_service_can_read_the_status_of_a_message_for_a_user(
    shop: User, grant: Grant, alice: User, bob: User
) -> None:
    speaker = Caller(grant(shop, *ALL, "speak_for_others"))
    (sent,) = speaker.post("messages/", {"to": {"user": "bob"}, "msg": "from alice", "as": "alice"}).data["messages"]
    Receipt.objects.create(position=sent["position"], user_id=bob.pk, connections=1, first_at=1)
    assert speaker.get(f"messages/{sent['id']}/status/").data["delivered"] == 1
    assert speaker.get(f"messages/{sent['id']}/").status == 404
    other = Caller(grant(User.objects.create_user("bank", kind=User.Kind.SERVICE), *ALL, "speak_for_others"))
    assert other.get(f"messages/{sent['id']}/status/").status == 404


def test_the_shop_reacts_once_and_reads_reactions(clerk: Caller, group: Channel, alice: User) -> None:
    said = say(alice, group, "one parcel, please")
    path = f"messages/{said.id}/reactions/%E2%9D%A4/"
    state = {"target": str(group.pk), "id": str(said.id), "seq": said.seq, "emoji": "\u2764\ufe0f", "count": 1}
    assert [(clerk("PUT", path).status, clerk("PUT", path).data)] == [(200, state)]
    shown = clerk.get(f"messages/{said.id}/").data["reactions"]
    (one,) = shown
    assert (one["emoji"], one["count"], one["mine"], one["users"][0]["userId"]) == (state["emoji"], 1, True, "shop")
    assert clerk.get(f"channels/{group.pk}/messages/").data["results"][0]["reactions"] == shown
    assert clerk("DELETE", path).data == state | {"count": 0}
    assert [one["count"] for one in clerk.get(f"messages/{said.id}/").data["reactions"]] == [0]


def test_a_reaction_to_a_hidden_message_is_refused_like_an_unknown_one(
    clerk: Caller, hidden: Channel, alice: User
) -> None:
    said = say(alice, hidden)
    refusals = [clerk("PUT", f"messages/{id}/reactions/%F0%9F%91%8D/") for id in (said.id, 999_999_999)]
    assert [(reply.status, reply.data["reason"]) for reply in refusals] == [(404, "message_not_found")] * 2
    assert clerk("PUT", f"messages/{said.id}/reactions/x/").data["reason"] == "not_an_emoji"
