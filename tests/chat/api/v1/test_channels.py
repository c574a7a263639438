"""`channels/…` and their members, called by a member, an owner, a manager of all groups, and a stranger."""

from __future__ import annotations

import pytest

from accounts.actions import user_deactivate
from accounts.models import App, User
from chat.actions.channel import channel_create_group, channel_create_private
from chat.actions.join_requests import invite_accept
from chat.actions.member import member_invite, member_leave, member_set_role
from chat.models import Channel, Membership
from delivery.models import Event
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller
from tests.support.in_process import create_users

CHANNEL = ("view_channel", "add_channel", "change_channel", "delete_channel")
MEMBERSHIP = ("view_membership", "add_membership", "change_membership", "delete_membership")


@pytest.fixture
def caller(shop: User, grant: Grant) -> Caller:
    """Return the shop with all channel permissions that do not bypass the chat's own checks."""
    return Caller(grant(shop, *CHANNEL, *MEMBERSHIP))


@pytest.fixture
def manager(grant: Grant) -> Caller:
    """Return another service, which manages all groups and is in none."""
    service = User.objects.create_user("manager", kind=User.Kind.SERVICE)
    return Caller(grant(service, *CHANNEL, *MEMBERSHIP, "manage_channels"))


@pytest.fixture
def hidden(alice: User, bob: User) -> Channel:
    """Return a group of Alice and Bob."""
    return channel_create_group(creator=alice, name="Secret", members=["bob"])


@pytest.fixture
def own(shop: User, alice: User, bob: User) -> Channel:
    """Return a group that the shop owns."""
    return channel_create_group(creator=shop, name="Orders", members=["alice"])


def _everything(target: object) -> list[tuple[str, str, object]]:
    base = f"channels/{target}/"
    return [
        ("GET", base, None),
        ("PATCH", base, {"name": "Mine"}),
        ("PATCH", base, {"closed": True}),
        ("DELETE", base, None),
        ("GET", f"{base}members/", None),
        ("POST", f"{base}members/", {"members": ["bob"]}),
        ("POST", f"{base}members/", {"members": ["shop"]}),
        ("PATCH", f"{base}members/bob/", {"role": "admin"}),
        ("DELETE", f"{base}members/bob/", None),
        ("DELETE", f"{base}members/shop/", None),
    ]


def test_hidden_channels_are_answered_like_missing_ones(
    caller: Caller, hidden: Channel, alice: User, bob: User
) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    before = Event.objects.count()
    for real, absent in zip(_everything(hidden.pk), _everything(2**62), strict=True):
        answers = [caller(*call) for call in (real, absent)]
        assert answers[0].status == 404, real
        assert answers[0].data == answers[1].data
    for call in _everything(private.pk):
        assert caller(*call).status == 404, call
    for odd in ("0", "x", "-1", "9" * 30, "%00", "１", f"00{hidden.pk}", "1e3", "1_0", "%201"):
        assert caller.get(f"channels/{odd}/").status == 404
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "channels/", "view_channel"),
        ("POST", "channels/", "add_channel"),
        ("GET", "channels/{}/", "view_channel"),
        ("PATCH", "channels/{}/", "change_channel"),
        ("DELETE", "channels/{}/", "delete_channel"),
        ("GET", "channels/{}/members/", "view_membership"),
        ("POST", "channels/{}/members/", "add_membership"),
        ("PATCH", "channels/{}/members/alice/", "change_membership"),
        ("DELETE", "channels/{}/members/alice/", "delete_membership"),
        ("GET", "channels/{}/messages/", "view_message"),
    ],
)
def test_each_call_needs_its_permission(
    method: str, path: str, right: str, own: Channel, shop: User, grant: Grant
) -> None:
    path = path.format(own.pk)
    body = {"kind": "public", "name": "New", "members": ["bob"], "role": "admin"}
    assert Caller(None)(method, path, body).status == 401
    rights = [name for name in (*CHANNEL, *MEMBERSHIP, "view_message", "use_gateway") if name != right]
    lacking = Caller(grant(shop, *rights))(method, path, body)
    assert lacking.status == 403 and right in lacking.data["detail"]
    assert Caller(grant(shop, right))(method, path, body).status < 300


def test_the_shop_creates_a_group(caller: Caller, shop: User, alice: User, bob: User) -> None:
    body = {"kind": "public", "name": "Painters", "members": ["alice", "BOB"], "role": "x", "closed": True}
    reply = caller.post("channels/", body)
    assert (reply.status, reply.data["name"], reply.data["role"], reply.data["closed"]) == (
        201,
        "Painters",
        "owner",
        False,
    )
    assert caller.get(f"channels/{reply.data['target']}/").data == reply.data
    assert reply.data["memberCount"] == 3
    for bad, status in (
        ({"kind": "public"}, 400),
        ({"kind": "global", "name": "All"}, 400),
        ({"kind": "public", "name": "a\u202eb"}, 400),
        ({"kind": "public", "name": "P", "members": ["nobody"]}, 404),
        ({"kind": "private", "members": ["alice", "bob"]}, 400),
        ({"kind": "private", "members": ["shop"]}, 400),
        ({"kind": "private", "members": ["nobody"]}, 404),
    ):
        assert caller.post("channels/", bad).status == status, bad


