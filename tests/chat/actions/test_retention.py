"""Expired messages are deleted by channel and by site; the rest remains complete, and unread counts stay correct."""

from __future__ import annotations

import os
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts import avatars
from accounts.models import User
from chat import selectors
from chat.actions.channel import channel_create_group
from chat.actions.channel_settings import channel_set_retention
from chat.actions.message import message_edit
from chat.actions.pin import message_pin
from chat.actions.report import message_report
from chat.actions.retention import (
    channel_delete_expired,
    channels_with_expired_messages,
    count_expired_messages,
    expired_files,
    files_delete_expired,
)
from chat.models import Channel, Message, Pin, Report
from chat.selectors import access_channel, history
from delivery import log
from delivery.log import Entry
from delivery.models import Event
from tests.support.in_process import say

pytestmark = pytest.mark.django_db

DAY = 86_400_000


def store_messages(sender: User, channel: Channel, *days: float, **fields: Any) -> list[int]:
    """Store messages of these ages in days, the oldest first, and return their ids."""
    ids = []
    for age in days:
        stored = say(sender, channel, f"{age} days ago", **fields)
        Message.objects.filter(pk=stored.id).update(time=stored.time - round(age * DAY))
        ids.append(stored.id)
    return ids


def run() -> None:
    call_command("retention", verbosity=0, stdout=StringIO())


def remaining_numbers(channel: Channel) -> list[int]:
    return list(Message.objects.filter(channel=channel).order_by("seq").values_list("seq", flat=True))


def test_the_retention_of_a_channel_overrides_the_site(alice: User, bob: User, group: Channel, settings: Any) -> None:
    settings.IM_RETENTION_DAYS = 30
    plain = channel_create_group(creator=alice, name="Plain")
    kept = channel_create_group(creator=alice, name="Kept")
    channel_set_retention(channel_id=group.pk, days=7)
    channel_set_retention(channel_id=kept.pk, days=0)
    for channel in (group, plain, kept):
        store_messages(alice, channel, 40, 20, 8, 6)
    run()
    assert (remaining_numbers(group), remaining_numbers(plain), remaining_numbers(kept)) == (
        [4],
        [2, 3, 4],
        [1, 2, 3, 4],
    )


def test_messages_are_kept_forever_by_default(alice: User, group: Channel) -> None:
    store_messages(alice, group, 4000)
    run()
    assert remaining_numbers(group) == [1] and channels_with_expired_messages() == []


def test_only_a_prefix_of_the_history_is_deleted(alice: User, group: Channel) -> None:
    """A clock that was set back creates no gap."""
    channel_set_retention(channel_id=group.pk, days=7)
    store_messages(alice, group, 9, 1, 8)
    (overdue,) = channels_with_expired_messages()
    assert count_expired_messages(*overdue) == 1
    run()
    assert remaining_numbers(group) == [2, 3]


def test_deleted_messages_are_neither_in_the_history_nor_unread(alice: User, bob: User, group: Channel) -> None:
    channel_set_retention(channel_id=group.pk, days=7)
    store_messages(alice, group, 9, 8, 1, 0)
    run()
    page = history(bob, access_channel(bob, group.pk), before=None, after=None, limit=50)
    assert [row.seq for row in page.messages] == [3, 4] and not page.has_more
    assert history(bob, access_channel(bob, group.pk), before=3, after=None, limit=50).messages == []
    mine = selectors.channel_summary(bob, access_channel(bob, group.pk))
    assert (mine.read_seq, mine.unread) == (2, 2)
    assert say(alice, group).seq == 5


