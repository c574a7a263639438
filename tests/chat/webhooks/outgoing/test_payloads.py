"""A webhook gets its subscribed events of the channels it may read, and none of other private channels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from accounts.models import User
from chat.actions.attachment_removal import attachment_remove
from chat.actions.channel import channel_create_group, channel_create_private, channel_rename
from chat.actions.link_preview import message_set_previews, preview_store
from chat.actions.member import member_invite, member_leave
from chat.actions.message import message_edit, message_recall
from chat.actions.reaction import message_react, message_unreact
from chat.models import Channel, Webhook
from chat.webhooks.outgoing import payloads, signature
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.webhooks.outgoing.actions import webhook_replay
from chat.webhooks.outgoing.schema import Batch
from chat.wire.schema.events import CHANNEL_NOTE
from delivery.models import Event
from imsite.client import webhooks
from tests.chat.imports.test_other_systems import write_csv
from tests.support.attachments import ready_attachment
from tests.support.group_scenario import GroupScenario
from tests.support.imports import run_import
from tests.support.in_process import say
from tests.support.receiver import Receiver
from tests.support.webhooks import WebhookFactory

pytestmark = pytest.mark.django_db(transaction=True)


def _deliverable_events(webhook: Webhook) -> list[dict[str, Any]]:
    """Return all events for the webhook from its position on."""
    webhook = Webhook.objects.select_related("channel", "created_by").get(pk=webhook.pk)
    told: list[dict[str, Any]] = []
    after, more = webhook.position, True
    while more:
        page = hook_selectors.next_events(webhook, after=after)
        told += [event for entry in page.entries for event in payloads.events(webhook, entry)]
        after, more = page.upto, page.more
    # The OpenAPI document describes these payloads.
    msgspec.json.decode(payloads.body(webhook, [*told, *(event | {"late": True} for event in told)]), type=Batch)
    return told


def _names(webhook: Webhook) -> list[str]:
    return [event["event"] for event in _deliverable_events(webhook)]


def test_a_message_its_edit_and_its_recall_are_sent(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    webhook = hooks.make(receiver, "message.sent", "message.edited", "message.recalled")
    first, second = scenario.say("hello"), scenario.say("bye")
    scenario.edit(first, "hello all")
    scenario.recall(second)
    told = _deliverable_events(webhook)
    assert [(event["event"], event["data"].get("msg")) for event in told] == [
        ("message.sent", "hello all"), ("message.sent", ""), ("message.edited", "hello all"),
        ("message.recalled", None),
    ]  # fmt: skip
    assert told[0]["data"]["from"] == "alice" and told[0]["data"]["target"] == str(scenario.group.pk)
    assert told[0]["position"] == told[0]["data"]["position"] == first.position


def test_an_import_is_not_sent_and_what_follows_is(hooks: WebhookFactory, receiver: Receiver, tmp_path: Path) -> None:
    webhook = hooks.make(receiver)
    write_csv(tmp_path)
    run_import("csv", tmp_path)
    town = Channel.objects.get(name="Town")
    assert Event.objects.filter(kind=CHANNEL_NOTE.name, channel=town.pk).exists()
    assert _names(webhook) == []
    member_leave(user=User.objects.get(username="bob"), channel_id=town.pk)
    assert _names(webhook) == ["member.left"]


def test_files_threads_mentions_reactions_and_previews_are_sent(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    names = ("message.sent", "message.reacted", "message.unreacted", "message.previewed", "attachment.removed")
    webhook = hooks.make(receiver, *names)
    group, alice, file = scenario.group, scenario.alice, ready_attachment(scenario.alice, "till.jpg")
    root = say(alice, group, "@bob look", attachments=(file.key,))
    say(scenario.bob, group, "I see", thread=root.id, thread_only=True)
    message_react(user=scenario.bob, channel_id=group.pk, message_id=root.id, emoji="👍", app=None)
    message_unreact(user=scenario.bob, channel_id=group.pk, message_id=root.id, emoji="👍", app=None)
    page = preview_store(address="https://a.test/", title="A", description="", site_name="", thumbnail=None)
    message_set_previews(message_id=root.id, text="@bob look", previews=[page])
    attachment_remove(user=alice, channel_id=group.pk, message_id=root.id, key=file.key, app=None)
    told = _deliverable_events(webhook)
    first, answer, reacted, unreacted, previewed, removed = (event["data"] for event in told)
    assert [event["event"] for event in told] == ["message.sent", *names]
    assert [one["name"] for one in first["mentions"]] == ["bob"]
    assert [(one["name"], one.get("removed")) for one in first["attachments"]] == [("till.jpg", True)]
    assert (answer["threadId"], answer["threadOnly"]) == (str(root.id), True)
    assert (reacted["emoji"], reacted["count"], unreacted["count"]) == ("👍", 1, 0)
    assert [one["title"] for one in previewed["previews"]] == ["A"]
    assert removed["attachments"] == [file.key]


def test_joins_and_leaves_are_sent(scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver) -> None:
    webhook = hooks.make(receiver, "member.joined", "member.left")
    made = channel_create_group(creator=scenario.alice, name="Tea", members=["bob"])
    member_invite(user=scenario.alice, channel_id=scenario.group.pk, names=["carol"])
    channel_rename(user=scenario.alice, channel_id=made.pk, name="Coffee")
    member_leave(user=scenario.bob, channel_id=made.pk)
    told = [
        (one["event"], one["data"]["target"], [who["userId"] for who in one["data"]["who"]])
        for one in _deliverable_events(webhook)
    ]
    assert told == [
        ("member.joined", str(made.pk), ["alice", "bob"]),
        ("member.joined", str(scenario.group.pk), ["carol"]),
        ("member.left", str(made.pk), ["bob"]),
    ]


def test_a_webhook_gets_subscribed_events_only(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    webhook = hooks.make(receiver, "message.recalled")
    said = scenario.say()
    scenario.invite("carol")
    scenario.recall(said)
    assert _names(webhook) == ["message.recalled"]


def test_a_webhook_of_all_channels_gets_no_private_events(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    webhook = hooks.make(receiver)
    private, _ = channel_create_private(creator=scenario.alice, other=scenario.bob)
    said = say(scenario.alice, private, "secret")
    message_edit(user=scenario.alice, channel_id=private.pk, message_id=said.id, text="more secret", app=101)
    message_recall(user=scenario.alice, channel_id=private.pk, message_id=said.id, app=101)
    say(scenario.bob, scenario.room, "in the room")
    scenario.say("in the group")
    told = _deliverable_events(webhook)
    assert [event["data"]["msg"] for event in told] == ["in the room", "in the group"]


def test_an_unmarked_event_of_a_private_channel_is_not_sent(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If an event of a private channel ever lacks its mark, its channel is still private."""
    webhook = hooks.make(receiver)
    private, _ = channel_create_private(creator=scenario.alice, other=scenario.bob)
    monkeypatch.setattr("chat.rules.private_route", lambda pair: {})
    say(scenario.alice, private, "secret")
    assert _deliverable_events(webhook) == []


