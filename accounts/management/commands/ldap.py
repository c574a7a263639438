"""`manage.py ldap check|sync|link`: the LDAP directory whose users sign in here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions import system_user
from accounts.admin.audit_format import record_admin_action
from accounts.errors import AccountError
from accounts.models import User
from accounts.selectors.users import user_by_any_name


class Command(BaseCommand):
    help = "Try the connection to the LDAP directory, deactivate users that it does not have any more, link accounts."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        check = commands.add_parser("check", help="connect to the directory, and show what the site reads of a user")
        check.add_argument("username", nargs="?")
        sync = commands.add_parser("sync", help="update all accounts, and deactivate those that are gone there")
        sync.add_argument("--dry-run", action="store_true", help="only show which would be deactivated")
        sync.add_argument("--force", action="store_true", help="deactivate also if they are many")
        link = commands.add_parser("link", help="let an existing account sign in by the directory, and only so")
        link.add_argument("username", help="the account here")
        link.add_argument("name", nargs="?", help="the user name in the directory (default: the same)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IM_LDAP_URI:
            raise CommandError("IM_LDAP_URI is not set.")
        try:
            getattr(self, "_" + options["subcommand"])(**options)
        except AccountError as refusal:
            cause = f" {refusal.__cause__!r}" if refusal.__cause__ else ""
            raise CommandError(f"{refusal}{cause}") from None

    def _check(self, *, username: str | None, **options: Any) -> None:
        from accounts.ldap.directory import directory  # It loads an extra, which other commands do without.
        from accounts.ldap.groups import is_permitted, roles_of

        with directory() as connection:
            self.stdout.write("The directory answers.")
            entry = connection.find(username) if username else None
        if entry is None:
            if username:
                raise CommandError(f"The filter matches no entry, or several, for {username}.")
            return
        self.stdout.write(f"DN: {entry.dn}\nID: {entry.subject}\nUser name: {entry.username}\nName: {entry.name}")
        self.stdout.write(f"Email address: {entry.email}\nGroups: {'; '.join(sorted(entry.groups)) or 'none'}")
        roles = [role for role, is_granted in roles_of(entry).items() if is_granted]
        self.stdout.write(f"Roles: {', '.join(roles) or 'none'}\nMay sign in: {'yes' if is_permitted(entry) else 'no'}")

    def _sync(self, *, dry_run: bool, force: bool, **options: Any) -> None:
        from accounts.ldap.sync import sync

        result = sync(is_dry_run=dry_run, is_forced=force)
        for name in result.kept:
            self.stdout.write(f"{name} is gone, but is the last administrator, who stays.")
        for name in result.gone:
            self.stdout.write(f"{name} is gone.")
        if result.is_refused and not dry_run:
            raise CommandError(
                f"{len(result.gone)} accounts are gone, so none was deactivated. If it is true: --force."
            )
        done = "would be deactivated" if dry_run else "deactivated"
        self.stdout.write(f"{result.found} found, {len(result.gone)} {done}.")

    def _link(self, *, username: str, name: str | None, **options: Any) -> None:
        from accounts.actions.ldap_users import ldap_link_create
        from accounts.ldap.directory import directory

        user = user_by_any_name(username)
        if user is None or user.kind != User.Kind.PERSON or user.deleted_at is not None:
            raise CommandError(f"There is no account {username}.")
        with directory() as connection:
            entry = connection.find(name or username)
        if entry is None:
            raise CommandError(f"The filter matches no entry, or several, for {name or username}.")
        ldap_link_create(entry, user_id=user.pk)
        record_admin_action(system_user(), user, "Link with LDAP", entry=entry.dn)
        self.stdout.write(f"{username} signs in as {entry.dn}.")