def test_a_repeated_key_creates_one_group(caller: Caller, alice: User) -> None:
    body = {"kind": "public", "name": "Painters"}
    first = caller.post("channels/", body, Idempotency_Key="k")
    again = caller.post("channels/", body, Idempotency_Key="k")
    assert (first.status, again.status) == (201, 200)
    assert first.data == again.data
    assert caller.post("channels/", body | {"name": "Poets"}, Idempotency_Key="k").status == 409
    assert Channel.objects.filter(kind="public").count() == 1


def test_the_private_channel_with_alice_exists_once(caller: Caller, alice: User) -> None:
    first = caller.post("channels/", {"kind": "private", "members": ["alice"]})
    again = caller.post("channels/", {"kind": "private", "members": ["alice"]})
    assert (first.status, again.status) == (201, 200)
    assert first.data["target"] == again.data["target"] and first.data["peer"]["userId"] == "alice"


def test_channels_are_listed_in_pages(caller: Caller, web: App, own: Channel, hidden: Channel) -> None:
    first = caller.get("channels/?limit=1").data
    second = caller.get(f"channels/?limit=1&cursor={first['next']}").data
    seen = [first["results"][0]["target"], second["results"][0]["target"]]
    room = Channel.objects.get(app=web)
    assert seen == [str(pk) for pk in sorted((room.pk, own.pk))]
    assert second["next"] is None
    assert [item["name"] for item in caller.get("channels/?kind=public").data["results"]] == ["Orders"]
    assert caller.get("channels/?q=ORD").data["results"][0]["name"] == "Orders"
    assert caller.get("channels/?q=Secret").data["results"] == []
    assert caller.get("channels/?kind=x").status == 400


def test_a_manager_acts_in_every_group_but_in_no_private_channel(
    manager: Caller, hidden: Channel, alice: User, bob: User
) -> None:
    private, _ = channel_create_private(creator=alice, other=bob)
    base = f"channels/{hidden.pk}/"
    listed = manager.get("channels/").data["results"]
    assert [(item["target"], item["role"]) for item in listed] == [(str(hidden.pk), None)]
    assert (
        manager("PATCH", base, {"name": "Open secret", "history": "all", "slowMode": 5}).data["name"] == "Open secret"
    )
    assert manager("PATCH", f"{base}members/bob/", {"role": "admin"}).status == 200
    assert manager("DELETE", f"{base}members/bob/").status == 204
    assert manager.post(f"{base}members/", {"members": ["bob"]}).data["added"][0]["userId"] == "bob"
    assert manager("DELETE", f"{base}members/manager/").status == 404
    assert manager("PATCH", f"{base}members/manager/", {"role": "owner"}).status == 404
    assert manager("DELETE", base).status == 204
    hidden.refresh_from_db()
    assert (hidden.closed, hidden.history, hidden.slow_mode) == (True, "all", 5)
    for call in _everything(private.pk):
        assert manager(*call).status == 404, call


def test_the_permission_has_no_effect_for_a_user_account(alice: User, grant: Grant, own: Channel, shop: User) -> None:
    member_leave(user=alice, channel_id=own.pk)
    caller = Caller(grant(alice, *CHANNEL, "manage_channels"))
    assert caller.get(f"channels/{own.pk}/").status == 404
    assert caller("PATCH", f"channels/{own.pk}/", {"name": "Mine"}).status == 404
    assert caller.get("channels/").data["results"] == []


def test_a_plain_member_cannot_change_a_group(caller: Caller, hidden: Channel, alice: User, shop: User) -> None:
    member_invite(user=alice, channel_id=hidden.pk, names=["shop"])
    base = f"channels/{hidden.pk}/"
    assert caller.get(base).data["role"] == "member"
    assert caller("PATCH", base, {"name": "Mine"}).status == 403
    assert caller("PATCH", base, {"closed": True}).status == 403
    assert caller("DELETE", base).status == 403
    assert caller("PATCH", f"{base}members/bob/", {"role": "admin"}).status == 403
    assert caller("DELETE", f"{base}members/bob/").status == 403
    member_set_role(user=alice, channel_id=hidden.pk, name="shop", role="admin")
    assert caller("PATCH", base, {"name": "Ours"}).status == 200
    assert caller("PATCH", base, {"history": "all"}).status == 403
    assert caller("DELETE", base).status == 403
    assert caller("DELETE", f"{base}members/shop/").status == 204
    assert caller.get(base).status == 404