def test_a_webhook_of_one_channel_gets_no_other_events(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    other = channel_create_group(creator=scenario.alice, name="Tea")
    webhook = hooks.make(receiver, channel=scenario.group)
    say(scenario.alice, other, "elsewhere")
    say(scenario.alice, scenario.room, "in the room")
    scenario.say("here")
    assert [event["data"]["msg"] for event in _deliverable_events(webhook)] == ["here"]


def test_a_webhook_of_a_member_gets_private_events(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    private, _ = channel_create_private(creator=scenario.alice, other=scenario.bob)
    webhook = hooks.make(receiver, channel=private, creator=scenario.alice)
    say(scenario.bob, private, "to Alice")
    assert [event["data"]["msg"] for event in _deliverable_events(webhook)] == ["to Alice"]


def test_a_webhook_of_a_member_gets_no_events_from_before_the_join(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver
) -> None:
    scenario.say("before Carol")
    scenario.invite("carol")
    webhook = hooks.make(receiver, "message.sent", channel=scenario.group, creator=scenario.carol)
    scenario.say("with Carol")
    webhook_replay(user=scenario.carol, webhook_id=webhook.pk, position=0)
    assert [event["data"]["msg"] for event in _deliverable_events(webhook)] == ["with Carol"]


def test_a_webhook_of_a_manager_gets_earlier_events(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, olga: User
) -> None:
    scenario.say("before")
    webhook = hooks.make(receiver, "message.sent", channel=scenario.group)
    webhook_replay(user=olga, webhook_id=webhook.pk, position=0)
    assert [event["data"]["msg"] for event in _deliverable_events(webhook)] == ["before"]


@pytest.mark.parametrize("right", ["membership", "account"])
def test_losing_the_right_ends_the_webhook(
    scenario: GroupScenario, hooks: WebhookFactory, receiver: Receiver, right: str
) -> None:
    webhook = hooks.make(receiver, "message.sent", channel=scenario.group, creator=scenario.bob)
    if right == "membership":
        scenario.leave()
    else:
        User.objects.filter(pk=scenario.bob.pk).update(is_active=False)
    scenario.say("secret")
    webhook = Webhook.objects.select_related("channel", "created_by").get(pk=webhook.pk)
    page = hook_selectors.next_events(webhook, after=webhook.position)
    assert page.ended and page.entries == []


def test_a_receiver_accepts_a_valid_signature() -> None:
    body = payloads.body(Webhook(pk=3), [{"event": "ping", "position": 0, "time": 1, "data": {"who": "马远"}}])
    headers = signature.headers("the secret", body, 1_800_000_000.7)
    assert webhooks.events("the secret", headers, body, now=1_800_000_100)[0]["data"] == {"who": "马远"}
    lower = {name.lower(): value for name, value in headers.items()}
    assert webhooks.events("the secret", lower, body, now=1_799_999_900)
    assert json.loads(body)["webhook"] == "3"


@pytest.mark.parametrize("forgery", ["secret", "body", "timestamp", "old", "none", "junk"])
def test_a_receiver_rejects_a_forged_request(forgery: str) -> None:
    body, now = b'{"webhook": "3", "events": []}', 1_800_000_000.0
    headers, secret = signature.headers("the secret", body, now), "the secret"
    match forgery:
        case "secret":
            secret = "another"
        case "body":
            body = body.replace(b"3", b"4")
        case "timestamp":
            headers[signature.TIMESTAMP] = "1800000001"
        case "old":
            now += 301
        case "none":
            headers = {}
        case "junk":
            headers[signature.SIGNATURE] = "v1=é"
    with pytest.raises(webhooks.InvalidSignature):
        webhooks.events(secret, headers, body, now=now)
