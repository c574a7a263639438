"""Imported messages behave as others do: they are read, edited, recalled, reacted to, pinned and answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chat.actions.message import message_edit, message_recall
from chat.actions.pin import message_pin
from chat.actions.reaction import message_react
from chat.attachments import storage
from chat.imports import importer
from chat.models import Attachment, Channel, Membership, Message, ReadMark, Thread, ThreadFollower
from chat.search.index import index_advance
from chat.search.queries import message_search
from chat.selectors.access import access_channel
from chat.selectors.history import history
from chat.selectors.messages import sync
from chat.selectors.received_messages import ReceivedQuery, received_answers
from chat.wire.schema.events import MESSAGE
from delivery import log
from tests.chat.imports.test_hostile_exports import DAY, write_slack
from tests.support.imports import run_import, texts, write_json, write_lines
from tests.support.in_process import say

pytestmark = pytest.mark.django_db

MEMBERS = ["U1", "U2"]
USERS = [{"id": "U1", "name": "alice"}, {"id": "U2", "name": "bob"}, {"id": "U3", "name": "carol"}]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A channel of Alice and Bob with a message, its answer, and another message."""
    root = tmp_path / "slack"
    messages = [{"text": "first"}, {"text": "answer", "user": "U2", "thread_ts": f"{DAY}.0"}, {"text": "last"}]
    write_slack(root, *messages, users=USERS)
    write_json(root / "channels.json", [{"id": "C1", "name": "general", "members": MEMBERS, "creator": "U1"}])
    return root


def add_day(root: Path, *messages: dict[str, object]) -> None:
    rows = [{"type": "message", "user": "U1", "ts": f"{DAY + 90_000 + n}.0", **row} for n, row in enumerate(messages)]
    write_json(root / "general" / "2023-11-15.json", rows)


def people() -> tuple[User, User]:
    """Return Alice and Bob."""
    return User.objects.get(username="alice"), User.objects.get(username="bob")


def test_commands_on_imported_messages_reach_members(workspace: Path) -> None:
    run_import("slack", workspace)
    general, (alice, bob) = Channel.objects.get(name="general"), people()
    first, _, last = Message.objects.filter(channel=general).order_by("seq")
    before = log.head()
    message_edit(user=alice, channel_id=general.pk, message_id=first.pk, text="edited", app=None)
    message_react(user=bob, channel_id=general.pk, message_id=first.pk, emoji="👍", app=None)
    message_pin(user=alice, channel_id=general.pk, message_id=first.pk)
    message_recall(user=alice, channel_id=general.pk, message_id=last.pk, app=None)
    say(bob, general, "new")
    kinds = [entry.kind for entry in sync(bob, after=before, upto=log.head(), limit=99).entries]
    assert kinds == ["message.edited", "message.reacted", "message.pinned", "message.recalled", MESSAGE.name]
    page = history(bob, access_channel(bob, general.pk), before=None, after=None, limit=2)
    older = history(bob, access_channel(bob, general.pk), before=page.messages[0].seq, after=None, limit=9)
    assert [message.seq for message in older.messages + page.messages] == [1, 2, 3, 4]
    assert [note.body["note"] for note in older.notes + page.notes] == ["created"]


def test_a_client_receives_later_messages_and_no_imported_ones(workspace: Path) -> None:
    run_import("slack", workspace)
    general, (alice, bob) = Channel.objects.get(name="general"), people()
    position = log.head()
    say(alice, general, "unseen")
    add_day(workspace, {"text": "imported"})
    run_import("slack", workspace)
    (answer,) = received_answers([ReceivedQuery(bob.pk, log.head(), "", after=position)])
    assert answer.lacks_messages
    (answer,) = received_answers([ReceivedQuery(bob.pk, log.head(), "", after=log.head())])
    assert not answer.lacks_messages


def test_a_later_import_makes_nothing_unread_and_nothing_read(workspace: Path) -> None:
    run_import("slack", workspace)
    general, (alice, bob) = Channel.objects.get(name="general"), people()
    carol = User.objects.get(username="carol")
    answer = say(alice, general, "live answer", thread=Message.objects.get(text="first").pk)
    live, newest = say(alice, general, "live"), Thread.objects.get().last_at
    # Carol has joined after the last message; Bob has not read it.
    Membership.objects.create(channel=general, user=carol, from_position=log.head(), from_seq=live.seq + 1)
    ReadMark.objects.filter(user=alice).update(seq=live.seq)
    add_day(workspace, {"text": "old answer", "user": "U2", "thread_ts": f"{DAY}.0"}, {"text": "old"})
    run_import("slack", workspace)
    general.refresh_from_db()
    marks = dict(ReadMark.objects.filter(channel=general).values_list("user", "seq"))
    assert marks == {alice.pk: general.last_seq, carol.pk: general.last_seq, bob.pk: 3}
    thread = Thread.objects.get()
    assert (thread.count, thread.last_at) == (3, newest)
    read = dict(ThreadFollower.objects.values_list("user", "read_seq"))
    assert read[alice.pk] == thread.last_seq and read[bob.pk] < answer.seq


def test_answers_within_a_thread_leave_the_channel_read(workspace: Path) -> None:
    run_import("slack", workspace)
    general, (alice, bob) = Channel.objects.get(name="general"), people()
    say(alice, general, "live answer", thread=Message.objects.get(text="first").pk, thread_only=True)
    add_day(workspace, {"text": "old"})
    run_import("slack", workspace)
    general.refresh_from_db()
    assert ReadMark.objects.get(user=bob).seq == general.last_seq


