"""A hostile or damaged export is refused with a sentence, or loses only the part that cannot be stored."""

from __future__ import annotations

import os
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.actions import user_register
from accounts.models import User
from chat.imports import report as reports
from chat.imports.folders import Archive, Directory
from chat.imports.records import UnreadableExport
from chat.models import Attachment, Channel, ImportedRecord, Message, Pin, Reaction
from delivery import log
from tests.chat.imports.test_other_systems import write_csv, write_rocketchat
from tests.support.imports import run_import, texts, write_json, write_lines

pytestmark = pytest.mark.django_db

DAY = 1_700_000_000


def write_slack(root: Path, *messages: dict[str, Any], users: object = None) -> Path:
    """Write a workspace of Alice and these messages of hers."""
    write_json(root / "users.json", [{"id": "U1", "name": "alice"}] if users is None else users)
    write_json(root / "channels.json", [{"id": "C1", "name": "general", "members": ["U1"]}])
    rows = [{"type": "message", "user": "U1", "ts": f"{DAY + n}.0", **row} for n, row in enumerate(messages)]
    write_json(root / "general" / "2023-11-14.json", rows)
    return root


@pytest.mark.parametrize(
    "message",
    [
        {"files": 5},
        {"files": [{"name": 5}]},
        {"ts": "9" * 30},
        {"ts": 5},
        {"reactions": [{"name": "+1", "users": 5}]},
        {"user": {"id": "U1"}},
    ],
    ids=str,
)
def test_a_message_of_another_structure_is_refused_before_anything_is_stored(
    message: dict[str, Any], tmp_path: Path
) -> None:
    write_slack(tmp_path, {"text": "a"}, message)
    with pytest.raises(UnreadableExport, match="The record after 1 others has an unexpected structure"):
        run_import("slack", tmp_path)
    assert not Channel.objects.exists() and not ImportedRecord.objects.exists()


@pytest.mark.parametrize("users", [[{"name": "alice"}], [5], [[]]], ids=str)
def test_users_of_another_structure_are_refused(users: object, tmp_path: Path) -> None:
    write_slack(tmp_path, users=users)
    with pytest.raises(UnreadableExport):
        run_import("slack", tmp_path)


def test_deep_json_is_refused(tmp_path: Path) -> None:
    write_slack(tmp_path)
    (tmp_path / "channels.json").write_text('[{"a": ' + "[" * 100_000)
    with pytest.raises(UnreadableExport, match=r"^channels\.json: "):
        run_import("slack", tmp_path)


@pytest.mark.parametrize("format", ["slack", "rocketchat", "csv"])
def test_no_more_of_a_file_is_read_into_memory_than_the_limit(format: str, tmp_path: Path, settings: Settings) -> None:
    {"slack": write_slack, "rocketchat": write_rocketchat, "csv": write_csv}[format](tmp_path)
    settings.IM_IMPORT_JSON_MAX_BYTES = 20
    with pytest.raises(UnreadableExport, match="more than IM_IMPORT_JSON_MAX_BYTES"):
        run_import(format, tmp_path)


def test_a_file_that_is_too_large_is_left_out_and_leaves_its_name(tmp_path: Path, settings: Settings) -> None:
    settings.IM_ATTACHMENT_MAX_BYTES = 5
    write_slack(tmp_path, {"text": "", "files": [{"id": "F1", "name": "zeros.bin"}]})
    (tmp_path / "__uploads" / "F1").mkdir(parents=True)
    (tmp_path / "__uploads" / "F1" / "zeros.bin").write_bytes(bytes(6))
    report = run_import("slack", tmp_path)
    assert report.problems["files with more bytes than IM_ATTACHMENT_MAX_BYTES"] == 1
    assert texts(Channel.objects.get(name="general")) == ["zeros.bin"]
    assert not Attachment.objects.filter(state="ready").exists()


def test_paths_lead_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    root = tmp_path / "export"
    root.mkdir()
    (root / "circle").symlink_to(root / "circle")
    (root / "out").symlink_to(tmp_path)
    os.mkfifo(root / "fifo")
    folder = Directory(root)
    assert folder.names() == []
    for path in (
        "../secret",
        "out/secret",
        "circle",
        "fifo",
        "a\0b",
        "a" * 5000,
        "/dev/zero",
        str(tmp_path / "secret"),
    ):
        with pytest.raises(FileNotFoundError):
            folder.open(path)


