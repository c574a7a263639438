"""Who does what in the admin: three groups that a new site has. Whoever operates it changes them as they like.

A group that is there is left as it is, so what was changed stays changed.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

APPS = ("accounts", "axes", "chat", "knox")
"""Their rows are what the site is about. Groups and the rights of staff are for superusers."""

_LOOK = Q(content_type__app_label__in=APPS, codename__startswith="view_")
_RECORD = Q(content_type__app_label="admin", codename="view_logentry")
_MODERATE = Q(
    content_type__app_label="chat",
    codename__in=("change_message", "change_report", "add_restriction", "delete_restriction"),
)
_SEEN_BY_MODERATORS = Q(
    codename__in=("view_user", "view_channel", "view_message", "view_report", "view_restriction"),
    content_type__app_label__in=("accounts", "chat"),
)

ROLES = {
    "operator": Q(content_type__app_label__in=APPS) | _RECORD,
    "moderator": _MODERATE | _SEEN_BY_MODERATORS,
    "auditor": _LOOK | _RECORD,
}


def make_roles(**kwargs: Any) -> None:
    """Make the groups that are missing; after a migration, when all rights are known."""
    for name, rights in ROLES.items():
        with transaction.atomic():
            group, made = Group.objects.get_or_create(name=name)
            if made:
                group.permissions.set(Permission.objects.filter(rights))