def test_a_search_by_date_finds_messages_from_before_and_after_an_import(workspace: Path) -> None:
    run_import("slack", workspace)
    general, (alice, _) = Channel.objects.get(name="general"), people()
    say(alice, general, "live")
    index_advance()
    add_day(workspace, *({"text": f"old {n}"} for n in range(20)))
    run_import("slack", workspace)
    say(alice, general, "live")
    index_advance()
    for question, count in (("old before:2024-01-01", 20), ("old after:2024-01-01", 0), ("live after:2024-01-01", 2)):
        assert len(message_search(alice, question, limit=50).messages) == count


def test_a_message_whose_only_file_is_missing_keeps_its_name_and_thread(workspace: Path) -> None:
    add_day(workspace, {"text": "", "files": [{"id": "F1", "name": "plan.pdf"}]}, {"text": "\u200b"},
            {"text": "nice", "thread_ts": f"{DAY + 90_000}.0"})  # fmt: skip
    report = run_import("slack", workspace)
    assert texts(Channel.objects.get(name="general"))[-2:] == ["plan.pdf", "nice"]
    assert Message.objects.get(text="nice").thread == Message.objects.get(text="plan.pdf").pk
    assert report.problems["messages that would be empty"] == 1


def test_an_interrupted_import_continues_after_its_files_were_deleted(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_day(workspace, {"text": "", "files": [{"id": "F1", "name": "plan.txt"}]})
    upload = workspace / "__uploads" / "F1" / "plan.txt"
    upload.parent.mkdir(parents=True)
    upload.write_text("A plan.")

    def fail(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(importer, "store_messages", fail)
        with pytest.raises(OSError):
            run_import("slack", workspace)
    # The clean-up deletes what was never sent.
    Attachment.objects.all().delete()
    run_import("slack", workspace)
    assert Attachment.objects.get().message is not None


def test_a_storage_that_is_down_ends_the_import(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_day(workspace, {"text": "", "files": [{"id": "F1", "name": "plan.txt"}]})
    upload = workspace / "__uploads" / "F1" / "plan.txt"
    upload.parent.mkdir(parents=True)
    upload.write_text("A plan.")

    def fail(*_: object) -> None:
        raise OSError(5, "down")

    with monkeypatch.context() as patched:
        patched.setattr(storage, "save", fail)
        with pytest.raises(OSError):
            run_import("slack", workspace)
    run_import("slack", workspace)
    assert Attachment.objects.get(message__isnull=False).name == "plan.txt"


def test_a_conversation_with_a_user_who_is_missing_is_kept(workspace: Path) -> None:
    write_json(workspace / "dms.json", [{"id": "D1", "members": ["U1", "U9"]}])
    write_json(
        workspace / "D1" / "2023-11-14.json", [{"type": "message", "user": "U9", "ts": f"{DAY}.0", "text": "Hi"}]
    )
    run_import("slack", workspace)
    kept = Membership.objects.get(user__username="alice", channel__join="closed").channel
    assert texts(kept) == ["Hi"] and Message.objects.get(channel=kept).shown_as == "U9"


def test_a_channel_without_messages_is_not_from_1970(workspace: Path) -> None:
    write_json(workspace / "groups.json", [{"id": "G1", "name": "empty", "members": ["U1"]}])
    run_import("slack", workspace)
    assert Channel.objects.get(name="empty").active_at > DAY * 1000


def test_the_note_of_a_large_group_names_no_more_users_than_fit(workspace: Path, settings: Settings) -> None:
    settings.IM_GROUP_MAX_MEMBERS = 1
    before = log.head()
    write_json(workspace / "channels.json", [{"id": "C1", "name": "general", "members": ["U1", "U2", "U3"]}])
    run_import("slack", workspace)
    (note,) = [entry for entry in log.read(before, 99) if entry.channel is not None]
    assert len(note.body["who"]) == 1
    assert Membership.objects.filter(channel__name="general").count() == 3


def test_members_of_a_limited_history_read_what_came_after_they_joined(tmp_path: Path) -> None:
    write_lines(tmp_path / "users.jsonl", {"key": "1", "name": "alice"}, {"key": "2", "name": "bob"})
    members = [{"user": "1", "role": "owner"}, {"user": "2", "since": 2_000}]
    write_lines(tmp_path / "channels.jsonl", {"key": "7", "name": "general", "history": "joined", "members": members})
    row = {"channel": "7", "sender": "1"}
    write_lines(
        tmp_path / "messages" / "7.jsonl",
        {**row, "key": "1", "time": 1_000, "text": "secret"},
        {**row, "key": "2", "time": 2_000, "text": "waves", "action": True},
    )
    write_json(tmp_path / "archive.json", {"format": "imsite", "version": 1, "complete": True})
    run_import("imsite", tmp_path)
    general, (alice, bob) = Channel.objects.get(name="general"), people()
    shown = {}
    for user in (alice, bob):
        page = history(user, access_channel(user, general.pk), before=None, after=None, limit=9)
        shown[user.username] = [(message.type, message.text) for message in page.messages]
    assert shown == {"alice": [("text", "secret"), ("action", "waves")], "bob": [("action", "waves")]}
    before = log.head()
    secret = Message.objects.get(text="secret")
    message_edit(user=alice, channel_id=general.pk, message_id=secret.pk, text="other secret", app=None)
    assert not sync(bob, after=before, upto=log.head(), limit=9).entries
