"""The imsite Django app: registers the checks and creates the admin roles."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class ImsiteConfig(AppConfig):
    name = "imsite"

    def ready(self) -> None:
        from imsite import checks, ldap_checks, redis_checks, static_checks  # noqa: F401  They register the checks.
        from imsite.roles import create_roles

        # chat's post_migrate is the last, so the permissions of all apps exist by then.
        post_migrate.connect(create_roles, sender=apps.get_app_config("chat"))
