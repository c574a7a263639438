"""What operators changed: a page to look at, and a line of the site's log for those who keep it elsewhere."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from accounts.admin.audit_format import in_own_words
from accounts.admin.base import ActionAdmin, ReadOnly

logger = logging.getLogger("operators")
"""Told at level INFO, whatever the level of the rest."""


@receiver(post_save, sender=LogEntry)
def tell(instance: LogEntry, created: bool, **kwargs: Any) -> None:
    """Once it is certain: what is rolled back did not happen."""
    if created:
        facts = {
            "operator": instance.user_id,
            "deed": instance.get_change_message() or instance.get_action_flag_display(),
            "about": f"{instance.content_type} {instance.object_id}",
        }
        transaction.on_commit(lambda: logger.info("admin_action", extra=facts))


@admin.register(LogEntry)
class RecordAdmin(ReadOnly, ActionAdmin):
    """What operators did, the last first."""

    list_display = ("action_time", "user", "content_type", "object_repr", "deed")
    list_display_links = None
    search_fields = ("user__username_key", "object_repr")
    search_help_text = _("User name of the operator, or what it was done to")
    ordering = ("-pk",)
    sortable_by = ()
    list_select_related = ("user", "content_type")
    fields = ("action_time", "user", "content_type", "object_repr", "deed")

    @admin.display(description=_("deed"))
    def deed(self, row: LogEntry) -> str:
        told = row.get_change_message()
        return in_own_words(told) if told else str(row.get_action_flag_display())
