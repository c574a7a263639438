"""`manage.py options`: every environment variable the site reads, with its default, its value now and its meaning."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from imsite.options import DEVELOPMENT, OPTIONS, read

_SECRET = {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "IM_CLUSTER_SECRET", "EMAIL_URL"}


class Command(BaseCommand):
    help = "List every environment variable the site reads."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for option in OPTIONS:
            default, value = option.default(development=DEVELOPMENT), read(option.name)
            self.stdout.write(f"{option.name} (default {_shown(default)})")
            if value != default:
                secret = option.name in _SECRET or option.name.endswith("_SECRET")
                self.stdout.write("    now: " + ("set" if secret else _shown(value)))
            self.stdout.write(f"    {option.description}")


def _shown(value: object) -> str:
    """The value as one would write it into the environment."""
    if isinstance(value, tuple | list):
        return ",".join(str(part) for part in value) or "empty"
    return str(value) if value != "" else "empty"
