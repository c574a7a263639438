"""`manage.py service make|allow|list`: other systems and bots, and what they may do."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions import service_create, service_permissions_set
from accounts.errors import AccountError
from accounts.selectors.services import permission_names, permissions_by_names, service_by_name, services

USUAL = ("chat.use_gateway",)


class Command(BaseCommand):
    help = "Make services (other systems and bots), say what they may do, list them. Their tokens: `manage.py token`."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        make = verbs.add_parser("make", help="a new service")
        make.add_argument("name", help="its user name, for good")
        make.add_argument("--nickname", default="", help="what people see; else its user name")
        make.add_argument("permissions", nargs="*", help=f"what it may do (default: {' '.join(USUAL)})")
        allow = verbs.add_parser("allow", help="say what a service may do from now on, and nothing else")
        allow.add_argument("name")
        allow.add_argument("permissions", nargs="*", help="such as chat.use_gateway; none: it may do nothing")
        verbs.add_parser("list", help="all services and what they may do")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["verb"])(**options)
        except AccountError as refusal:
            raise CommandError(str(refusal)) from None

    def make(self, *, name: str, nickname: str, permissions: list[str], **rest: Any) -> None:
        service_create(username=name, nickname=nickname, permissions=permissions or USUAL)
        self.stdout.write(f"{name} may: {', '.join(sorted(permissions or USUAL))}")

    def allow(self, *, name: str, permissions: list[str], **rest: Any) -> None:
        service = service_by_name(name)
        if service is None:
            raise CommandError(f"There is no service {name}. `manage.py service list` shows all.")
        found = permissions_by_names(permissions)
        if missing := sorted(set(permissions) - set(found)):
            raise CommandError(f"There is no permission {', '.join(missing)}.")
        service_permissions_set(service_id=service.pk, permissions=found.values(), groups=service.groups.all())
        self.stdout.write(f"{name} may: {', '.join(sorted(found)) or 'nothing'}")

    def list(self, **rest: Any) -> None:
        for service in services():
            state = "" if service.is_active else " (deactivated)"
            self.stdout.write(f"{service.username}{state}: {', '.join(permission_names(service)) or 'nothing'}")
