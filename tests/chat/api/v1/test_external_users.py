"""A service creates external users under its own ids, requests tokens for them, and reaches only its own."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from django.utils import timezone
from PIL import Image
from pytest_django.fixtures import Settings

from accounts.actions import token_issue, user_deactivate
from accounts.models import Device, ExternalUser, User
from accounts.selectors.users import user_by_token
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller

RIGHTS = ("add_externaluser", "view_externaluser", "delete_externaluser")
MAYUAN = "users/external/c-1001/"


@pytest.fixture
def business(shop: User, grant: Grant) -> Caller:
    return Caller(grant(shop, *RIGHTS))


@pytest.fixture
def rival(grant: Grant) -> Caller:
    """Return another service with the same permissions."""
    return Caller(grant(User.objects.create_user("rival", kind=User.Kind.SERVICE), *RIGHTS))


def test_an_external_user_is_created_once_and_found_again(business: Caller) -> None:
    first = business("PUT", MAYUAN, {"nickname": "马远", "userId": "admin", "is_staff": True})
    assert (first.status, first.data["created"], first.data["name"]) == (201, True, "马远")
    assert first.data["userId"].startswith("shop.")
    again = business("PUT", MAYUAN, {})
    assert (again.status, again.data) == (200, first.data | {"created": False})
    assert business("PUT", MAYUAN, {"nickname": "夏圭"}).data["name"] == "夏圭"
    assert business.get(MAYUAN).data["id"] == first.data["id"]
    user = User.objects.get(pk=first.data["id"])
    assert (user.kind, user.is_staff, user.has_usable_password()) == ("person", False, False)
    assert ExternalUser.objects.count() == 1


def test_an_external_user_without_a_nickname_is_named_after_the_service(business: Caller) -> None:
    assert business("PUT", MAYUAN).data["name"] == "The shop"


@pytest.mark.parametrize("path", ["users/external/a%00b/", f"users/external/{'x' * 201}/", "users/external/%E2%80%AE/"])
def test_an_invalid_external_id_is_refused(business: Caller, path: str) -> None:
    assert business("PUT", path, {"nickname": "Eve"}).status == 400
    assert business.get(path).status == 404
    assert business.post(f"{path}token/").status == 404
    assert not ExternalUser.objects.exists()


def test_a_picture_is_re_encoded(business: Caller, settings: Settings, tmp_path: object) -> None:
    settings.DATA_DIR = tmp_path
    picture = BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    reply = business("PUT", MAYUAN, {"nickname": "马远", "avatar": base64.b64encode(picture.getvalue()).decode()})
    assert reply.status == 201 and reply.data["avatar"].startswith("/avatars/")
    assert business("PUT", MAYUAN, {}).data["avatar"] == reply.data["avatar"]
    assert business("PUT", MAYUAN, {"avatar": ""}).data["avatar"] == ""
    for bad in ("https://elsewhere.example/me.png", base64.b64encode(b"<svg/>").decode()):
        assert business("PUT", MAYUAN, {"avatar": bad}).status == 400


def test_a_token_admits_the_external_user_until_it_is_revoked(business: Caller, shop: User) -> None:
    made = business("PUT", MAYUAN, {"nickname": "马远"}).data
    reply = business.post(f"{MAYUAN}token/", {"seconds": 600})
    assert reply.status == 201 and reply.data["userId"] == made["userId"]
    assert 0 < reply.data["expires"] - timezone.now().timestamp() * 1000 <= 600_000
    known = user_by_token(reply.data["serviceToken"])
    assert known is not None and str(known[0].pk) == made["id"]
    device = Device.objects.get(credential=known[1])
    assert (device.user, device.created_by, device.name) == (known[0], shop, "The shop")
    # The user's other connections remain open.
    other = token_issue(user=known[0])
    assert business("DELETE", f"{MAYUAN}token/").status == 204
    assert user_by_token(reply.data["serviceToken"]) is None
    assert user_by_token(other) is not None
    assert Caller(f"Token {reply.data['serviceToken']}").get(MAYUAN).status == 401


@pytest.mark.parametrize("external_id", ["a/b", "/", ".", "..", "\u202e"])
def test_an_id_that_no_call_could_name_is_not_imported(business: Caller, external_id: str) -> None:
    users = [{"externalId": external_id}, {"externalId": "c-1001"}]
    refused, made = business.post("users/import/", {"users": users}).data["results"]
    assert (refused["status"], made["status"]) == (400, 201)


@pytest.mark.parametrize("seconds", [0, -1, 59, 2_592_001, "600", 1e9])
def test_a_token_is_short_lived(business: Caller, seconds: object) -> None:
    business("PUT", MAYUAN)
    assert business.post(f"{MAYUAN}token/", {"seconds": seconds}).status == 400


def test_external_users_of_another_service_do_not_exist(business: Caller, rival: Caller, alice: User) -> None:
    made = business("PUT", MAYUAN).data
    assert rival.get(MAYUAN).status == 404
    assert rival.post(f"{MAYUAN}token/").status == 404
    assert rival("DELETE", f"{MAYUAN}token/").status == 404
    assert rival("DELETE", MAYUAN).status == 404
    # There, the same id is another user.
    assert rival("PUT", MAYUAN).data["id"] != made["id"]
    # An account cannot be reached by its name or id either.
    for name in ("alice", str(alice.pk), made["userId"]):
        assert business.post(f"users/external/{name}/token/").status == 404


def test_an_external_user_with_staff_status_gets_no_token(business: Caller) -> None:
    made = business("PUT", MAYUAN).data
    User.objects.filter(pk=made["id"]).update(is_staff=True)
    assert business.post(f"{MAYUAN}token/").status == 404
    assert business("DELETE", MAYUAN).status == 404


def test_a_deactivated_external_user_gets_no_token(business: Caller) -> None:
    made = business("PUT", MAYUAN).data
    token = business.post(f"{MAYUAN}token/").data["serviceToken"]
    assert business("DELETE", MAYUAN).status == 204
    assert user_by_token(token) is None
    assert business.post(f"{MAYUAN}token/").status == 404
    assert business("PUT", MAYUAN).data == made | {"created": False, "active": False}


def test_a_deactivated_service_is_refused(business: Caller, shop: User) -> None:
    user_deactivate(user_id=shop.pk)
    assert business("PUT", MAYUAN).status == 401


def test_each_service_lists_its_own_external_users(business: Caller, rival: Caller) -> None:
    for number in range(3):
        business("PUT", f"users/external/c-{number}/", {"nickname": f"Customer {number}"})
    rival("PUT", MAYUAN)
    first = business.get("users/external/?limit=2").data
    second = business.get(f"users/external/?limit=2&cursor={first['next']}").data
    assert [(one["externalId"], one["name"]) for one in first["results"] + second["results"]] == [
        (f"c-{number}", f"Customer {number}") for number in range(3)
    ]
    assert second["next"] is None
    assert len(rival.get("users/external/").data["results"]) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "users/external/"),
        ("GET", MAYUAN),
        ("PUT", MAYUAN),
        ("DELETE", MAYUAN),
        ("POST", f"{MAYUAN}token/"),
        ("DELETE", f"{MAYUAN}token/"),
    ],
)
def test_each_call_needs_its_permission(method: str, path: str, alice: User, grant: Grant) -> None:
    assert Caller(None)(method, path).status == 401
    assert Caller(grant(alice, "use_gateway", "view_user"))(method, path).status == 403
