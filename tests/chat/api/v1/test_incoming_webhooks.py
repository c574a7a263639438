"""Another system creates URLs that post into its groups."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.models import IncomingWebhook, Message
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller

RIGHTS = ("add_incomingwebhook", "view_incomingwebhook", "change_incomingwebhook", "delete_incomingwebhook")
HOOKS = "incoming-webhooks/"


@pytest.fixture
def bot(shop: User, grant: Grant) -> Caller:
    return Caller(grant(shop, *RIGHTS))


@pytest.fixture
def group(shop: User) -> str:
    """Return a group that the shop owns."""
    return str(channel_create_group(creator=shop, name="Builds").pk)


@pytest.fixture
def made(bot: Caller, group: str) -> dict[str, Any]:
    reply = bot.post(HOOKS, {"name": "Build", "channel": group})
    assert reply.status == 201, reply.data
    webhook: dict[str, Any] = reply.data
    return webhook


def posted(url: str) -> int:
    return int(Client().post(url.partition("testserver")[2], {"text": "green"}, "application/json").status_code)


def test_the_shop_creates_an_incoming_webhook_that_accepts_posts(bot: Caller, made: dict[str, Any], group: str) -> None:
    assert made["url"].startswith("http://testserver/hooks/")
    assert posted(made["url"]) == 200
    said = Message.objects.get()
    assert (str(said.channel_id), str(said.sender_id), said.text) == (group, made["bot"]["id"], "green")
    shown = bot.get(f"{HOOKS}{made['id']}/").data
    assert shown["usedAt"] >= shown["madeAt"] and "url" not in shown
    assert bot.get(HOOKS).data == {"results": [shown], "next": None}


def test_an_incoming_webhook_is_disabled_enabled_and_given_another_url(bot: Caller, made: dict[str, Any]) -> None:
    path = f"{HOOKS}{made['id']}/"
    assert bot("DELETE", path).status == 204
    assert posted(made["url"]) == 404
    assert bot("PATCH", path, {"enabled": True}).data["enabled"] is True
    assert posted(made["url"]) == 200
    assert bot("PATCH", path, {"enabled": False}).data["enabled"] is False
    assert bot("PATCH", path, {}).status == 400
    bot("PATCH", path, {"enabled": True})
    url = bot.post(f"{path}secret/").data["url"]
    assert (posted(made["url"]), posted(url)) == (404, 200)


def test_a_retry_returns_the_same_webhook_and_url(bot: Caller, group: str) -> None:
    body = {"name": "Build", "channel": group}
    first, again = (bot.post(HOOKS, body, Idempotency_Key="k") for _ in range(2))
    assert (first.status, again.status) == (201, 200) and first.data == again.data
    assert IncomingWebhook.objects.count() == 1
    assert posted(again.data["url"]) == 200


def test_incoming_webhooks_are_listed_in_pages(bot: Caller, group: str) -> None:
    numbers = [bot.post(HOOKS, {"name": f"Hook {number}", "channel": group}).data["id"] for number in range(3)]
    first = bot.get(f"{HOOKS}?limit=2").data
    second = bot.get(f"{HOOKS}?limit=2&cursor={first['next']}").data
    assert [one["id"] for page in (first, second) for one in page["results"]] == numbers and second["next"] is None


def test_incoming_webhooks_of_another_service_do_not_exist(made: dict[str, Any], group: str, grant: Grant) -> None:
    service = User.objects.create_user("rival", kind=User.Kind.SERVICE)
    rival = Caller(grant(service, *RIGHTS))
    path = f"{HOOKS}{made['id']}/"
    calls = [rival.get(path), rival("PATCH", path, {"enabled": False}), rival("DELETE", path)]
    calls += [rival.post(f"{path}secret/"), rival.post(HOOKS, {"name": "Mine", "channel": group})]
    assert [reply.status for reply in calls] == [404] * 5
    assert rival.get(HOOKS).data["results"] == []
    manager = Caller(grant(User.objects.create_user("keeper", kind=User.Kind.SERVICE), "manage_channels", *RIGHTS))
    assert manager.get(path).data["id"] == made["id"]


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", HOOKS, "view_incomingwebhook"),
        ("POST", HOOKS, "add_incomingwebhook"),
        ("GET", f"{HOOKS}1/", "view_incomingwebhook"),
        ("PATCH", f"{HOOKS}1/", "change_incomingwebhook"),
        ("DELETE", f"{HOOKS}1/", "delete_incomingwebhook"),
        ("POST", f"{HOOKS}1/secret/", "change_incomingwebhook"),
    ],
)
def test_each_call_needs_its_permission(method: str, path: str, right: str, shop: User, grant: Grant) -> None:
    others = [name for name in RIGHTS if name != right]
    assert Caller(grant(shop, *others))(method, path, {}).status == 403
    assert Caller(grant(User.objects.create_superuser("olga"), right))(method, path, {}).status != 403
