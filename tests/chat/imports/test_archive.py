"""An exported archive contains what was there, and is imported again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from chat.archives import writer
from chat.archives.selection import Selection
from chat.imports.records import FileRecord, UnreadableExport
from chat.models import Attachment, Channel, Membership, Message, MessageKey
from tests.chat.imports.test_other_systems import write_csv
from tests.support.imports import open_no_bar, run_import, texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with a group and a private channel; return a directory for archives."""
    write_csv(tmp_path / "csv")
    run_import("csv", tmp_path / "csv")
    return tmp_path


def lines(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_an_archive_of_the_site_is_imported_as_it_was(site: Path) -> None:
    call_command("export", str(site / "first"))
    # In place of an empty site: users are found by their names' records, channels come a second time.
    User.objects.update(email=None)
    call_command("import", "imsite", str(site / "first"), verbosity=0)
    old, new = Channel.objects.filter(name="Town").order_by("pk")
    assert texts(new) == texts(old)
    fields = ("seq", "type", "time", "thread_only", "edited_at", "shown_as", "sender__nickname")
    rows = [
        list(Message.objects.filter(channel=channel).order_by("seq").values_list(*fields)) for channel in (old, new)
    ]
    assert rows[0] == rows[1]
    call_command("export", str(site / "second"), channel=[new.pk])
    first, second = (
        lines(site / name / "messages" / f"{pk}.jsonl") for name, pk in (("first", old.pk), ("second", new.pk))
    )
    same = ("text", "time", "pinned", "inChannel")
    assert [[row.get(name) for name in same] for row in first] == [[row.get(name) for name in same] for row in second]
    assert [bool(row.get("thread")) for row in second] == [False, False, True]
    assert [[r["emoji"] for r in row.get("reactions", [])] for row in second] == [["👍"], [], []]  # type: ignore[attr-defined]
    (file,) = second[2]["files"]  # type: ignore[misc]
    assert (site / "second" / file["path"]).read_text() == "A text."
    assert {row["name"] for row in lines(site / "second" / "users.jsonl")} == {"alice-2", "bob-2"}


def test_an_archive_of_a_user_has_only_their_own_messages(site: Path) -> None:
    call_command("export", str(site / "bob"), user="bob")
    assert [row["name"] for row in lines(site / "bob" / "users.jsonl")] == ["bob"]
    found = [row["text"] for path in (site / "bob" / "messages").iterdir() for row in lines(path)]
    assert sorted(found) == ["Hi", "I did"]
    members = [row["members"] for row in lines(site / "bob" / "channels.jsonl")]
    assert all(len(one) == 1 for one in members)  # type: ignore[arg-type]


def test_a_recalled_message_is_not_exported(site: Path) -> None:
    Message.objects.filter(text="later").update(text="", recalled_at=1)
    call_command("export", str(site / "archive"))
    town = Channel.objects.get(name="Town")
    assert [row["text"] for row in lines(site / "archive" / "messages" / f"{town.pk}.jsonl")] == [
        "**Read** this",
        "I did",
    ]


def test_an_interrupted_export_continues(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_MESSAGES_PER_STEP", 1)
    town = Channel.objects.get(name="Town")
    path = site / "archive" / "messages" / f"{town.pk}.jsonl"
    record = writer._records
    steps: list[int] = []

    def fail_second(*args: object) -> object:
        steps.append(1)
        if len(steps) == 2:
            raise OSError(28, "No space left on device")
        return record(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(writer, "_records", fail_second)
        with pytest.raises(CommandError, match=r"No space left on device\. Run it again to continue\."):
            call_command("export", str(site / "archive"))
    with pytest.raises(UnreadableExport, match="incomplete"):
        run_import("imsite", site / "archive")
    # The machine stopped within a line.
    with path.open("ab") as file:
        file.write(b'{"key": "99')
    writer.write_archive(site / "archive", Selection(), open_bar=open_no_bar)
    assert [row["text"] for row in lines(path)] == ["**Read** this", "later", "I did"]
    with pytest.raises(CommandError, match="contains something else"):
        call_command("export", str(site / "archive"))


def test_a_message_recalled_during_the_export_is_dropped_with_its_file(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Channel.objects.get(name="Town")
    path = site / "archive" / "messages" / f"{town.pk}.jsonl"
    drop_gone = writer._drop_gone
    attached: list[Path] = []

    def recall_last(directory: Path, channel: Channel) -> int:
        if path.exists() and channel == town and path.stat().st_size and not attached:
            rows = lines(path)
            assert [row["text"] for row in rows] == ["**Read** this", "later", "I did"]
            files = [file for row in (rows[0], rows[2]) for file in row.get("files", [])]  # type: ignore[attr-defined]
            attached.extend(directory / file["path"] for file in files)
            assert attached and all(file.exists() for file in attached)
            Message.objects.filter(pk=rows[0]["key"]).update(text="", recalled_at=1)
            Message.objects.filter(pk=rows[2]["key"]).update(text="", recalled_at=1)
        return drop_gone(directory, channel)

    monkeypatch.setattr(writer, "_drop_gone", recall_last)
    call_command("export", str(site / "archive"))
    assert [row["text"] for row in lines(path)] == ["later"]
    assert not any(file.exists() for file in attached)


def test_a_file_whose_line_was_not_written_is_dropped_if_its_message_is_recalled(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file = writer._write_file

    def write_and_fail(*args: Any) -> FileRecord:
        write_file(*args)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(writer, "_write_file", write_and_fail)
        with pytest.raises(CommandError):
            call_command("export", str(site / "archive"))
    [early] = (site / "archive" / "files").iterdir()
    (early.parent / "unfinished.part").touch()
    message = Attachment.objects.get(key=early.name).message
    Message.objects.filter(pk=message.pk).update(text="", recalled_at=1)
    call_command("export", str(site / "archive"))
    assert not any(early.parent.iterdir())


@pytest.mark.parametrize("is_deleted", [False, True], ids=["recalled", "deleted by retention"])
def test_a_continued_export_drops_what_is_gone(site: Path, monkeypatch: pytest.MonkeyPatch, is_deleted: bool) -> None:
    town = Channel.objects.get(name="Town")
    path = site / "archive" / "messages" / f"{town.pk}.jsonl"

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(writer, "user_record", fail)
        with pytest.raises(CommandError):
            call_command("export", str(site / "archive"))
    last = Message.objects.get(text="I did")
    assert lines(path)[-1]["key"] == str(last.pk)
    if is_deleted:
        last.delete()
        MessageKey.objects.filter(pk=last.pk).delete()
    else:
        Message.objects.filter(pk=last.pk).update(text="", recalled_at=1)
    call_command("export", str(site / "archive"))
    assert [row["text"] for row in lines(path)] == ["**Read** this", "later"]


def test_an_archive_keeps_who_may_read_what_and_who_has_come_meanwhile(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Channel.objects.get(name="Town")
    Channel.objects.filter(pk=town.pk).update(history="joined")
    last = Message.objects.filter(channel=town).order_by("seq").last()
    assert last is not None
    Membership.objects.filter(channel=town, user__username="bob").update(from_seq=last.seq)
    Message.objects.filter(text="later").update(type="action")
    written = writer._write_messages

    def send_meanwhile(*args: object) -> None:
        carol, _ = User.objects.get_or_create(username="carol", defaults={"nickname": "Carol"})
        Message.objects.filter(text="later").update(sender=carol)
        written(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(writer, "_write_messages", send_meanwhile)
    (site / "archive").mkdir(mode=0o755)
    writer.write_archive(site / "archive", Selection(), open_bar=open_no_bar)
    assert (site / "archive").stat().st_mode & 0o777 == 0o700
    assert "carol" in {row["name"] for row in lines(site / "archive" / "users.jsonl")}
    (channel,) = [row for row in lines(site / "archive" / "channels.jsonl") if row.get("name") == "Town"]
    assert sorted(member.get("since", 0) for member in channel["members"]) == [0, last.time]  # type: ignore[attr-defined]
    rows = lines(site / "archive" / "messages" / f"{town.pk}.jsonl")
    assert [row.get("action", False) for row in rows] == [False, True, False]


def test_unknown_channels_and_users_are_named(site: Path) -> None:
    with pytest.raises(CommandError, match="There is no channel 999"):
        call_command("export", str(site / "a"), channel=[999])
    with pytest.raises(CommandError, match="There is no user nobody"):
        call_command("export", str(site / "b"), user="nobody")
