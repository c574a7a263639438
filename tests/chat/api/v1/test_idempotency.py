"""Every creating call is executed once for an `Idempotency-Key`, and a repeat returns the first response."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import LazySettings
from knox.models import AuthToken

from accounts.models import User
from chat.models import Channel, IncomingWebhook, Membership, Webhook
from delivery import log
from delivery.models import IdempotencyRecord
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller

KEY = {"Idempotency-Key": "order-812"}
URL = "https://shop.example/hooks"
RIGHTS = (
    "use_gateway", "add_user", "add_externaluser", "add_channel", "add_membership", "add_webhook", "change_webhook",
    "add_incomingwebhook", "change_incomingwebhook", "manage_channels",
)  # fmt: skip


@pytest.fixture
def creator(shop: User, grant: Grant) -> Caller:
    """Return the shop with every permission to create."""
    return Caller(grant(shop, *RIGHTS))


@pytest.fixture
def group(creator: Caller) -> str:
    """Return a group that the shop owns."""
    return str(creator.post("channels/", {"kind": "public", "name": "Orders"}).data["target"])


def count_created() -> list[int]:
    """Count all rows that calls can create."""
    kinds = (User, Channel, Membership, Webhook, IncomingWebhook, AuthToken)
    return [*(kind.objects.count() for kind in kinds), log.head()]


def call_twice(creator: Caller, path: str, body: Any, other: Any) -> tuple[Any, Any]:
    """Make the same call twice and return both replies, checking that another call with its key is refused.

    The second call must create nothing.
    """
    first = creator.post(path, body, **KEY)
    assert first.status in (200, 201), first.data
    before = count_created()
    again = creator.post(path, body, **KEY)
    assert again.status == 200, again.data
    assert creator.post(path, other, **KEY).status == 409
    assert count_created() == before
    return first, again


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("users/", {"userId": "carol", "password": "correct horse battery"}, {"userId": "dave"}),
        ("channels/", {"kind": "public", "name": "Orders"}, {"kind": "public", "name": "Others"}),
        (
            "webhooks/",
            {"name": "Orders", "url": URL, "events": ["message.sent"]},
            {"name": "Others", "url": URL, "events": ["message.sent"]},
        ),
    ],
)
def test_a_repeated_key_creates_one_object(creator: Caller, path: str, body: Any, other: Any) -> None:
    first, again = call_twice(creator, path, body, other)
    assert first.status == 201
    assert first.data == again.data


def test_a_user_token_is_created_once_and_not_stored_in_plain_text(creator: Caller) -> None:
    creator("PUT", "users/external/c-1/", {})
    first, again = call_twice(creator, "users/external/c-1/token/", {"seconds": 600}, {"seconds": 700})
    assert first.status == 201 and first.data == again.data
    assert AuthToken.objects.filter(user__username=first.data["userId"]).count() == 1
    assert first.data["serviceToken"] not in json.dumps(list(IdempotencyRecord.objects.values()), default=str)


def test_members_are_added_to_a_group_once(creator: Caller, group: str, alice: User, bob: User) -> None:
    path = f"channels/{group}/members/"
    first, again = call_twice(creator, path, {"members": ["alice"]}, {"members": ["bob"]})
    assert [one["userId"] for one in first.data["added"]] == ["alice"]
    assert first.data == again.data


def test_a_secret_is_rotated_once(creator: Caller) -> None:
    webhook = creator.post("webhooks/", {"name": "Orders", "url": URL, "events": ["message.sent"]}).data["id"]
    first, again = (creator.post(f"webhooks/{webhook}/secret/", **KEY) for _ in range(2))
    assert first.data == again.data
    assert Webhook.objects.get(pk=webhook).secret == first.data["secret"]


def test_an_import_continues_after_an_interrupted_attempt(creator: Caller, alice: User) -> None:
    body = {"users": [{"userId": "carol"}, {"userId": "alice"}, {"externalId": "c-1"}, {"userId": "dave"}]}
    first, again = call_twice(creator, "users/import/", body, {"users": [{"userId": "erin"}]})
    assert [one["status"] for one in first.data["results"]] == [201, 409, 201, 201]
    assert [one["status"] for one in again.data["results"]] == [200, 409, 200, 200]
    assert [one.get("user") for one in again.data["results"]] == [one.get("user") for one in first.data["results"]]


def test_two_services_may_use_the_same_key(creator: Caller, grant: Grant) -> None:
    rival = Caller(grant(User.objects.create_user("rival", kind=User.Kind.SERVICE), "add_channel"))
    body = {"kind": "public", "name": "Orders"}
    assert [caller.post("channels/", body, **KEY).status for caller in (creator, rival)] == [201, 201]


@pytest.mark.parametrize("key", ["", "   ", "x" * 129])
def test_an_invalid_idempotency_key_is_refused(creator: Caller, key: str) -> None:
    reply = creator.post("channels/", {"kind": "public", "name": "Orders"}, **{"Idempotency-Key": key})
    assert (reply.status, reply.data["field"]) == (400, "Idempotency-Key")
    assert not Channel.objects.filter(kind="public").exists()


def test_a_response_sealed_with_another_secret_key_is_neither_returned_nor_repeated(
    creator: Caller, settings: LazySettings
) -> None:
    creator("PUT", "users/external/c-1/", {})
    old = settings.SECRET_KEY
    first = creator.post("users/external/c-1/token/", {"seconds": 600}, **KEY)
    before = count_created()
    settings.SECRET_KEY = "another-key-of-this-site-that-is-long-enough"
    assert creator.post("users/external/c-1/token/", {"seconds": 600}, **KEY).status == 409
    assert count_created() == before
    settings.SECRET_KEY = old
    assert creator.post("users/external/c-1/token/", {"seconds": 600}, **KEY).data == first.data