def test_no_trace_of_a_deleted_text_remains(alice: User, bob: User, group: Channel) -> None:
    channel_set_retention(channel_id=group.pk, days=7)
    (old,) = store_messages(alice, group, 0)
    message_edit(user=alice, channel_id=group.pk, message_id=old, text="a secret, edited", app=None)
    message_pin(user=alice, channel_id=group.pk, message_id=old)
    message_report(user=bob, channel_id=group.pk, message_id=old, reason="", app=None)
    Message.objects.update(time=0)
    (young,) = store_messages(alice, group, 1)
    run()
    assert not Pin.objects.exists() and not Report.objects.exists()
    assert not Event.objects.filter(body__contains="secret").exists()
    events = selectors.sync(bob, after=0, upto=log.head(), limit=100)
    assert [entry.ref for entry in events.entries if entry.kind == "msg"] == [young] and not events.reset


def test_clients_hear_up_to_which_number_messages_are_gone(alice: User, bob: User, group: Channel) -> None:
    channel_set_retention(channel_id=group.pk, days=7)
    store_messages(alice, group, 9, 9, 9, 1)
    before = log.now_ms() - DAY * 7
    assert [channel_delete_expired(channel_id=group.pk, before=before, limit=2) for _ in range(2)] == [2, 1]
    (event,) = expiry_events(bob)
    assert (event.channel, event.body) == (group.pk, {"target": str(group.pk), "seq": 3})
    Message.objects.update(time=0)
    run()
    # A client that missed both hears of the last one only, and the log keeps no more than that.
    (event,) = expiry_events(bob)
    assert event.body["seq"] == 4 and event.position == log.head()


def expiry_events(user: User) -> list[Entry]:
    events = selectors.sync(user, after=0, upto=log.head(), limit=100).entries
    return [entry for entry in events if entry.kind == "message.expired"]


def test_a_retry_of_a_deleted_message_is_still_recognized(alice: User, group: Channel) -> None:
    channel_set_retention(channel_id=group.pk, days=7)
    (old,) = store_messages(alice, group, 9, client_id="k")
    run()
    again = say(alice, group, client_id="k")
    assert again.repeated and again.id == old and remaining_numbers(group) == []


def test_batches_are_limited_and_end(alice: User, group: Channel) -> None:
    store_messages(alice, group, *[9] * 5, 1)
    before = log.now_ms() - DAY * 7
    assert [channel_delete_expired(channel_id=group.pk, before=before, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_dry_run_only_counts(alice: User, group: Channel) -> None:
    channel_set_retention(channel_id=group.pk, days=7)
    store_messages(alice, group, 9, 8, 1)
    told = StringIO()
    call_command("retention", "--dry-run", stdout=told, stderr=StringIO())
    assert "Would delete 2 messages of 1 channels" in told.getvalue() and remaining_numbers(group) == [1, 2, 3]


def test_pictures_lose_their_content_but_keep_their_message(
    alice: User, bob: User, group: Channel, settings: Any
) -> None:
    settings.IM_FILE_RETENTION_DAYS = 7
    old, young = store_messages(alice, group, 9, 1, type="image")
    (text,) = store_messages(alice, group, 9)
    assert files_delete_expired() == 1 and files_delete_expired() == 0
    kept = {row.pk: bool(row.text) for row in Message.objects.all()}
    assert kept == {old: False, young: True, text: True}
    event = next(entry for entry in log.read(0, 99) if entry.ref == old)
    assert event.body["content"] == "" and event.body["msg"] == "[image]"


def test_pictures_are_found_by_their_own_index(settings: Any) -> None:
    settings.IM_FILE_RETENTION_DAYS = 7
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "message_file_time" in expired_files().explain()


def test_unreferenced_uploads_are_deleted_after_a_day(alice: User, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    used, lost, fresh = (avatars.store(alice.pk, b"picture") for _ in range(3))
    User.objects.filter(pk=alice.pk).update(avatar=used)
    for address in (used, lost):
        path = avatars.path_of(address.removeprefix(avatars.URL_PREFIX))
        assert path is not None
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    run()
    there = [avatars.path_of(address.removeprefix(avatars.URL_PREFIX)) is not None for address in (used, lost, fresh)]
    assert there == [True, False, True]
