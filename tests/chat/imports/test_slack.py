"""Exports of Slack are taken over in each part, and a repeated import stores nothing twice."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from accounts.actions import user_register
from accounts.models import User
from chat.imports import importer
from chat.imports.records import UnreadableExport
from chat.models import (
    Attachment,
    Channel,
    Membership,
    Message,
    MessageMention,
    Pin,
    Reaction,
    ReadMark,
    Thread,
    ThreadFollower,
)
from chat.search.index import index_find
from chat.search.tokenizer import phrases
from tests.support.imports import run_import, texts, write_json
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db

DAY = 1_700_000_000


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A workspace with Alice, Bob, who has left, and a bot; a channel with a thread, and a private conversation."""
    root = tmp_path / "slack"
    write_json(
        root / "users.json",
        [
            {"id": "U1", "name": "alice", "profile": {"real_name": "Alice Arden", "email": "alice@people.example"}},
            {"id": "U2", "name": "bob", "deleted": True, "profile": {"display_name": "Bob"}},
            {"id": "U3", "name": "deploybot", "is_bot": True, "profile": {}},
        ],
    )
    channel = {"id": "C1", "name": "general", "creator": "U1", "members": ["U1", "U2"], "topic": {"value": "All of us"}}
    write_json(root / "channels.json", [{**channel, "pins": [{"id": f"{DAY}.000100"}]}])
    write_json(root / "dms.json", [{"id": "D1", "members": ["U1", "U2"]}])
    # The second file has the earlier day of the thread's answer; times decide, not names.
    write_json(
        root / "general" / "2023-11-15.json",
        [
            {"type": "message", "user": "U2", "ts": f"{DAY + 86400}.000200", "thread_ts": f"{DAY}.000100",
             "text": "I read it"},
            {"type": "message", "user": "U1", "ts": f"{DAY + 86401}.000200", "thread_ts": f"{DAY}.000100",
             "subtype": "thread_broadcast", "text": "so all know"},
        ],
    )  # fmt: skip
    write_json(
        root / "general" / "2023-11-14.json",
        [
            {"type": "message", "subtype": "channel_join", "user": "U2", "ts": f"{DAY - 5}.000000", "text": "joined"},
            {"type": "message", "user": "U1", "ts": f"{DAY}.000100", "text": "*Read* <https://a.example|this>, <@U2>",
             "edited": {"ts": f"{DAY + 60}.0"}, "reactions": [{"name": "+1", "users": ["U2"]},
             {"name": "thumbsup::skin-tone-3", "users": ["U1"]}, {"name": "our-logo", "users": ["U2"]}]},
            {"type": "message", "subtype": "bot_message", "bot_id": "B9", "username": "Build", "ts": f"{DAY + 1}.5",
             "text": "", "attachments": [{"text": "Build is green"}]},
            {"type": "message", "user": "U1", "ts": f"{DAY + 2}.0", "text": "", "files": [
                {"id": "F1", "name": "logo.png", "mimetype": "image/png"}, {"id": "F2", "name": "lost.pdf"}]},
        ],
    )  # fmt: skip
    upload = root / "__uploads" / "F1" / "logo.png"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(picture("PNG", (3, 2)))
    write_json(root / "D1" / "2023-11-14.json", [{"type": "message", "user": "U2", "ts": f"{DAY}.0", "text": "Hi"}])
    return root


def test_channels_have_their_messages_in_the_order_of_time(export: Path) -> None:
    report = run_import("slack", export)
    general = Channel.objects.get(name="general")
    assert texts(general) == [
        "**Read** [this](https://a.example), @bob",
        "Build is green",
        "",
        "I read it",
        "so all know",
    ]
    assert (general.topic, general.join, general.history) == ("All of us", "open", "all")
    private = Channel.objects.get(kind="private")
    assert texts(private) == ["Hi"]
    assert general.active_at == (DAY + 86401) * 1000
    assert dict(report.created) == {"user": 3, "channel": 2, "message": 6, "reaction": 2, "file": 1}
    assert dict(report.problems) == {
        "inactive users who are no members here": 1,
        "files that the export does not contain": 1,
        "reactions by an emoji that is missing here: our-logo": 1,
    }


def test_users_get_no_password_and_keep_their_state(export: Path) -> None:
    run_import("slack", export)
    alice, bob, bot = (User.objects.get(username=name) for name in ("alice", "bob", "deploybot"))
    assert (alice.nickname, alice.email, alice.kind) == ("Alice Arden", "alice@people.example", "person")
    assert alice.is_active and not alice.has_usable_password()
    assert not bob.is_active
    assert bot.kind == "service"
    roles = Membership.objects.filter(channel__name="general").values_list("user__username", "role", "from_seq")
    assert list(roles) == [("alice", "owner", 1)]


