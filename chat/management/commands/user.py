"""`manage.py user create|mute|ban|reset-second-factor|export|…`: the admin's actions on users, for scripts."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import ArgumentTypeError
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.actions import system_user, user_register
from accounts.admin.audit_format import record_admin_action
from accounts.errors import AccountError
from accounts.mail import wait_until_sent
from accounts.models import User
from accounts.names import BadName, name_key
from accounts.second_factor.reset import reset_second_factor
from chat.actions.moderation import user_ban, user_mute, user_unban, user_unmute
from chat.errors import ChatError
from chat.export import export

MAX_HOURS = 24 * 36500


class Command(BaseCommand):
    help = "Create, mute, ban and export users. Changes take effect at once."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        create = commands.add_parser("create", help="create an account; asks for the password, or reads it from a pipe")
        create.add_argument("username")
        create.add_argument("--nickname", default="")
        create.add_argument("--email")
        for name, effect in (("mute", "the user cannot send"), ("ban", "the user cannot sign in, or be a member")):
            restrict = commands.add_parser(name, help=effect)
            restrict.add_argument("username")
            restrict.add_argument("--channel", type=int, help="number of the channel (default: all)")
            restrict.add_argument("--hours", type=_hours, help="duration (default: until it is lifted)")
            restrict.add_argument("--reason", default="", help="the user sees it")
            lift = commands.add_parser(f"un{name}", help=f"lift a {name}")
            lift.add_argument("username")
            lift.add_argument("--channel", type=int, help="number of the channel (default: all)")
        reset = commands.add_parser("reset-second-factor", help="turn off two-factor sign-in of a user")
        reset.add_argument("username")
        export_parser = commands.add_parser("export", help="write all stored data of a user to a ZIP file")
        export_parser.add_argument("username")
        export_parser.add_argument("file", type=Path, help="a file that does not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["subcommand"].replace("-", "_"))(**options)
        except (AccountError, BadName, ChatError) as refusal:
            raise CommandError(str(refusal)) from None

    def create(self, *, username: str, nickname: str, email: str | None, **options: Any) -> None:
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        user = user_register(username=username, nickname=nickname, email=email, password=password, allow_reserved=True)
        record_admin_action(system_user(), user, "Create account")
        self.stdout.write(f"{username} can sign in.")

    def mute(self, *, username: str, channel: int | None, hours: float | None, reason: str, **options: Any) -> None:
        user, until = _user(username), _until(hours)
        user_mute(operator=system_user(), user_id=user.pk, channel_id=channel, until=until, reason=reason)
        _record(user, "Mute", channel=channel, until=until, reason=reason)
        self.stdout.write(f"{username} is muted {_period(until)}.")

    def unmute(self, *, username: str, channel: int | None, **options: Any) -> None:
        user = _user(username)
        user_unmute(operator=system_user(), user_id=user.pk, channel_id=channel)
        _record(user, "Unmute", channel=channel)
        self.stdout.write(f"{username} is not muted.")

    def ban(self, *, username: str, channel: int | None, hours: float | None, reason: str, **options: Any) -> None:
        user, until = _user(username), _until(hours)
        user_ban(operator=system_user(), user_id=user.pk, channel_id=channel, until=until, reason=reason)
        _record(user, "Ban", channel=channel, until=until, reason=reason)
        self.stdout.write(f"{username} is banned {_period(until)}.")

    def unban(self, *, username: str, channel: int | None, **options: Any) -> None:
        user = _user(username)
        user_unban(operator=system_user(), user_id=user.pk, channel_id=channel)
        _record(user, "Unban", channel=channel)
        self.stdout.write(f"{username} is not banned.")

    def reset_second_factor(self, *, username: str, **options: Any) -> None:
        user = _user(username)
        reset_second_factor(user)
        record_admin_action(system_user(), user, "Turn off two-factor sign-in")
        wait_until_sent()
        self.stdout.write(f"{username} signs in without a second step.")

    def export(self, *, username: str, file: Path, **options: Any) -> None:
        user = _user(username)
        try:
            # It contains private messages: a new file, which only its owner can read.
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as archive:
                for piece in export(user):
                    archive.write(piece)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from None
        record_admin_action(system_user(), user, "Export")
        self.stdout.write(f"The data of {username} is in {file}.")


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 < hours <= MAX_HOURS:
        raise ArgumentTypeError(f"must be more than 0 and at most {MAX_HOURS}")
    return hours


def _until(hours: float | None) -> datetime | None:
    return None if hours is None else timezone.now() + timedelta(hours=hours)


def _period(until: datetime | None) -> str:
    return "until it is lifted" if until is None else f"until {_utc(until)}"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _user(username: str) -> User:
    """Return the user with this name.

    Includes deactivated ones, so that their bans can be lifted. Raise CommandError otherwise.
    """
    user = User.objects.exclude(kind=User.Kind.GUEST).filter(username_key=name_key(username)).first()
    if user is None:
        raise CommandError(f"There is no user {username}.")
    return user


def _record(user: User, title: str, *, channel: int | None, until: datetime | None = None, reason: str = "") -> None:
    end = None if until is None else _utc(until)
    record_admin_action(system_user(), user, title, channel=channel, until=end, reason=reason)
