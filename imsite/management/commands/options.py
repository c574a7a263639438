"""`manage.py options`: every environment variable with its default, its current value and its description."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from imsite.options import DEVELOPMENT, OPTIONS, read

_SECRETS = {
    "SECRET_KEY",
    "DATABASE_URL",
    "DATABASE_REPLICA_URL",
    "REDIS_URL",
    "REDIS_CHANNEL_URLS",
    "IM_CLUSTER_SECRET",
    "IM_PUSH_PRIVATE_KEY",
    "EMAIL_URL",
}


class Command(BaseCommand):
    help = "List every environment variable that the site reads. Values of secrets are not shown."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for option in OPTIONS:
            default, value = option.default(development=DEVELOPMENT), read(option.name)
            self.stdout.write(f"{option.name} (default: {_environment_value(default)})")
            if value != default:
                is_secret = option.name in _SECRETS or option.name.endswith(("_SECRET", "_PASSWORD"))
                self.stdout.write("    current value: " + ("set" if is_secret else _environment_value(value)))
            self.stdout.write(f"    {option.description}")


def _environment_value(value: object) -> str:
    """Return the value as it is written in an environment file."""
    if isinstance(value, tuple | list):
        return ",".join(str(item) for item in value) or "empty"
    return str(value) if value != "" else "empty"
