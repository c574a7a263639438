"""`manage.py token make|list|revoke`: by what other systems and bots call."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions import service_token_create, token_revoke
from accounts.errors import AccountError
from accounts.models import User
from accounts.selectors.services import service_by_name, token_device_by_id, tokens


class Command(BaseCommand):
    help = "Make, list and revoke the tokens of services. A token is shown once, when it is made."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        make = verbs.add_parser("make", help="a new token; it alone goes to standard output")
        make.add_argument("service", help="user name; `manage.py service make` makes one")
        make.add_argument("name", help="what it is for, such as the machine that gets it")
        make.add_argument("--days", type=int, help="after which it expires (default: IM_TOKEN_DAYS)")
        show = verbs.add_parser("list", help="the tokens that are valid, and when they were last used")
        show.add_argument("service", nargs="?", help="of this service only")
        revoke = verbs.add_parser("revoke", help="end a token and its connections at once")
        revoke.add_argument("number", type=int, help="as `list` shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["verb"])(**options)
        except AccountError as refusal:
            raise CommandError(str(refusal)) from None

    def make(self, *, service: str, name: str, days: int | None, **rest: Any) -> None:
        made = service_token_create(service=_service(service), name=name, days=days)
        self.stdout.write(made.token)
        self.stderr.write(f"Token {made.device.pk} of {service}, until {made.expires:%Y-%m-%d}. It is not shown again.")

    def list(self, *, service: str | None, **rest: Any) -> None:
        found = tokens(_service(service)) if service else tokens().filter(user__kind=User.Kind.SERVICE)
        for token in found:
            seen = f"last used {token.last_seen_at:%Y-%m-%d %H:%M}" if token.last_seen_at else "never used"
            if token.last_seen_at and token.address:
                seen += f" from {token.address}"
            until = f"until {token.expiry:%Y-%m-%d}" if token.expiry else "for good"
            self.stdout.write(f"{token.device}  {token.user.username}  {token.name or '-'}  {until}, {seen}")

    def revoke(self, *, number: int, **rest: Any) -> None:
        device = token_device_by_id(number)
        if device is None:
            raise CommandError(f"There is no token {number}. `manage.py token list` shows all.")
        token_revoke(user_id=device.user_id, credential=device.credential)
        self.stdout.write(f"Token {number} of {device.user} is revoked.")


def _service(name: str) -> User:
    service = service_by_name(name)
    if service is None:
        raise CommandError(f"There is no service {name}. `manage.py service make {name}` makes it.")
    return service
