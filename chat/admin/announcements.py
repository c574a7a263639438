"""Announcements in the admin: create for now or later; edit or cancel until they are sent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from accounts.models import User
from chat.actions.announcement import (
    announcement_cancel,
    announcement_create,
    announcement_edit,
    announcements_send_due,
)
from chat.admin.admin_actions import AdminAction
from chat.admin.base import LargeTableAdmin, Status
from chat.models import Announcement

CANCEL = AdminAction(
    name="cancel",
    title=_("Cancel announcement"),
    description=_("The announcement will not be sent."),
    success=_("%(count)d cancelled."),
    applies_to=lambda announcement: announcement.sent_at is None and not announcement.cancelled,
    run=lambda operator, announcement: announcement_cancel(announcement_id=announcement.pk),
)


class AnnouncementForm(forms.ModelForm):  # type: ignore[type-arg]
    """Text, app and time of an announcement."""

    due_at = forms.SplitDateTimeField(
        label=_("Send at"),
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget(),
    )

    class Meta:
        model = Announcement
        fields = ("text", "app", "due_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (due := self.fields.get("due_at")) is not None:
            zone = timezone.get_current_timezone_name()
            due.help_text = gettext("Leave empty to send now. Time zone: %(zone)s.") % {"zone": zone}


@admin.register(Announcement)
class AnnouncementAdmin(LargeTableAdmin):
    """Creates announcements, which the site sends to the global channels of the apps."""

    form = AnnouncementForm
    list_display = ("excerpt", "app_name", "due_at", "status", "created_by")
    search_fields = ("text",)
    ordering = ("-due_at",)
    list_actions = (CANCEL,)
    page_actions = (CANCEL,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Announcement]:
        found: QuerySet[Announcement] = super().get_queryset(request)
        return found.select_related("app", "created_by")

    def has_change_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        """Return false for an announcement that is sent or cancelled."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or CANCEL.applies_to(obj))

    def get_fields(self, request: HttpRequest, obj: Announcement | None = None) -> tuple[str, ...]:
        fields = ("text", "app", "due_at")
        return fields if obj is None else (*fields, "status", "sent_at", "created_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Announcement | None = None) -> tuple[str, ...]:
        return () if obj is None else ("status", "sent_at", "created_by")

    def save_model(self, request: HttpRequest, obj: Announcement, form: Any, change: bool) -> None:
        data = {field: form.cleaned_data[field] for field in ("text", "app", "due_at")}
        if change:
            announcement_edit(announcement_id=obj.pk, **data)
        else:
            assert isinstance(request.user, User)
            obj.pk = announcement_create(by=request.user, **data).pk
        # Due announcements are sent as soon as this transaction has stored them.
        transaction.on_commit(announcements_send_due, robust=True)

    @admin.display(description=_("text"))
    def excerpt(self, row: Announcement) -> str:
        return str(row)

    @admin.display(description=_("app"))
    def app_name(self, row: Announcement) -> str:
        return str(row.app) if row.app is not None else gettext("all apps")

    @display(description=_("status"), label={"sent": "success", "cancelled": "danger", "scheduled": "warning"})  # type: ignore[untyped-decorator]
    def status(self, row: Announcement) -> Status:
        if row.sent_at is not None:
            return Status("sent", gettext("sent"))
        if row.cancelled:
            return Status("cancelled", gettext("cancelled"))
        return Status("scheduled", gettext("scheduled"))
