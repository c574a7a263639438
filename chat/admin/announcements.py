"""Announcements in the admin: written for now or later, changed or called off until they are sent."""

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
from chat.admin.base import LargeTableAdmin, State
from chat.models import Announcement

CANCEL = AdminAction(
    name="cancel",
    title=_("Call off"),
    meaning=_("It is not sent."),
    done=_("%(count)d called off."),
    applies=lambda announcement: announcement.sent_at is None and not announcement.cancelled,
    act=lambda operator, announcement: announcement_cancel(announcement_id=announcement.pk),
)


class AnnouncementForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is said, where and when."""

    due_at = forms.SplitDateTimeField(
        label=_("When"),
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
            due.help_text = gettext("Empty, or past: at once. Time of %(zone)s.") % {"zone": zone}


@admin.register(Announcement)
class AnnouncementAdmin(LargeTableAdmin):
    """Said by the site itself in the rooms of the apps; who is not there now reads it there later."""

    form = AnnouncementForm
    list_display = ("excerpt", "app_shown", "due_at", "state", "created_by")
    search_fields = ("text",)
    ordering = ("-due_at",)
    deeds = (CANCEL,)
    page_deeds = (CANCEL,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Announcement]:
        found: QuerySet[Announcement] = super().get_queryset(request)
        return found.select_related("app", "created_by")

    def has_change_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        """What has been said, or called off, is not changed any more."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or CANCEL.applies(obj))

    def get_fields(self, request: HttpRequest, obj: Announcement | None = None) -> tuple[str, ...]:
        return ("text", "app", "due_at") if obj is None else ("text", "app", "due_at", "state", "sent_at", "created_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Announcement | None = None) -> tuple[str, ...]:
        return () if obj is None else ("state", "sent_at", "created_by")

    def save_model(self, request: HttpRequest, obj: Announcement, form: Any, change: bool) -> None:
        given = {field: form.cleaned_data[field] for field in ("text", "app", "due_at")}
        if change:
            announcement_edit(announcement_id=obj.pk, **given)
        else:
            assert isinstance(request.user, User)
            obj.pk = announcement_create(by=request.user, **given).pk
        # What is due is said as soon as it is stored. On the way it would stand in this transaction, not yet certain.
        transaction.on_commit(announcements_send_due, robust=True)

    @admin.display(description=_("text"))
    def excerpt(self, row: Announcement) -> str:
        return str(row)

    @admin.display(description=_("app"))
    def app_shown(self, row: Announcement) -> str:
        return str(row.app) if row.app is not None else gettext("every app")

    @display(description=_("state"), label={"sent": "success", "called off": "danger", "waiting": "warning"})  # type: ignore[untyped-decorator]
    def state(self, row: Announcement) -> State:
        if row.sent_at is not None:
            return State("sent", gettext("sent"))
        return State("called off", gettext("called off")) if row.cancelled else State("waiting", gettext("waiting"))
