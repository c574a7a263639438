"""`users/…` manages accounts for other systems."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from accounts.actions import administrator_create, guest_create, token_issue, user_deactivate
from accounts.actions.anonymization import user_anonymize, user_mark_deleted
from accounts.models import User
from accounts.selectors.users import user_by_token
from chat.actions.moderation import user_ban, user_mute, user_unban
from chat.models import Restriction
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller

RIGHTS = ("view_user", "add_user", "change_user", "delete_user", "add_externaluser")


@pytest.fixture
def keeper(shop: User, grant: Grant) -> Caller:
    """Return the shop with permissions to manage accounts."""
    return Caller(grant(shop, *RIGHTS))


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "users/", "view_user"),
        ("POST", "users/", "add_user"),
        ("GET", "users/alice/", "view_user"),
        ("PATCH", "users/alice/", "change_user"),
        ("DELETE", "users/alice/", "delete_user"),
    ],
)
def test_each_call_needs_its_permission(
    method: str, path: str, right: str, alice: User, bob: User, grant: Grant
) -> None:
    body = {"userId": "carol"} if method == "POST" else {}
    assert Caller(None)(method, path, body).status == 401
    others = [name for name in RIGHTS if name != right]
    assert Caller(grant(alice, "use_gateway", *others))(method, path, body).status == 403
    assert Caller(grant(bob, right))(method, path, body).status < 300


def test_the_shop_lists_accounts_in_pages(keeper: Caller, alice: User, bob: User, shop: User) -> None:
    guest_create(name="Somebody")
    user_deactivate(user_id=bob.pk)
    first = keeper.get("users/?limit=2").data
    assert [(user["userId"], user["active"]) for user in first["results"]] == [("shop", True), ("alice", True)]
    second = keeper.get(f"users/?limit=2&cursor={first['next']}").data
    assert [(user["userId"], user["active"]) for user in second["results"]] == [("bob", False)]
    assert second["next"] is None
    assert set(first["results"][0]) == {"userId", "id", "name", "avatar", "kind", "active"}


def test_the_shop_searches_accounts(keeper: Caller, alice: User, bob: User) -> None:
    assert [user["userId"] for user in keeper.get("users/?q=ALI").data["results"]] == ["alice"]
    assert keeper.get("users/?q=").data == {"results": [], "next": None}
    assert keeper.get("users/?q=%00").data["results"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=007", "cursor=!", "cursor=eHg", "cursor=MDA3"]
)
def test_a_bad_page_is_a_clear_error(keeper: Caller, query: str) -> None:
    assert keeper.get(f"users/?{query}").status == 400


def test_the_shop_creates_an_account(keeper: Caller) -> None:
    more = {"is_staff": True, "kind": "service", "id": "1"}
    reply = keeper.post("users/", {"userId": "Carol", "nickname": "Carol W.", "email": "C@example.org", **more})
    assert (reply.status, reply.data["userId"], reply.data["name"]) == (201, "Carol", "Carol W.")
    carol = User.objects.get(username="Carol")
    assert (carol.is_staff, carol.kind, carol.email, carol.has_usable_password()) == (
        False,
        "person",
        "c@example.org",
        False,
    )
    assert keeper.post("users/", {"userId": "carol"}).status == 409
    assert keeper.post("users/", {"userId": "dave", "email": "c@example.org"}).status == 409
    for bad in (
        {"userId": "two words"},
        {"userId": "import"},
        {"userId": "admin"},
        {"userId": ""},
        {},
        {"userId": 1},
        {"userId": "a\u202eb"},
    ):
        assert keeper.post("users/", bad).status == 400
    reply = keeper.post("users/", {"userId": "dave", "password": "x"})
    assert (reply.status, reply.data["field"]) == (400, "password")
    assert keeper.post("users/", {"userId": "dave", "password": "a good password"}).status == 201
    assert User.objects.get(username="dave").check_password("a good password")


def test_the_shop_changes_and_deactivates_an_account(keeper: Caller, alice: User) -> None:
    token = token_issue(user=alice)
    assert keeper("PATCH", "users/ALICE/", {"nickname": "Al", "username": "eve"}).data["name"] == "Al"
    assert keeper("PATCH", "users/alice/", {"nickname": "A\u202el"}).status == 400
    assert keeper("DELETE", "users/alice/").status == 204
    assert user_by_token(token) is None
    assert keeper.get("users/alice/").data["active"] is False
    assert keeper("PATCH", "users/alice/", {"active": True}).data["active"] is True
    alice.refresh_from_db()
    assert (alice.username, alice.nickname, alice.is_active) == ("alice", "Al", True)


@pytest.mark.parametrize("name", ["nobody", "~x", "a%00b", "two%20words", "%F0%9F%8C%B3"])
def test_an_unknown_name_is_not_found(keeper: Caller, name: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        assert keeper(method, f"users/{name}/", {}).status == 404


def test_a_guest_is_not_found(keeper: Caller) -> None:
    guest = guest_create(name="Somebody")
    assert keeper.get(f"users/{guest.username}/").status == 404
    assert keeper.get("users/Somebody/").status == 404


def test_a_deleted_account_is_not_found(keeper: Caller, alice: User, shop: User) -> None:
    user_mark_deleted(user_id=alice.pk)
    assert keeper.get("users/alice/").status == 404
    assert keeper("PATCH", "users/alice/", {"active": True}).status == 404
    user_anonymize(user_id=alice.pk)
    alice.refresh_from_db()
    assert keeper("PATCH", f"users/{alice.username}/", {"active": True}).status == 404
    assert [user["userId"] for user in keeper.get("users/").data["results"]] == ["shop"]


def test_a_banned_user_can_only_be_activated_by_ending_the_ban(keeper: Caller, alice: User, shop: User) -> None:
    user_ban(operator=shop, user_id=alice.pk)
    refused = keeper("PATCH", "users/alice/", {"active": True})
    assert (refused.status, refused.data["code"]) == (409, 1009) and refused.data["reason"] == "banned_from_site"
    assert keeper("PATCH", "users/alice/", {"nickname": "Al"}).data["active"] is False
    assert Restriction.objects.filter(user=alice).exists()
    user_unban(operator=shop, user_id=alice.pk)
    assert keeper.get("users/alice/").data["active"] is True


def test_a_mute_or_an_expired_ban_does_not_prevent_activation(keeper: Caller, alice: User, shop: User) -> None:
    user_mute(operator=shop, user_id=alice.pk)
    user_ban(operator=shop, user_id=alice.pk)
    Restriction.objects.filter(kind="ban").update(until=timezone.now() - timedelta(seconds=1))
    assert keeper("PATCH", "users/alice/", {"active": True}).data["active"] is True


def test_staff_and_services_cannot_be_changed(keeper: Caller, shop: User) -> None:
    root = administrator_create(username="root", password="a good password")
    for name in ("root", "shop"):
        assert keeper("PATCH", f"users/{name}/", {"nickname": "Eve"}).status == 403
        assert keeper("DELETE", f"users/{name}/").status == 403
    root.refresh_from_db()
    assert (root.nickname, root.is_active) == ("root", True)


def test_an_import_has_a_result_for_each(keeper: Caller, alice: User) -> None:
    rows = [
        {"externalId": "c-1", "nickname": "马远"},
        {"userId": "carol", "nickname": "Carol"},
        {"userId": "ALICE"},
        {"externalId": "c-2", "nickname": "a\u202eb"},
        {"externalId": "c-1", "nickname": "马远"},
        {"externalId": "c-3", "userId": "dave"},
        {},
    ]
    results = keeper.post("users/import/", {"users": rows}).data["results"]
    assert [result["status"] for result in results] == [201, 201, 409, 400, 200, 400, 400]
    assert results[0]["user"]["name"] == "马远" and results[0]["user"]["id"] == results[4]["user"]["id"]
    assert results[2]["problem"]["code"] == 1009
    assert [result["status"] for result in keeper.post("users/import/", {"users": rows}).data["results"]] == [
        200, 409, 409, 400, 200, 400, 400,
    ]  # fmt: skip


def test_names_that_need_joiners_are_imported(keeper: Caller) -> None:
    rows = [
        {"userId": "علی‌رضا", "nickname": "👨‍👩‍👧 Family"},
        {"externalId": "c-1", "nickname": "അനില്‍"},
        {"userId": "علیرضا"},
        {"userId": "ali\u200dce"},
        {"externalId": "c-2", "nickname": "ali\u200bce"},
    ]
    results = keeper.post("users/import/", {"users": rows}).data["results"]
    assert [result["status"] for result in results] == [201, 201, 409, 400, 400]
    # The name is found with and without its joiner, and shown as it was given.
    for spelling in ("علی‌رضا", "علیرضا"):
        found = keeper.get(f"users/{quote(spelling)}/").data
        assert (found["userId"], found["name"]) == ("علی‌رضا", "👨‍👩‍👧 Family")


def test_an_import_is_limited_to_a_thousand_users(keeper: Caller) -> None:
    rows = [{"externalId": f"c-{number}", "nickname": f"Customer {number}"} for number in range(1000)]
    results = keeper.post("users/import/", {"users": rows}).data["results"]
    assert {result["status"] for result in results} == {201}
    assert len({result["user"]["userId"] for result in results}) == 1000
    assert keeper.post("users/import/", {"users": [*rows, rows[0]]}).status == 400


def test_an_import_needs_the_permission_for_each_kind_of_user(shop: User, grant: Grant) -> None:
    caller = Caller(grant(shop, "add_externaluser"))
    assert caller.post("users/import/", {"users": [{"userId": "carol"}]}).status == 403
    assert caller.post("users/import/", {"users": [{"externalId": "1"}]}).status == 200
    other = User.objects.create_user("other", kind=User.Kind.SERVICE)
    caller = Caller(grant(other, "add_user"))
    assert caller.post("users/import/", {"users": [{"externalId": "1"}]}).status == 403
    assert caller.post("users/import/", {"users": [{"userId": "carol"}]}).status == 200
    assert Caller(None).post("users/import/", {"users": []}).status == 401
