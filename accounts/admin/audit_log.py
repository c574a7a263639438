"""The audit log: a page in the admin, and one log line per entry for sites that keep their logs elsewhere."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.admin.audit_format import translate_entry
from accounts.admin.base import ReadOnlyMixin, SiteModelAdmin
from accounts.admin.model_translations import name_model

name_model(LogEntry, "audit log entry", "audit log entries")

logger = logging.getLogger("operators")
"""Logs at level INFO, whatever the level of the other loggers."""


@receiver(post_save, sender=LogEntry)
def log_admin_action(instance: LogEntry, created: bool, **kwargs: Any) -> None:
    """Log a new entry after the commit: an action that is rolled back did not happen."""
    if created:
        extra = {
            "operator": instance.user_id,
            "action": instance.get_change_message() or instance.get_action_flag_display(),
            "target": f"{instance.content_type} {instance.object_id}",
        }
        transaction.on_commit(lambda: logger.info("admin_action", extra=extra))


@admin.register(LogEntry)
class AuditLogAdmin(ReadOnlyMixin, SiteModelAdmin):
    """Lists admin actions, newest first."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action")
    list_display_links = None
    search_fields = ("user__username_key", "object_repr")
    search_help_text = _("Operator's username, or target of the action")
    ordering = ("-pk",)
    sortable_by = ()
    list_select_related = ("user", "content_type")
    fields = ("action_time", "user", "content_type", "object_repr", "action")

    @admin.display(description=_("action"))
    def action(self, row: LogEntry) -> str:
        entry = row.get_change_message()
        return translate_entry(entry) if entry else str(row.get_action_flag_display())
