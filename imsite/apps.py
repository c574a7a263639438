from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class ImsiteConfig(AppConfig):
    name = "imsite"

    def ready(self) -> None:
        from imsite.roles import make_roles

        # chat's signal is the last: the rights of all others exist by then.
        post_migrate.connect(make_roles, sender=apps.get_app_config("chat"))
        pre_migrate.connect(disable_idle_timeout)
        post_migrate.connect(restore_idle_timeout)


def disable_idle_timeout(using: str, **kwargs: Any) -> None:
    """A migration thinks between its statements for longer than a node may that holds the log's counter."""
    _execute_on_postgresql(using, "SET idle_in_transaction_session_timeout = 0")


def restore_idle_timeout(using: str, **kwargs: Any) -> None:
    """What the same process does after its migrations is bound again as `settings.DATABASES` says."""
    _execute_on_postgresql(using, "RESET idle_in_transaction_session_timeout")


def _execute_on_postgresql(using: str, statement: str) -> None:
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement)
