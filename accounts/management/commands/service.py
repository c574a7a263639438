"""`manage.py service create|set-permissions|list`: service accounts of other systems and bots."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions import service_create, service_permissions_set
from accounts.errors import AccountError
from accounts.selectors.services import permission_names, permissions_by_names, service_by_name, services

DEFAULT_PERMISSIONS = ("chat.use_gateway",)


class Command(BaseCommand):
    help = "Create services (other systems and bots), set their permissions, or list them. See also: manage.py token."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True)
        create = commands.add_parser("create", help="create a service")
        create.add_argument("name", help="user name of the service; it cannot be changed later")
        create.add_argument("--nickname", default="", help="name that users see (default: the user name)")
        create.add_argument(
            "permissions", nargs="*", help=f"permissions of the service (default: {' '.join(DEFAULT_PERMISSIONS)})"
        )
        set_permissions = commands.add_parser("set-permissions", help="replace the permissions of a service")
        set_permissions.add_argument("name", help="user name of the service")
        set_permissions.add_argument(
            "permissions", nargs="*", help="such as chat.use_gateway; without any, the service loses all permissions"
        )
        commands.add_parser("list", help="list all services and their permissions")

    def handle(self, *args: Any, subcommand: str, **options: Any) -> None:
        try:
            if subcommand == "create":
                self._create(options["name"], options["nickname"], options["permissions"])
            elif subcommand == "set-permissions":
                self._set_permissions(options["name"], options["permissions"])
            else:
                self._list()
        except AccountError as error:
            raise CommandError(str(error)) from None

    def _create(self, name: str, nickname: str, permissions: list[str]) -> None:
        granted = permissions or DEFAULT_PERMISSIONS
        service_create(username=name, nickname=nickname, permissions=granted)
        self.stdout.write(f"{name}: {', '.join(sorted(granted))}")

    def _set_permissions(self, name: str, permissions: list[str]) -> None:
        service = service_by_name(name)
        if service is None:
            raise CommandError(f"There is no service {name}. List all services with: manage.py service list")
        found = permissions_by_names(permissions)
        if unknown := sorted(set(permissions) - set(found)):
            raise CommandError(f"Unknown permission: {', '.join(unknown)}.")
        service_permissions_set(service_id=service.pk, permissions=found.values(), groups=service.groups.all())
        self.stdout.write(f"{name}: {', '.join(sorted(found)) or 'no permissions'}")

    def _list(self) -> None:
        for service in services():
            state = "" if service.is_active else " (deactivated)"
            self.stdout.write(f"{service.username}{state}: {', '.join(permission_names(service)) or 'no permissions'}")
