"""`manage.py person create|mute|unmute|ban|unban|export`: what the admin does to people, for scripts."""

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
from accounts.admin.audit_format import deed_recorded
from accounts.errors import AccountError
from accounts.models import User
from accounts.names import BadName, name_key
from chat.actions.moderation import user_ban, user_mute, user_unban, user_unmute
from chat.errors import ChatError
from chat.export import export

HOURS_MOST = 24 * 36500


class Command(BaseCommand):
    help = "Make accounts, mute and ban people, write out what the site keeps of one. It takes effect at once."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="a new account; the password is asked for, or read from a pipe")
        create.add_argument("name")
        create.add_argument("--nickname", default="")
        create.add_argument("--email")
        for verb, meaning in (("mute", "they write nothing"), ("ban", "they are kept out")):
            restrict = verbs.add_parser(verb, help=meaning)
            restrict.add_argument("name")
            restrict.add_argument("--channel", type=int, help="its number; without it: everywhere")
            restrict.add_argument("--hours", type=_hours, help="for how long; without it: until it is lifted")
            restrict.add_argument("--reason", default="", help="the person reads it")
            lift = verbs.add_parser(f"un{verb}", help=f"lift the {verb}")
            lift.add_argument("name")
            lift.add_argument("--channel", type=int, help="its number; without it: everywhere")
        own = verbs.add_parser("export", help="a ZIP of all that the site keeps of a person")
        own.add_argument("name")
        own.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["verb"])(**options)
        except (AccountError, BadName, ChatError) as refusal:
            raise CommandError(str(refusal)) from None

    def create(self, *, name: str, nickname: str, email: str | None, **rest: Any) -> None:
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        person = user_register(username=name, nickname=nickname, email=email, password=password, allow_reserved=True)
        deed_recorded(system_user(), person, "Create account")
        self.stdout.write(f"{name} can sign in.")

    def mute(self, *, name: str, channel: int | None, hours: float | None, reason: str, **rest: Any) -> None:
        person = _person(name)
        until = _until(hours)
        user_mute(operator=system_user(), person_id=person.pk, channel_id=channel, until=until, reason=reason)
        _record(person, "Mute", channel=channel, until=until, reason=reason)
        self._told(name, "muted", until)

    def unmute(self, *, name: str, channel: int | None, **rest: Any) -> None:
        person = _person(name)
        user_unmute(operator=system_user(), person_id=person.pk, channel_id=channel)
        _record(person, "Unmute", channel=channel)
        self.stdout.write(f"{name} is not muted.")

    def ban(self, *, name: str, channel: int | None, hours: float | None, reason: str, **rest: Any) -> None:
        person = _person(name)
        until = _until(hours)
        user_ban(operator=system_user(), person_id=person.pk, channel_id=channel, until=until, reason=reason)
        _record(person, "Ban", channel=channel, until=until, reason=reason)
        self._told(name, "banned", until)

    def unban(self, *, name: str, channel: int | None, **rest: Any) -> None:
        person = _person(name)
        user_unban(operator=system_user(), person_id=person.pk, channel_id=channel)
        _record(person, "Unban", channel=channel)
        self.stdout.write(f"{name} is not banned.")

    def export(self, *, name: str, file: Path, **rest: Any) -> None:
        person = _person(name)
        try:
            # It holds what is said in private, so nobody else on the machine reads it: a new file, and the owner's.
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as archive:
                for piece in export(person):
                    archive.write(piece)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from None
        deed_recorded(system_user(), person, "Export")
        self.stdout.write(f"{file} has what the site keeps of {name}.")

    def _told(self, name: str, what: str, until: datetime | None) -> None:
        self.stdout.write(f"{name} is {what} until {f'{until:%Y-%m-%d %H:%M} UTC' if until else 'that is lifted'}.")


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 < hours <= HOURS_MOST:
        raise ArgumentTypeError(f"more than 0 and at most {HOURS_MOST}")
    return hours


def _person(name: str) -> User:
    """Of that account, active or not: who is banned is to be let in again."""
    person = User.objects.exclude(kind=User.Kind.GUEST).filter(username_key=name_key(name)).first()
    if person is None:
        raise CommandError(f"There is no account {name}.")
    return person


def _record(person: User, title: str, *, channel: int | None, until: datetime | None = None, reason: str = "") -> None:
    moment = f"{until:%Y-%m-%d %H:%M} UTC" if until else None
    deed_recorded(system_user(), person, title, channel=channel, until=moment, reason=reason)


def _until(hours: float | None) -> datetime | None:
    return None if hours is None else timezone.now() + timedelta(hours=hours)
