"""Files go with the last row that needs them, whatever step a crash interrupts."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from chat.actions import attachment_cleanup as cleanup
from chat.actions.account_deletion import account_delete
from chat.actions.attachment import attachments_remove
from chat.attachments import storage
from chat.models import Attachment, Channel, Message
from delivery import log
from tests.support.in_process import say

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attachment_storage")]

HOUR = 3_600_000


def make(user: User, *, hours: float = 0, state: str = "ready", file: str = "", **fields: Any) -> Attachment:
    """Create an attachment of this age with a file, or one that shares this file."""
    name = file or storage.new_name()
    thumbnail = storage.new_name()
    for new in {name, thumbnail} - {file}:
        storage.save(new, ContentFile(b"x"))
    created = log.now_ms() - int(hours * HOUR)
    return Attachment.objects.create(
        uploader=user, name="a", size=1, file=name, thumbnail=thumbnail, state=state, created_at=created, **fields
    )


def clean_up() -> None:
    while cleanup.uploads_expire() or cleanup.removed_attachments_delete():
        pass
    cleanup.leftovers_delete()


def files() -> set[str]:
    return set(storage.all_files())


def names(*rows: Attachment) -> set[str]:
    return {name for row in rows for name in (row.file, row.thumbnail)}


def test_unsent_and_unfinished_uploads_expire(alice: User, group: Channel) -> None:
    young, old, unfinished = make(alice, hours=23), make(alice, hours=25), make(alice, hours=25, state="uploading")
    sent = make(alice, hours=25)
    say(alice, group, attachments=(sent.key,))
    for key in (young.key, unfinished.key):
        storage.save(storage.new_part_name(key, 0), ContentFile(b"x"))
    Attachment.objects.filter(pk=young.pk).update(state="uploading")

    clean_up()

    assert set(Attachment.objects.all()) == {young, sent}
    assert files() == names(young, sent) and storage.uploads_with_parts() == [young.key]
    assert old.file not in files()


def test_unsent_files_of_a_deleted_account_go(alice: User, group: Channel) -> None:
    make(alice)
    sent = make(alice, message=Message.objects.get(pk=say(alice, group).id))
    account_delete(user_id=alice.pk)
    clean_up()
    assert files() == names(sent)


def test_files_of_a_recalled_message_go_at_once_and_the_row_after_a_day(alice: User, group: Channel) -> None:
    row = make(alice)
    attachments_remove([say(alice, group, attachments=(row.key,)).id])
    clean_up()
    assert files() == set()
    kept = Attachment.objects.get()
    assert (kept.file, kept.thumbnail, kept.size) == ("", "", 1), "it counts in the quota of its day"
    Attachment.objects.update(created_at=log.now_ms() - 25 * HOUR)
    clean_up()
    assert not Attachment.objects.exists()


def test_a_shared_file_goes_with_its_last_row(alice: User) -> None:
    first = make(alice, state="removed")
    second = make(alice, file=first.file)
    clean_up()
    assert files() == names(second)
    Attachment.objects.filter(pk=second.pk).update(state="removed")
    clean_up()
    assert files() == set()


@pytest.mark.parametrize("step", ["delete_file", "delete_parts", "write"])
def test_a_crash_between_two_steps(alice: User, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    row = make(alice, hours=30, state="removed")
    storage.save(storage.new_part_name(row.key, 0), ContentFile(b"x"))

    def crash(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(*((cleanup, step) if step == "write" else (cleanup.storage, step)), crash)
    with pytest.raises(KeyboardInterrupt):
        cleanup.removed_attachments_delete()
    monkeypatch.undo()
    assert Attachment.objects.filter(pk=row.pk).exists(), "a row without its file is still found"

    clean_up()
    assert not Attachment.objects.exists() and files() == set() and storage.uploads_with_parts() == []


def test_a_file_that_cannot_be_deleted_hinders_no_other(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, other = make(alice, hours=25, state="removed"), make(alice, hours=25, state="removed")
    delete = storage.delete_file

    def fail(name: str) -> None:
        if name == stuck.file:
            raise PermissionError(name)
        delete(name)

    monkeypatch.setattr(storage, "delete_file", fail)
    clean_up()
    assert list(Attachment.objects.all()) == [stuck] and not names(other) & files()
    monkeypatch.undo()
    clean_up()
    assert not Attachment.objects.exists() and not files()


def test_parts_and_spools_without_an_upload_are_deleted(alice: User) -> None:
    storage.save(storage.new_part_name("gone", 0), ContentFile(b"x"))
    spools = storage.spool_directory()
    spools.mkdir(parents=True)
    for name, age in (("young", 0), ("old", 90_000)):
        (spools / name).write_bytes(b"x")
        os.utime(spools / name, (time.time() - age,) * 2)
    clean_up()
    assert storage.uploads_with_parts() == [] and [path.name for path in spools.iterdir()] == ["young"]


def run(*arguments: str) -> str:
    printed = StringIO()
    call_command("attachments", *arguments, stdout=printed)
    return printed.getvalue()


def test_the_command_reports_and_repairs(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, lost = make(alice), make(alice)
    storage.delete_file(lost.file)
    unknown, young = storage.new_name(), storage.new_name()
    for name in (unknown, young):
        storage.save(name, ContentFile(b"x"))
    stored_at = {unknown: timezone.now() - timedelta(hours=25)}
    monkeypatch.setattr(storage, "modified_at", lambda name: stored_at.get(name, timezone.now()))

    report = run("--dry-run", "--repair")
    assert f"Without a file: {lost.key}" in report and f"Without a row: {unknown}" in report
    assert unknown in files() and "Repaired" not in report

    run("--repair")
    assert files() == names(whole, lost) - {lost.file} | {young}
    run()
    assert files() == names(whole) | {young} and "0 attachments without a file" in run()


def test_an_empty_storage_is_not_repaired(alice: User) -> None:
    row = make(alice)
    for name in names(row):
        storage.delete_file(name)
    with pytest.raises(CommandError, match="mounted"):
        run("--repair")
    assert Attachment.objects.get().state == "ready"