def test_a_change_is_all_or_nothing(caller: Caller, own: Channel) -> None:
    before = Event.objects.count()
    assert caller("PATCH", f"channels/{own.pk}/", {"name": "", "listed": True}).status == 400
    assert caller("PATCH", f"channels/{own.pk}/", {"name": "New", "slowMode": 10**9}).status == 400
    own.refresh_from_db()
    assert (own.name, own.listed) == ("Orders", False)
    assert Event.objects.count() == before
    changed = caller("PATCH", f"channels/{own.pk}/", {"name": "Sales", "join": "closed", "closed": True}).data
    assert (changed["name"], changed["join"], changed["closed"]) == ("Sales", "closed", True)
    assert caller("PATCH", f"channels/{own.pk}/", {"name": "Late"}).status == 409
    assert caller("PATCH", f"channels/{own.pk}/", {"name": "Early", "closed": False}).data["closed"] is False


def test_a_global_channel_cannot_be_changed(caller: Caller, manager: Caller, web: App) -> None:
    room = Channel.objects.get(app=web)
    for one in (caller, manager):
        assert one.get(f"channels/{room.pk}/").data["appId"] == 101
        assert one.get(f"channels/{room.pk}/members/").data["results"] == []
        assert one("PATCH", f"channels/{room.pk}/", {"name": "Mine"}).status == 403
        assert one("DELETE", f"channels/{room.pk}/").status == 403


def test_the_global_channel_of_a_disabled_app_does_not_exist(caller: Caller, old: App) -> None:
    assert caller.get(f"channels/{Channel.objects.get(app=old).pk}/").status == 404


def test_members_are_listed_in_pages_and_removed(
    caller: Caller, own: Channel, shop: User, alice: User, bob: User
) -> None:
    base = f"channels/{own.pk}/members/"
    assert caller.post(base, {"members": ["alice", "bob"]}).data["added"][0]["userId"] == "bob"
    assert caller.post(base, {"members": ["alice", "bob"]}).data["added"] == []
    first = caller.get(f"{base}?limit=2").data
    second = caller.get(f"{base}?limit=2&cursor={first['next']}").data
    assert {(one["userId"], one["role"]) for one in first["results"] + second["results"]} == {
        ("shop", "owner"),
        ("alice", "member"),
        ("bob", "member"),
    }
    assert second["next"] is None
    assert caller("PATCH", f"{base}alice/", {"role": "admin"}).data == {"userId": "alice", "role": "admin"}
    assert caller("PATCH", f"{base}alice/", {"role": "god"}).status == 400
    assert caller("PATCH", f"{base}shop/", {"role": "member"}).status == 409
    user_deactivate(user_id=bob.pk)
    assert caller("DELETE", f"{base}bob/").status == 204
    assert caller("DELETE", f"{base}bob/").status == 404
    assert caller.post(base, {"members": ["bob"]}).status == 404
    assert caller.post(base, {"members": []}).status == 400
    assert not Membership.objects.filter(channel=own, user=bob, until_position=None).exists()


def test_the_shop_joins_an_open_group(caller: Caller, alice: User, hidden: Channel) -> None:
    group = channel_create_group(creator=alice, name="Open", join="open", listed=True)
    assert caller.post(f"channels/{group.pk}/members/", {"members": ["shop"]}).data == {"added": []}
    assert caller.get(f"channels/{group.pk}/").data["role"] == "member"


def test_a_service_makes_links_and_decides_requests(caller: Caller, own: Channel, shop: User) -> None:
    base = f"channels/{own.pk}/"
    link = caller.post(f"{base}invites/", {"seconds": 3600, "needsApproval": True}).data
    assert caller.get(f"{base}invites/").data == {"results": [link]}
    assert caller.post(f"{base}invites/", {"maxUses": 0}).status == 400
    for name in ("dave", "erin"):
        invite_accept(user=create_users(name)[0], token=link["token"])
    page = caller.get(f"{base}join-requests/?limit=1").data
    assert [item["who"]["userId"] for item in page["results"]] == ["dave"] and page["next"] is not None
    assert caller.get(base).data["joinRequests"] == 2
    assert caller("PATCH", f"{base}join-requests/dave/", {"approve": True}).status == 204
    assert caller("PATCH", f"{base}join-requests/erin/", {"approve": False}).status == 204
    assert caller("PATCH", f"{base}join-requests/erin/", {"approve": False}).status == 404
    assert "dave" in [item["userId"] for item in caller.get(f"{base}members/").data["results"]]
    assert caller("DELETE", f"{base}invites/{link['id']}/").status == 204
    assert caller("DELETE", f"{base}invites/{link['id']}/").status == 404