def zipped(root: Path, path: Path, **more: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(root.rglob("*.*")):
            archive.write(file, f"workspace/{file.relative_to(root)}")
        for name, content in more.items():
            archive.writestr(name, content)
    return path


def test_a_zip_file_that_macos_has_made_is_read(tmp_path: Path) -> None:
    root = write_slack(tmp_path / "slack", {"text": "a"})
    path = zipped(root, tmp_path / "export.zip", **{"__MACOSX/workspace/._users.json": "x", "workspace/.DS_Store": "x"})
    assert run_import("slack", path).created["message"] == 1


def test_a_damaged_zip_file_is_refused(tmp_path: Path) -> None:
    path = zipped(write_slack(tmp_path / "slack", {"text": "a"}), tmp_path / "export.zip")
    content = path.read_bytes()
    start = content.index(b"users.json") + len("users.json")
    path.write_bytes(content[:start] + b"\xff" * 8 + content[start + 8 :])
    with pytest.raises(UnreadableExport, match=r"users\.json is damaged"):
        run_import("slack", path)
    path.write_bytes(b"PK")
    with pytest.raises(UnreadableExport, match="is not a ZIP file"):
        Archive(path)


def test_times_are_kept_between_1970_and_now(tmp_path: Path) -> None:
    write_slack(tmp_path, {"ts": "-5.0", "text": "early"}, {"ts": "99999999999.0", "text": "late"}, {"text": "b"})
    report = run_import("slack", tmp_path)
    general = Channel.objects.get(name="general")
    assert texts(general) == ["early", "b", "late"]
    times = Message.objects.order_by("seq").values_list("time", flat=True)
    assert times[0] == 0 and times[2] <= log.now_ms() and general.active_at == times[2]
    assert sum(report.problems.values()) == 2


def test_a_long_message_becomes_several(tmp_path: Path, settings: Settings) -> None:
    settings.IM_MESSAGE_MAX_LENGTH = 10
    write_slack(tmp_path, {"text": "one two three\nfour", "thread_ts": f"{DAY}.0"}, {"text": "x" * 21}, {"text": "ok"})
    run_import("slack", tmp_path)
    expected = ["one two ", "three\nfour", "x" * 10, "x" * 10, "x", "ok"]
    assert texts(Channel.objects.get(name="general")) == expected
    assert run_import("slack", tmp_path).known["message"] == len(expected)


def test_pins_and_emoji_keep_their_limits(tmp_path: Path, settings: Settings) -> None:
    settings.IM_MAX_PINS_PER_CHANNEL, settings.IM_MAX_EMOJI_PER_MESSAGE = 1, 2
    reactions = [{"name": name, "users": ["U1"]} for name in ("+1", "-1", "heart")]
    write_slack(tmp_path, {"text": "a", "reactions": reactions}, {"text": "b"})
    channel = {"id": "C1", "name": "general", "members": ["U1"], "pins": [{"id": f"{DAY}.0"}, {"id": f"{DAY + 1}.0"}]}
    write_json(tmp_path / "channels.json", [channel])
    report = run_import("slack", tmp_path)
    assert Pin.objects.count() == 1 and Reaction.objects.count() == 2
    assert report.problems["pins beyond IM_MAX_PINS_PER_CHANNEL"] == 1


def test_names_that_come_from_the_export_are_bounded_and_printable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MAX_NAMES", 3)
    reactions = [{"name": f"none\x1b[2J{n}", "users": ["U1"]} for n in range(9)]
    write_slack(tmp_path, {"text": "a", "reactions": reactions})
    out = StringIO()
    call_command("import", "slack", str(tmp_path), stdout=out)
    assert "\x1b" not in out.getvalue() and out.getvalue().count("missing here") == 4


def test_users_cannot_take_official_names_or_addresses_that_nobody_has_confirmed(tmp_path: Path) -> None:
    owner = user_register(username="owner", password="a-long-password-1", email="owner@people.example")
    write_rocketchat(tmp_path)
    email = {"address": "owner@people.example", "verified": False}
    users = [
        {"_id": "u1", "username": "alice", "name": "Administrator", "emails": [email]},
        {"_id": "u2", "username": "bob", "emails": [{"address": "b\0@people.example"}]},
    ]
    write_lines(tmp_path / "users.json", *users)
    run_import("rocketchat", tmp_path)
    assert not Message.objects.filter(sender=owner).exists()
    alice, bob = User.objects.get(username="alice"), User.objects.get(username="bob")
    assert (alice.nickname, alice.email, bob.email) == ("alice", None, None)


def test_a_name_shown_as_the_sender_is_safe_to_show(tmp_path: Path) -> None:
    write_slack(
        tmp_path,
        {"subtype": "bot_message", "username": "Bu\u202eild", "text": "a"},
        {"subtype": "bot_message", "username": " Build \n bot ", "text": "b"},
    )
    run_import("slack", tmp_path)
    assert list(Message.objects.order_by("seq").values_list("shown_as", flat=True)) == ["", "Build bot"]


def test_many_users_of_one_name_take_few_attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.actions.imported_users._MAX_COUNTED", 2)
    write_slack(tmp_path, users=[{"id": f"U{n}", "name": "alice"} for n in range(6)])
    assert run_import("slack", tmp_path).created["user"] == 6
    assert User.objects.filter(username__startswith="alice").count() == 6
