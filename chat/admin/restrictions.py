"""Mutes and bans in the admin. They are created on the page of a user or channel; here they are found and lifted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.bidi import isolate
from accounts.models import User
from accounts.names import name_key
from chat.actions.moderation import user_unban, user_unmute
from chat.admin.admin_actions import AdminAction
from chat.admin.base import ReadOnlyTableAdmin, Status
from chat.admin.display import channel_link, user_link
from chat.admin.queries import channel_titles
from chat.models import Restriction


def _lift(operator: User, restriction: Restriction) -> None:
    lift = user_unmute if restriction.kind == Restriction.Kind.MUTE else user_unban
    lift(operator=operator, user_id=restriction.user_id, channel_id=restriction.channel_id)


LIFT = AdminAction(
    name="lift",
    title=_("Lift"),
    description=_("The user can send, or rejoin, at once."),
    success=_("%(count)d lifted."),
    applies_to=lambda restriction: True,
    run=_lift,
    permission="chat.delete_restriction",
)


@admin.register(Restriction)
class RestrictionAdmin(ReadOnlyTableAdmin):
    """Lists active mutes and bans. A search finds the beginning of usernames and nicknames."""

    list_display = ("kind_label", "restricted_user", "scope", "until", "reason", "created_by", "created_at")
    list_display_links = ("kind_label",)
    list_filter = ("kind",)
    search_fields = ("user__username_key", "user__nickname_key")
    search_help_text = _("Username or nickname")
    ordering = ("-created_at",)
    sortable_by = ("created_at", "until")
    list_actions = (LIFT,)
    fields = list_display
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Restriction]:
        found: QuerySet[Restriction] = super().get_queryset(request)
        return found.select_related("user", "channel", "created_by")

    def search_rows(
        self, request: HttpRequest, queryset: QuerySet[Restriction], search_term: str
    ) -> tuple[QuerySet[Restriction], bool]:
        found: tuple[QuerySet[Restriction], bool] = super().search_rows(request, queryset, name_key(search_term))
        return found

    def load_display_data(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows if row.channel is not None})
        for row in rows:
            row.title = titles.get(row.channel_id, "")

    def describe(self, row: Any) -> str:
        scope = isolate(row.title) or gettext("all channels")
        return f"{row.get_kind_display()}: {isolate(row.user.nickname)}, {scope}"

    @display(description=_("type"), label={"mute": "warning", "ban": "danger"})  # type: ignore[untyped-decorator]
    def kind_label(self, row: Restriction) -> Status:
        return Status(row.kind, row.get_kind_display())

    @admin.display(description=_("user"))
    def restricted_user(self, row: Restriction) -> str:
        return user_link(row.user)

    @admin.display(description=_("channel"))
    def scope(self, row: Any) -> str:
        return channel_link(row.channel, row.title) if row.channel is not None else gettext("all channels")
