"""`manage.py token create|list|revoke`: API tokens of services."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions import service_token_create, token_revoke
from accounts.errors import AccountError
from accounts.models import User
from accounts.selectors.services import service_by_name, token_device_by_id, tokens


class Command(BaseCommand):
    help = "Create, list or revoke the tokens of services. A token is shown once, when it is created."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        create = commands.add_parser("create", help="create a token and write only the token to standard output")
        create.add_argument("service", help="user name of the service (see: manage.py service create)")
        create.add_argument("name", help="what the token is for, such as the machine that uses it")
        create.add_argument("--days", type=int, help="days until it expires (default: IM_TOKEN_DAYS)")
        show = commands.add_parser("list", help="list the valid tokens and when they were last used")
        show.add_argument("service", nargs="?", help="list the tokens of this service only")
        revoke = commands.add_parser("revoke", help="revoke a token and close its connections at once")
        revoke.add_argument("number", type=int, help="number of the token in the list")

    def handle(self, *args: Any, subcommand: str, **options: Any) -> None:
        try:
            if subcommand == "create":
                self._create(options["service"], options["name"], options["days"])
            elif subcommand == "list":
                self._list(options["service"])
            else:
                self._revoke(options["number"])
        except AccountError as error:
            raise CommandError(str(error)) from None

    def _create(self, service: str, name: str, days: int | None) -> None:
        created = service_token_create(service=_service_or_error(service), name=name, days=days)
        self.stdout.write(created.token)
        self.stderr.write(
            f"Token {created.device.pk} of {service} expires on {created.expires:%Y-%m-%d}. It is not shown again."
        )

    def _list(self, service: str | None) -> None:
        rows = tokens(_service_or_error(service)) if service else tokens().filter(user__kind=User.Kind.SERVICE)
        for token in rows:
            used = f"last used {token.last_seen_at:%Y-%m-%d %H:%M}" if token.last_seen_at else "never used"
            if token.last_seen_at and token.address:
                used += f" from {token.address}"
            expires = f"expires {token.expiry:%Y-%m-%d}" if token.expiry else "does not expire"
            self.stdout.write(f"{token.device}  {token.user.username}  {token.name or '-'}  {expires}, {used}")

    def _revoke(self, number: int) -> None:
        device = token_device_by_id(number)
        if device is None:
            raise CommandError(f"There is no token {number}. List all tokens with: manage.py token list")
        token_revoke(user_id=device.user_id, credential=device.credential)
        self.stdout.write(f"Revoked token {number} of {device.user}.")


def _service_or_error(name: str) -> User:
    service = service_by_name(name)
    if service is None:
        raise CommandError(f"There is no service {name}. Create it with: manage.py service create {name}")
    return service
