"""A database from before the renaming of models and fields migrates, keeps its rows and works."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from accounts.models import Block, Device, ExternalUser, Friendship, User
from accounts.names import name_key
from chat.actions.message import message_draft, message_send_now
from chat.models import (
    Announcement,
    Channel,
    IncomingWebhook,
    Message,
    Pin,
    ReadMark,
    Report,
    Restriction,
    Webhook,
    WebhookDeadLetter,
    WebhookDelivery,
)
from delivery import idempotency, log
from delivery.models import EventRecipient, IdempotencyRecord, Receipt
from tests.settings import TEST_DATABASE
from tests.support import postgres

pytestmark = pytest.mark.each_database

BEFORE = {"accounts": "0006_device_session", "chat": "0009_webhook_aside", "delivery": "0002_receipts"}
THEN = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = datetime(2126, 11, 1, 12, tzinfo=UTC)
RENAMED = {
    "accounts": {"externalid": "externaluser"},
    "chat": {"incominghook": "incomingwebhook", "webhookaside": "webhookdeadletter"},
    "delivery": {"claimedkey": "idempotencyrecord", "eventperson": "eventrecipient"},
}
VERBS = ("add", "change", "delete", "view")


@pytest.fixture
def empty_database(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Use a database without tables instead of the test database, for this thread."""
    usual = connections[DEFAULT_DB_ALIAS]
    made = usual.copy()
    name = "imsite_upgrade"
    with django_db_blocker.unblock():
        connections[DEFAULT_DB_ALIAS] = made
        try:
            if TEST_DATABASE == "postgres":
                made.settings_dict["NAME"] = name
                # The pool belongs to the alias and is connected to the usual database.
                made.settings_dict["OPTIONS"]["pool"] = False
                with postgres.database(name):
                    yield
                    made.close()
            else:
                made.settings_dict["NAME"] = str(tmp_path / f"{name}.sqlite3")
                yield
        finally:
            made.close()
            connections[DEFAULT_DB_ALIAS] = usual


