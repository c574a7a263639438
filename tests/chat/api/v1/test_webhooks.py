"""Another system has chat events sent to its own URL."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import App, User
from chat.actions.channel import channel_create_group
from chat.models import Webhook
from delivery import log
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller
from tests.support.in_process import say
from tests.support.receiver import Receiver

RIGHTS = ("add_webhook", "view_webhook", "change_webhook", "delete_webhook")
NEW = {"name": "Orders", "url": "https://books.example/in", "events": ["message.sent", "person.online"]}


@pytest.fixture
def bot(shop: User, grant: Grant, web: App) -> Caller:
    """Return the shop with permissions to manage channels and webhooks."""
    return Caller(grant(shop, "manage_channels", *RIGHTS))


def _made(bot: Caller, **fields: Any) -> dict[str, Any]:
    reply = bot.post("webhooks/", NEW | fields)
    assert reply.status == 201, reply.data
    made: dict[str, Any] = reply.data
    return made


def test_the_shop_creates_reads_changes_and_deletes_a_webhook(bot: Caller) -> None:
    made = _made(bot)
    assert made["position"] == log.head() and len(made["secret"]) >= 32
    path = f"webhooks/{made['id']}/"
    shown = bot.get(path).data
    assert shown == {key: value for key, value in made.items() if key != "secret"}
    assert bot.get("webhooks/").data == {"results": [shown], "next": None}
    changed = bot("PATCH", path, {"name": "All orders", "enabled": False}).data
    assert (changed["name"], changed["enabled"], changed["url"]) == ("All orders", False, NEW["url"])
    assert bot("DELETE", path).status == 204
    assert bot.get(path).status == 404


def test_the_secret_is_returned_once_and_rotated(bot: Caller) -> None:
    made = _made(bot)
    renewed = bot.post(f"webhooks/{made['id']}/secret/").data["secret"]
    assert renewed != made["secret"] == made.get("secret")
    assert "secret" not in bot.get(f"webhooks/{made['id']}/").data


def test_a_webhook_is_replayed_from_a_position(bot: Caller, web: App, alice: User) -> None:
    group = channel_create_group(creator=alice, name="Tea")
    first = say(alice, group)
    made = _made(bot, events=["message.sent"])
    changed = bot("PATCH", f"webhooks/{made['id']}/", {"position": first.position - 1})
    assert changed.data["position"] == first.position - 1
    assert bot("PATCH", f"webhooks/{made['id']}/", {"position": 10**9}).status == 400


def test_webhooks_are_listed_in_pages(bot: Caller) -> None:
    numbers = [_made(bot, name=f"Hook {number}")["id"] for number in range(3)]
    first = bot.get("webhooks/?limit=2").data
    assert [one["id"] for one in first["results"]] == numbers[:2]
    second = bot.get(f"webhooks/?limit=2&cursor={first['next']}").data
    assert [one["id"] for one in second["results"]] == numbers[2:] and second["next"] is None


def test_a_test_request_returns_its_result(bot: Caller) -> None:
    with Receiver() as receiver:
        made = _made(bot, url=receiver.url)
        receiver.secret = made["secret"]
        reply = bot.post(f"webhooks/{made['id']}/ping/").data
        assert reply["ok"] and reply["status"] == 204
        assert receiver.events[0]["event"] == "ping"
        receiver.status = 500
        failed = bot.post(f"webhooks/{made['id']}/ping/").data
        assert (failed["ok"], failed["error"]) == (False, "It answered 500.")
    kept = bot.get(f"webhooks/{made['id']}/deliveries/").data["results"]
    assert [(one["ok"], one["events"]) for one in kept] == [(False, 0), (True, 0)]


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "http://10.0.0.1/"}, {"url": "file:///etc/passwd"}, {"events": []}, {"events": ["everything"]},
        {"name": ""}, {"channel": "x"}, {"channel": 7}, {"name": None},
    ],
)  # fmt: skip
def test_an_invalid_webhook_is_a_problem(bot: Caller, fields: dict[str, Any]) -> None:
    reply = bot.post("webhooks/", NEW | fields)
    assert reply.status == 400 and reply.code == 1001
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("method_and_path", [
    ("GET", ""), ("POST", ""), ("GET", "{id}/"), ("PATCH", "{id}/"), ("DELETE", "{id}/"), ("POST", "{id}/secret/"),
    ("POST", "{id}/ping/"), ("GET", "{id}/deliveries/"),
])  # fmt: skip
def test_each_call_needs_its_permission(bot: Caller, bob: User, grant: Grant, method_and_path: tuple[str, str]) -> None:
    method, path = method_and_path
    path = "webhooks/" + path.format(id=_made(bot)["id"])
    assert Caller(grant(bob, "use_gateway"))(method, path, NEW).status == 403
    assert Caller(None)(method, path, NEW).status == 401


def test_a_webhook_of_another_service_does_not_exist(bot: Caller, bob: User, grant: Grant, alice: User) -> None:
    other = Caller(grant(bob, *RIGHTS))
    path = f"webhooks/{_made(bot)['id']}/"
    assert other.get("webhooks/").data["results"] == []
    for method, rest in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "secret/"),
        ("POST", "ping/"),
        ("GET", "deliveries/"),
    ):
        assert other(method, path + rest, {}).status == 404
    assert other.post("webhooks/", NEW).status == 403
    group = channel_create_group(creator=alice, name="Tea")
    assert other.post("webhooks/", NEW | {"events": ["message.sent"], "channel": str(group.pk)}).status == 404


def test_the_shop_lists_retries_and_deletes_dead_letters(bot: Caller, grant: Grant) -> None:
    made = _made(bot)
    path, refused = f"webhooks/{made['id']}/", {"attempts": 4, "status": 422, "error": "It answered 422."}
    webhook = Webhook.objects.get(pk=made["id"])
    for position in (3, 8, 5):
        webhook.dead_letters.create(position=position, next_attempt_at=None, **refused)
    assert bot.get(path).data["aside"] == bot.get("webhooks/").data["results"][0]["aside"] == 3
    first = bot.get(f"{path}aside/?limit=2").data
    assert [one["position"] for one in first["results"]] == [3, 5]
    assert {key: first["results"][0][key] for key in refused} == refused and "next" not in first["results"][0]
    second = bot.get(f"{path}aside/?limit=2&cursor={first['next']}").data
    assert [one["position"] for one in second["results"]] == [8] and second["next"] is None
    bot("PATCH", path, {"enabled": True})
    assert all("next" in one for one in bot.get(f"{path}aside/").data["results"])
    # Webhooks of another service are not listed.
    rival = Caller(grant(User.objects.create_user("rival", kind=User.Kind.SERVICE), *RIGHTS))
    assert (rival.get(f"{path}aside/").status, rival("DELETE", f"{path}aside/").status) == (404, 404)
    assert bot("DELETE", f"{path}aside/").status == 204
    assert "aside" not in bot.get(path).data
