"""The admin's default groups: operator, moderator and auditor.

They are created once. An existing group stays unchanged, so operators can edit them.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

APPS = ("accounts", "axes", "chat", "knox")
"""Apps that the groups may access. Only superusers manage groups and staff permissions."""

_VIEW_ALL = Q(content_type__app_label__in=APPS, codename__startswith="view_")
_VIEW_AUDIT_LOG = Q(content_type__app_label="admin", codename="view_logentry")
_MODERATE = Q(
    content_type__app_label="chat",
    codename__in=("change_attachment", "change_message", "change_report", "add_restriction", "delete_restriction"),
)
_VIEW_AS_MODERATOR = Q(
    codename__in=(
        "view_user",
        "view_channel",
        "view_message",
        "view_attachment",
        "view_report",
        "view_restriction",
    ),
    content_type__app_label__in=("accounts", "chat"),
)

ROLES = {
    "operator": Q(content_type__app_label__in=APPS) | _VIEW_AUDIT_LOG,
    "moderator": _MODERATE | _VIEW_AS_MODERATOR,
    "auditor": _VIEW_ALL | _VIEW_AUDIT_LOG,
}


def create_roles(**kwargs: Any) -> None:
    """Create missing groups. Runs after a migration, when all permissions exist."""
    for name, permissions in ROLES.items():
        with transaction.atomic():
            group, created = Group.objects.get_or_create(name=name)
            if created:
                group.permissions.set(Permission.objects.filter(permissions))