def _migrate_to_before() -> Any:
    """Bring the empty database to the old state, with its content types, permissions and roles; return its models."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    targets = [(app, BEFORE.get(app, name)) for app, name in executor.loader.graph.leaf_nodes()]
    executor.migrate(targets)
    models = executor.loader.project_state(targets).apps
    emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS, apps=models, plan=[])
    return models


def _make_users(models: Any) -> tuple[Any, Any, Any]:
    def make(username: str, **fields: Any) -> Any:
        fields |= {"username": username, "username_key": name_key(username), "nickname_key": name_key(username)}
        return models.get_model("accounts", "User").objects.create(nickname=username, **fields)

    return make("alice"), make("bob", restricted=True), make("shop", kind="service")


def _fill(models: Any) -> dict[str, int]:
    """Insert a row into every table that has been renamed or has a renamed field."""

    def make(label: str, **values: Any) -> Any:
        return models.get_model(*label.split(".")).objects.create(**values)

    alice, bob, shop = _make_users(models)
    make("accounts.ExternalId", service=shop, external_id="customer-77", user=bob, made_at=THEN)
    make("accounts.Friendship", asked_by=alice, asked=bob, pair=f"{alice.pk}:{bob.pk}", asked_at=THEN)
    make("accounts.Block", by=bob, blocked=shop, since=THEN)
    token = {"kind": "token", "credential": "token:1"}
    make("accounts.Device", user=shop, made_at=THEN, seen_at=LATER, made_by=alice, **token)
    group = make("chat.Channel", kind="public", name="Tea", last_seq=1, cut_seq=0)
    make("chat.Membership", channel=group, user=alice, role="owner", from_position=1, from_seq=1)
    make("chat.ReadMark", channel=group, user=alice, seq=1, said_at=5)
    key = make("chat.MessageKey", sender=alice, client_id="one", channel=group, seq=1)
    message = {"seq": 1, "sender": alice, "text": "tea", "position": 1, "time": 4}
    said = make("chat.Message", id=key.pk, channel=group, **message)
    make("chat.Pin", channel=group, message=said, by=alice, time=6)
    make("chat.Report", message=said, reporter=bob, made_at=THEN)
    make("chat.Restriction", user=bob, kind="mute", by=alice, since=THEN, until=LATER)
    make("chat.Announcement", text="Hello", by=alice, due_at=THEN)
    hook = make("chat.Webhook", name="Books", url="https://books.example/", events="message.sent", made_by=alice)
    attempt = {"first_position": 1, "last_position": 1, "events": 1, "attempt": 1, "milliseconds": 12}
    make("chat.WebhookDelivery", webhook=hook, at=THEN, **attempt)
    make("chat.WebhookAside", webhook=hook, position=1, since=THEN, next_at=LATER, error="It answered 422.")
    incoming = {"name": "Build", "channel": group, "bot": shop, "digest": "d"}
    make("chat.IncomingHook", made_by=alice, made_at=THEN, used_at=LATER, **incoming)
    make("delivery.LogHead", pk=1, position=2)
    make("delivery.Event", position=1, kind="msg", channel=group.pk, ref=said.pk, body='{"msg": "tea"}', time=4)
    make("delivery.Event", position=2, kind="friend.request", body="{}", time=5)
    make("delivery.EventPerson", person=bob.pk, position=2)
    make("delivery.ClaimedKey", scope="s", key="k", answer='{"id": "1"}', fingerprint="f", expires=LATER)
    make("delivery.Receipt", position=1, person=bob.pk, connections=2, at=7)
    _grant(models, shop)
    return {"alice": alice.pk, "bob": bob.pk, "shop": shop.pk, "group": group.pk}


def _old_codenames() -> list[tuple[str, str]]:
    return [(app, f"{verb}_{old}") for app, models in RENAMED.items() for old in models for verb in VERBS]


def _grant(models: Any, shop: Any) -> None:
    """Grant all permissions of the renamed models to a new group and a new service account."""
    permission = models.get_model("auth", "Permission")
    granted = [
        permission.objects.get(content_type__app_label=app, codename=codename) for app, codename in _old_codenames()
    ]
    models.get_model("auth", "Group").objects.create(name="old hands").permissions.set(granted)
    gateway = permission.objects.get(content_type__app_label="chat", codename="use_gateway")
    shop.user_permissions.set([*granted, gateway])


def test_an_older_database_migrates_keeps_its_rows_and_works(empty_database: None) -> None:
    ids = _fill(_migrate_to_before())

    call_command("setup", verbosity=0)

    _check_rows(ids)
    _check_permissions(ids)
    _check_a_send(ids)


def _check_rows(ids: dict[str, int]) -> None:
    alice, bob, shop = (User.objects.get(pk=ids[name]) for name in ("alice", "bob", "shop"))
    assert (alice.is_restricted, bob.is_restricted) == (False, True)
    external = ExternalUser.objects.get()
    assert (external.user, external.external_id, external.created_at) == (bob, "customer-77", THEN)
    friendship, block, device = Friendship.objects.get(), Block.objects.get(), Device.objects.get()
    assert (friendship.from_user, friendship.to_user, friendship.created_at) == (alice, bob, THEN)
    assert (block.blocker, block.blocked, block.created_at) == (bob, shop, THEN)
    assert (device.created_by, device.created_at, device.last_seen_at) == (alice, THEN, LATER)
    mark, pin, report = ReadMark.objects.get(), Pin.objects.get(), Report.objects.get()
    assert (mark.last_sent_at, pin.pinned_by, pin.pinned_at, report.created_at) == (5, alice, 6, THEN)
    restriction, announcement = Restriction.objects.get(), Announcement.objects.get()
    assert (restriction.created_by, restriction.created_at, announcement.created_by) == (alice, THEN, alice)
    hook, attempt, letter = Webhook.objects.get(), WebhookDelivery.objects.get(), WebhookDeadLetter.objects.get()
    assert (hook.created_by, hook.subscriptions) == (alice, ["message.sent"])
    assert (attempt.attempted_at, attempt.event_count, attempt.duration_ms) == (THEN, 1, 12)
    assert (letter.webhook, letter.created_at, letter.next_attempt_at) == (hook, THEN, LATER)
    incoming = IncomingWebhook.objects.get()
    assert (incoming.created_by, incoming.created_at, incoming.last_used_at) == (alice, THEN, LATER)
    assert list(EventRecipient.objects.values_list("user_id", "position")) == [(bob.pk, 2)]
    record, receipt = IdempotencyRecord.objects.get(), Receipt.objects.get()
    assert (record.response, record.expires_at) == ('{"id": "1"}', LATER)
    assert (receipt.user_id, receipt.first_at, receipt.connections) == (bob.pk, 7, 2)


def _check_permissions(ids: dict[str, int]) -> None:
    """Check that all users keep their permissions under the new names, and that the old names are gone."""
    expected = {f"{app}.{verb}_{new}" for app, models in RENAMED.items() for new in models.values() for verb in VERBS}
    granted = Group.objects.get(name="old hands").permissions.select_related("content_type")
    assert {f"{one.content_type.app_label}.{one.codename}" for one in granted} == expected
    assert {one.content_type.model for one in granted} == {
        new for models in RENAMED.values() for new in models.values()
    }
    assert "Can add incoming webhook" in {one.name for one in granted}
    shop = User.objects.get(pk=ids["shop"])
    assert shop.get_all_permissions() == expected | {"chat.use_gateway"}
    operator = Group.objects.get(name="operator").permissions
    assert operator.filter(codename="view_incomingwebhook").exists()
    permissions = operator.model
    assert not permissions.objects.filter(codename__in=[codename for _app, codename in _old_codenames()]).exists()
    assert permissions.objects.get(codename="speak_for_others").name == "Can send on behalf of a user"


def _check_a_send(ids: dict[str, int]) -> None:
    """Check that earlier messages count, and that new ones are stored, numbered and announced."""
    again = message_send_now(message_draft(sender=ids["alice"], channel=ids["group"], text="tea", client_id="one"))
    assert again.seq == 1 and Message.objects.count() == 1
    fresh = message_send_now(message_draft(sender=ids["alice"], channel=ids["group"], text="more", client_id="two"))
    assert (fresh.seq, fresh.position) == (2, 3) and log.head() == 3
    assert Channel.objects.get(pk=ids["group"]).last_seq == 2
    assert ReadMark.objects.get().last_sent_at != 5
    assert idempotency.find([("s", "k")])["s", "k"].text == '{"id": "1"}'
