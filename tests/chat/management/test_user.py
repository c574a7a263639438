"""`manage.py user` offers the admin's actions to scripts."""

from __future__ import annotations

import io
import stat
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command

from accounts.models import AuthenticatorApp, RecoveryCode, User
from chat.actions.channel import channel_create_group
from chat.models import Restriction
from tests.support.in_process import create_users, say
from tests.support.second_factor import add_app

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    told = StringIO()
    call_command("user", *arguments, stdout=told)
    return told.getvalue()


def test_an_account_is_created_with_a_password_from_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("correct horse battery\n" * 2))
    assert run("create", "alice", "--nickname", "Alice W.") == "alice can sign in.\n"
    alice = User.objects.get(username="alice")
    assert alice.check_password("correct horse battery") and alice.nickname == "Alice W."
    with pytest.raises(CommandError, match="taken"):
        run("create", "ALICE")


def test_bob_is_muted_in_a_channel_and_unmuted() -> None:
    alice, bob = create_users("alice", "bob")
    group = channel_create_group(creator=alice, name="Tea", members=["bob"])
    assert "muted until" in run("mute", "BOB", "--channel", str(group.pk), "--hours", "2", "--reason", "Calm down")
    with pytest.raises(AssertionError, match="muted"):
        say(bob, group)
    run("unmute", "bob", "--channel", str(group.pk))
    assert say(bob, group).seq == 1


def test_bob_is_banned_and_unbanned() -> None:
    create_users("bob")
    run("ban", "bob")
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_repr, entry.change_message) == ("system", "bob", "Ban.")
    assert Restriction.objects.get().created_by.username == "system" and not User.objects.get(username="bob").is_active
    run("unban", "bob")
    assert User.objects.get(username="bob").is_active
    with pytest.raises(CommandError, match="no user nobody"):
        run("ban", "nobody")


@pytest.mark.parametrize("hours", ["nan", "inf", "0", "-1", "1e12"])
def test_a_mute_for_an_invalid_time_is_refused(hours: str) -> None:
    create_users("bob")
    with pytest.raises(CommandError, match="hours"):
        run("mute", "bob", f"--hours={hours}")
    assert not Restriction.objects.exists()


def test_an_export_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    alice, _ = create_users("alice", "bob")
    say(alice, channel_create_group(creator=alice, name="Tea", members=["bob"]), "my own words")
    file = tmp_path / "alice.zip"
    file.touch()
    with pytest.raises(CommandError, match="File exists"):
        run("export", "alice", str(file))
    with pytest.raises(CommandError, match="No such file"):
        run("export", "alice", str(tmp_path / "none" / "alice.zip"))
    file.unlink()
    run("export", "alice", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
        assert b"my own words" in archive.read("messages.jsonl")


def test_the_second_factor_of_a_user_who_is_locked_out_is_reset() -> None:
    [bob] = create_users("bob")
    add_app(bob)
    run("reset-second-factor", "bob")
    bob.refresh_from_db()
    assert not bob.has_second_factor and not AuthenticatorApp.objects.exists() and not RecoveryCode.objects.exists()
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.change_message) == ("system", "Turn off two-factor sign-in.")
