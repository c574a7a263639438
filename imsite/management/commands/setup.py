"""`manage.py setup`: migrate the database, and create the push key, the first apps and the administrator.

It is safe to repeat.
"""

from __future__ import annotations

import secrets
from typing import Any, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.actions import administrator_create, app_create
from accounts.models import App, User
from chat.actions.channel import channel_create_global
from chat.push.keys import push_state_ensure
from imsite.database_checks import pending_migration_count, require_database
from imsite.options import read
from imsite.server.local_url import local_url
from imsite.translations import compile_translations

FIRST_APPS = ((101, "Web"), (102, "iOS"), (103, "Android"), (104, "Desktop"))
ADMINISTRATOR = "admin"


class Command(BaseCommand):
    help = (
        "Apply migrations, and create the key for notifications, the first apps, and an administrator if there is "
        "none. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        require_database()
        compile_translations()
        if pending_migration_count():
            self.stdout.write("Preparing the database.")
            call_command("migrate", verbosity=0, interactive=False)
        push_state_ensure()
        for number, name in FIRST_APPS:
            self._ensure_app(number, name)
        if not User.objects.filter(is_superuser=True).exists():
            self._create_administrator()

    @transaction.atomic
    def _ensure_app(self, number: int, name: str) -> None:
        if not App.objects.filter(number=number).exists():
            channel_create_global(app=app_create(number=number, name=name))

    def _create_administrator(self) -> None:
        password = secrets.token_urlsafe(12)
        administrator_create(username=ADMINISTRATOR, password=password)
        site = settings.IM_SITE_URL or local_url(str(read("HOST")), cast(int, read("PORT")))
        self.stdout.write(
            f"\n  Administrator: {ADMINISTRATOR}\n  Password:      {password}   (not shown again)\n"
            f"  Admin:         {site.rstrip('/')}/admin/\n"
        )
