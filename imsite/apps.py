"""The imsite Django app: creates the admin roles and lifts a time-out during migrations."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class ImsiteConfig(AppConfig):
    name = "imsite"

    def ready(self) -> None:
        from imsite import checks, redis_checks  # noqa: F401  They register the checks.
        from imsite.roles import create_roles

        # chat's post_migrate is the last, so the permissions of all apps exist by then.
        post_migrate.connect(create_roles, sender=apps.get_app_config("chat"))
        pre_migrate.connect(disable_idle_timeout)
        post_migrate.connect(restore_idle_timeout)


def disable_idle_timeout(using: str, **kwargs: Any) -> None:
    """Disable the idle-in-transaction time-out. A migration may compute longer than the limit for running nodes."""
    _execute_on_postgresql(using, "SET idle_in_transaction_session_timeout = 0")


def restore_idle_timeout(using: str, **kwargs: Any) -> None:
    """Restore the idle-in-transaction time-out that `settings.DATABASES` sets."""
    _execute_on_postgresql(using, "RESET idle_in_transaction_session_timeout")


def _execute_on_postgresql(using: str, statement: str) -> None:
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement)