def test_messages_keep_sender_time_thread_mention_and_file(export: Path) -> None:
    run_import("slack", export)
    alice, bob = User.objects.get(username="alice"), User.objects.get(username="bob")
    root, build, image, answer, shown = Message.objects.filter(channel__name="general").order_by("seq")
    assert (root.sender, root.time, root.edited_at) == (alice, DAY * 1000, (DAY + 60) * 1000)
    assert (build.shown_as, build.time) == ("Build", (DAY + 1) * 1000 + 500)
    assert not build.sender.is_active
    assert (answer.thread, answer.thread_only, shown.thread, shown.thread_only) == (root.pk, True, root.pk, False)
    thread = Thread.objects.get(pk=root.pk)
    assert (thread.count, thread.last_seq) == (2, 5)
    assert set(ThreadFollower.objects.values_list("user", "read_seq")) == {(alice.pk, 5), (bob.pk, 5)}
    assert image.type == "file" and image.attachments is not None
    assert [file["name"] for file in image.attachments] == ["logo.png"]
    file = Attachment.objects.get(message=image)
    assert (file.kind, file.width, file.uploader) == ("image", 3, alice)
    counts = Reaction.objects.filter(message=root).order_by("pk").values_list("emoji", "count")
    assert list(counts) == [("👍", 1), ("👍🏼", 1)]
    assert Pin.objects.get().message == root


def test_mentions_of_members_are_marked_and_read(export: Path) -> None:
    users = (export / "users.json").read_text().replace('"deleted": true, ', "")
    (export / "users.json").write_text(users)
    run_import("slack", export)
    bob = User.objects.get(username="bob")
    root = Message.objects.filter(channel__name="general").order_by("seq").first()
    assert root is not None and root.mentions == [{"id": str(bob.pk), "name": "bob"}]
    assert MessageMention.objects.get().user == bob
    marks = ReadMark.objects.filter(channel__name="general").values_list("user__username", "seq")
    assert sorted(marks) == [("alice", 5), ("bob", 5)]


def test_search_finds_imported_messages(export: Path) -> None:
    run_import("slack", export)
    (found,) = index_find(phrases("green"), channels=None, before=None, limit=5)
    assert Message.objects.get(pk=found).text == "Build is green"


def test_a_repeated_import_stores_only_what_is_new(export: Path) -> None:
    run_import("slack", export)
    before = list(Message.objects.order_by("pk").values())
    again = run_import("slack", export)
    assert not +again.created
    assert dict(again.known) == {"user": 3, "channel": 2, "message": 6}
    assert list(Message.objects.order_by("pk").values()) == before
    later = {"type": "message", "user": "U1", "ts": f"{DAY + 90000}.0", "text": "later", "thread_ts": f"{DAY}.000100"}
    write_json(export / "general" / "2023-11-16.json", [later])
    assert run_import("slack", export).created["message"] == 1
    assert texts(Channel.objects.get(name="general"))[-1] == "later"
    assert Thread.objects.get().count == 3


def test_an_interrupted_import_continues(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "MESSAGES_PER_BATCH", 2)
    store, batches = importer.store_messages, []

    def fail_third(target: importer.ChannelImport, batch: list[importer.MessageRecord]) -> None:
        batches.append(batch)
        if len(batches) == 3:
            raise OSError
        store(target, batch)

    with monkeypatch.context() as patched:
        patched.setattr(importer, "store_messages", fail_third)
        with pytest.raises(OSError):
            run_import("slack", export)
    general = Channel.objects.get(name="general")
    assert len(texts(general)) == 4
    run_import("slack", export)
    general.refresh_from_db()
    assert texts(general)[-1] == "so all know" and len(texts(general)) == 5
    assert Attachment.objects.count() == 1


def test_people_of_the_site_are_found_by_address_and_keep_their_names(export: Path) -> None:
    arden = user_register(username="arden", password="a-long-password-1", email="Alice@people.example")
    other = user_register(username="bob", password="a-long-password-1")
    run_import("slack", export)
    assert not User.objects.filter(username="alice").exists()
    assert Message.objects.filter(channel__name="general", sender=arden).count() == 3
    assert not Message.objects.filter(sender=other).exists()
    assert Message.objects.filter(sender__username="bob-2").exists()


def test_a_dry_run_stores_nothing(export: Path) -> None:
    users = User.objects.count()
    report = run_import("slack", export, dry_run=True)
    assert dict(report.created) == {"user": 3, "channel": 2, "message": 6}
    assert (User.objects.count(), Channel.objects.count(), Message.objects.count()) == (users, 0, 0)


def test_a_zip_file_is_read_where_it_lies(export: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(export.rglob("*.*")):
            archive.write(file, f"workspace/{file.relative_to(export)}")
    assert run_import("slack", path).created["message"] == 6


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("users.json", None, "This is no export of Slack: users.json or channels.json is missing."),
        ("channels.json", "[{", "channels.json: "),
        ("channels.json", '[{"name": "x"}]', "The record after 0 others has an unexpected structure: KeyError 'id'."),
        ("general/2023-11-14.json", '{"a": 1}', "general/2023-11-14.json: Expected `array`, got `object`."),
    ],
)
def test_a_broken_export_is_refused_before_anything_is_stored(
    export: Path, name: str, content: str | None, problem: str
) -> None:
    if content is None:
        (export / name).unlink()
    else:
        (export / name).write_text(content)
    users = User.objects.count()
    with pytest.raises(UnreadableExport) as refused:
        run_import("slack", export)
    assert str(refused.value).startswith(problem)
    assert User.objects.count() == users
