from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class ImsiteConfig(AppConfig):
    name = "imsite"

    def ready(self) -> None:
        from imsite.roles import make_roles

        # chat's signal is the last: the rights of all others exist by then.
        post_migrate.connect(make_roles, sender=apps.get_app_config("chat"))
