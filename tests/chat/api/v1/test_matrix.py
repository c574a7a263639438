"""Attack 3, HTTP: every call with every token but the right one, and on every object of another user.

The calls come from the served paths: a new kind of object without an entry here fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.actions import app_create, guest_create, service_create, token_issue
from accounts.actions.external_users import ExternalUserData, external_user_upsert
from accounts.models import User
from chat import urls
from chat.actions.channel import channel_create_global, channel_create_group
from chat.actions.invites import invite_create
from chat.actions.scheduled import message_schedule
from chat.actions.upload import upload_create
from chat.api.v1 import urls as v1
from chat.webhooks.incoming.actions import incoming_webhook_create
from chat.webhooks.outgoing.actions import webhook_create
from delivery import log
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller, Reply
from tests.support.database import shared_rows
from tests.support.fixtures.users import register
from tests.support.in_process import say

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ABSENT = "999999999"
CALLS = [
    (method, pattern.pattern._route, permission)
    for pattern in v1.urlpatterns
    if hasattr(pattern.pattern, "_route")
    for method, permission in pattern.callback.cls.permissions.items()
]
RIGHTS = {permission for _, _, permission in CALLS if permission}
NAMED = {
    "channel_id": "$channel",
    "message_id": "$message",
    "webhook_id": "$webhook",
    "hook_id": "$hook",
    "external_id": "$external",
    "name": "$name",
    "app": "101",
    "emoji": quote("👍"),
    "preview_id": "x",
    "attachment_id": "x",
    "key": "$upload",
    "scheduled_id": "$scheduled",
    "invite_id": "$invite",
}
"""Parameters in paths. A new kind of object needs an entry here that belongs to another user."""
BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "messages/<message_id>/"): {"msg": "x"},
    ("POST", "messages/<message_id>/forward/"): {"to": {"user": "alice"}},
    ("PATCH", "channels/<channel_id>/"): {"name": "x"},
    ("POST", "channels/<channel_id>/members/"): {"members": ["alice"]},
    ("PATCH", "channels/<channel_id>/members/<name>/"): {"role": "admin"},
    ("PUT", "channels/<channel_id>/picture/"): {"attachment": "x"},
    ("PATCH", "channels/<channel_id>/join-requests/<name>/"): {"approve": True},
    ("PATCH", "webhooks/<webhook_id>/"): {"enabled": False},
    ("PATCH", "incoming-webhooks/<hook_id>/"): {"enabled": False},
    ("POST", "users/external/<external_id>/token/"): {"seconds": 600},
    ("POST", "widget-tokens/"): {"externalId": "c-1", "channel": "$channel", "origin": "http://testserver"},
}
CREATES = {("PUT", "users/external/<external_id>/")}
"""Each service has its own external users, so an id of another service creates a new one."""
OWN_RIGHTS = {
    "users/import/",
    "attachments/",
    "uploads/",
    "uploads/<key>/",
    "push-subscription/",
    "push-subscription/test/",
}
"""Calls that ask for rights by themselves. Every account may upload, see its own uploads, and notify its browser."""
PUBLIC = {"users/<name>/", "presence/<name>/", "apps/<app>/online/"}
"""Objects that every caller with the permission may see."""


def at(route: str, values: dict[str, str]) -> str:
    return re.sub(r"<([\w:]+)>", lambda found: values.get(NAMED[found[1]], NAMED[found[1]]), route)


@pytest.fixture(scope="module")
def rival_objects(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, str]]:
    """Create an object of each kind, all owned by a rival, and the accounts of Alice and the shop, for all tests."""
    with shared_rows(django_db_blocker):
        alice = register("alice")
        User.objects.create_user("shop", nickname="The shop", kind=User.Kind.SERVICE)
        channel_create_global(app=app_create(number=101, name="Web"))
        rival = service_create(username="rival")
        group = channel_create_group(creator=rival, name="Theirs", members=["alice"], join="closed")
        said = say(rival, group)
        webhook, _ = webhook_create(
            creator=rival, name="x", url="https://example.org/", events=["message.sent"], channel_id=group.pk
        )
        incoming, _ = incoming_webhook_create(creator=rival, name="builds", channel_id=group.pk)
        due_at = log.now_ms() + 864_000_000
        later = message_schedule(user=rival, channel_id=group.pk, text="later", due_at=due_at)
        external_user_upsert(service=rival, data=ExternalUserData("c-1", "Ma Yuan"))
        yield {
            "$channel": str(group.pk),
            "$message": str(said.id),
            "$webhook": str(webhook.pk),
            "$hook": str(incoming.pk),
            "$external": "c-1",
            "$name": "alice",
            "$invite": str(invite_create(user=rival, channel_id=group.pk)[0].pk),
            "$scheduled": str(later.pk),
            "$upload": upload_create(user=alice, size=10).key,
        }


@pytest.fixture
def alice(rival_objects: dict[str, str], db: None) -> User:
    return User.objects.get(username="alice")


@pytest.fixture
def shop(rival_objects: dict[str, str], db: None) -> User:
    return User.objects.get(username="shop")


def call(caller: Caller, method: str, route: str, values: dict[str, str]) -> Reply:
    body = BODIES.get((method, route), {})
    return caller(method, at(route, values), None if method in ("GET", "DELETE") else body)


@pytest.mark.parametrize(("method", "route", "permission"), CALLS)
def test_all_other_permissions_are_not_enough(
    method: str,
    route: str,
    permission: str | None,
    rival_objects: dict[str, str],
    shop: User,
    grant: Grant,
) -> None:
    if permission is None:
        assert route in OWN_RIGHTS, "what asks for its rights by itself is named here, and tested by itself"
        return
    caller = Caller(grant(shop, *(right.partition(".")[2] for right in RIGHTS - {permission})))

    reply = call(caller, method, route, rival_objects)

    assert (reply.status, reply.data["permission"]) == (403, permission)


@pytest.mark.parametrize(("method", "route", "permission"), CALLS)
def test_users_guests_and_anonymous_callers_are_refused(
    method: str,
    route: str,
    permission: str | None,
    rival_objects: dict[str, str],
    alice: User,
) -> None:
    guest = guest_create(name="guest")
    if permission is not None:
        for user in (alice, guest):
            assert call(Caller(f"Bearer {token_issue(user=user)}"), method, route, rival_objects).status == 403
    assert call(Caller(None), method, route, rival_objects).status == 401


@pytest.mark.parametrize(("method", "route", "permission"), [one for one in CALLS if "<" in one[1]])
def test_objects_of_others_are_answered_like_missing_ones(
    method: str,
    route: str,
    permission: str | None,
    rival_objects: dict[str, str],
    shop: User,
    grant: Grant,
) -> None:
    """The calling service has every permission except those for all channels and for sending in the name of users."""
    if route in PUBLIC or (method, route) in CREATES:
        return
    caller = Caller(grant(shop, *(right.partition(".")[2] for right in RIGHTS)))
    absent = dict.fromkeys(rival_objects, ABSENT) | {"$name": rival_objects["$name"]}

    theirs, nobodys = call(caller, method, route, rival_objects), call(caller, method, route, absent)

    assert nobodys.status == 404
    assert (theirs.status, theirs.data) == (nobodys.status, nobodys.data)


# -- the calls of sections 2 and 3 ------------------------------------------------------------------------------------

OPEN = {"/register", "/login", "/hooks/<str:secret>/", "/hooks/slash-<str:token>/"}
"""Paths that are open to anyone with a secret."""


def form_calls() -> list[tuple[str, str]]:
    found = []
    for pattern in urls.urlpatterns:
        view = getattr(getattr(pattern, "callback", None), "cls", None)
        if view is not None:
            path = f"/{pattern.pattern}"
            found += [
                (method.upper(), path) for method in ("get", "post") if hasattr(view, method) and path not in OPEN
            ]
    return found


def test_the_matrix_contains_calls() -> None:
    assert len(form_calls()) >= 8


@pytest.mark.parametrize(("method", "path"), form_calls())
def test_users_and_guests_cannot_use_the_legacy_calls(
    method: str,
    path: str,
    rival_objects: dict[str, str],
    alice: User,
    bob: User,
) -> None:
    """The calls come from the internet and from an open network, because a given credential alone decides."""
    fields = {
        "appID": "101", "userID": "alice", "msgID": "m", "message": "x", "friend_id": ABSENT, "name": "x",
        "group_id": rival_objects["$channel"],
    }  # fmt: skip
    tokens = {"person": token_issue(user=bob), "guest": token_issue(user=guest_create(name="guest"))}

    for address in ("127.0.0.1", "203.0.113.9"):
        for who, token in [*tokens.items(), ("nobody", ""), ("liar", "x" * 64)]:
            if who == "nobody" and address == "127.0.0.1":
                continue
            headers = {"token": token, "Authorization": f"Token {token}"} if token else {}
            reply = Client(REMOTE_ADDR=address).generic(
                method, path, "&".join(f"{name}={value}" for name, value in fields.items()),
                "application/x-www-form-urlencoded", headers=headers, QUERY_STRING=f"group_id={fields['group_id']}",
            )  # fmt: skip
            content = json.loads(reply.content)
            if (who, path) == ("person", "/group/create"):
                assert content["code"] == 200
            else:
                assert content["code"] in (1003, -1), (who, address, content)
                assert content["data"].keys() <= {"error"}


# -- odd values -------------------------------------------------------------------------------------------------------

ODD = ("-1", str(2**63), "9" * 400, "a\0b", "\ud800", 'a OR (b" NEAR/2 *:&!', "x" * 5000)
QUERY = ("limit", "cursor", "before", "after", "q", "as", "kind", "channel", "target")
MEMBERS = (
    "to", "msg", "as", "clientMsgId", "name", "members", "join", "role", "userId", "externalId", "nickname", "email",
    "position", "seconds", "slowMode", "channel", "url", "events", "users", "messages", "app", "active", "avatar",
)  # fmt: skip


def quoted(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize(("method", "route", "permission"), CALLS)
def test_odd_values_cause_no_server_error(
    method: str, route: str, permission: str | None, rival_objects: dict[str, str], shop: User, grant: Grant
) -> None:
    """They are in the path, the query and the body, each in a place that expects another value."""
    caller = Caller(grant(shop, *(right.partition(".")[2] for right in RIGHTS), "manage_channels", "speak_for_others"))
    for odd in ODD:
        path = at(route, dict.fromkeys(rival_objects, quoted(odd)))
        query = "&".join(f"{name}={quoted(odd)}" for name in QUERY)
        text = odd.encode("utf-8", "replace").decode()
        body = None if method in ("GET", "DELETE") else dict.fromkeys(MEMBERS, text)
        assert caller(method, f"{path}?{query}", body).status < 500, odd


@pytest.mark.parametrize(("method", "path"), [*form_calls(), ("POST", "/login"), ("POST", "/register")])
def test_odd_parameters_cause_no_server_error(
    method: str, path: str, rival_objects: dict[str, str], shop: User, bob: User, grant: Grant
) -> None:
    names = (
        "appID", "userID", "msgID", "message", "friend_id", "name", "ids", "group_id", "phone_number", "nickname",
        "password", "isDebug",
    )  # fmt: skip
    tokens = {"token": token_issue(user=bob), "Authorization": grant(shop, "use_gateway", "view_state")}
    for odd in ODD:
        fields = "&".join(f"{name}={quoted(odd)}" for name in names)
        reply = Client().generic(
            method, path, fields, "application/x-www-form-urlencoded", headers=tokens, QUERY_STRING=fields
        )
        content = json.loads(reply.content)
        assert content["code"] not in (1004, 1006, 1007, 1008), (odd, content)
        assert "fault" not in str(content), (odd, content)
