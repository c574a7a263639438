"""Mutes and bans that hold. They are made where the person or the channel is; here they are found and lifted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.names import name_key
from chat.actions.moderation import user_unban, user_unmute
from chat.admin.admin_actions import AdminAction
from chat.admin.base import ChatAdmin
from chat.admin.queries import channel_link, channel_titles, person_link
from chat.models import Restriction


def _lift(operator: object, restriction: Restriction) -> None:
    lift = user_unmute if restriction.kind == Restriction.Kind.MUTE else user_unban
    lift(operator=operator, person_id=restriction.user_id, channel_id=restriction.channel_id)  # type: ignore[arg-type]


LIFT = AdminAction(
    name="lift",
    title=_("Lift"),
    meaning=_("The person can write, or come back, at once."),
    done=_("%(count)d lifted."),
    applies=lambda restriction: True,
    act=_lift,
    permission="chat.delete_restriction",
)


@admin.register(Restriction)
class RestrictionAdmin(ChatAdmin):
    """Search: beginning of the user name or nickname."""

    list_display = ("kind_shown", "who", "where", "until", "reason", "created_by", "created_at")
    list_display_links = None
    list_filter = ("kind",)
    search_fields = ("user__username_key", "user__nickname_key")
    search_help_text = _("User name or nickname")
    ordering = ("-created_at",)
    sortable_by = ("created_at", "until")
    deeds = (LIFT,)
    fields = ("kind_shown", "who", "where", "until", "reason", "created_by", "created_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Restriction]:
        found: QuerySet[Restriction] = super().get_queryset(request)
        return found.select_related("user", "channel", "created_by")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Restriction], search_term: str
    ) -> tuple[QuerySet[Restriction], bool]:
        found: tuple[QuerySet[Restriction], bool] = super().get_search_results(request, queryset, name_key(search_term))
        return found

    def complete(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows if row.channel is not None})
        for row in rows:
            row.title = titles.get(row.channel_id, "")

    def describe(self, row: Any) -> str:
        return f"{row.get_kind_display()}: {row.user.nickname}, {row.title or gettext('everywhere')}"

    @display(description=_("kind"), label={"mute": "warning", "ban": "danger"})  # type: ignore[untyped-decorator]
    def kind_shown(self, row: Restriction) -> tuple[str, str]:
        return row.kind, row.get_kind_display()

    @admin.display(description=_("who"))
    def who(self, row: Restriction) -> str:
        return person_link(row.user)

    @admin.display(description=_("where"))
    def where(self, row: Any) -> str:
        return channel_link(row.channel, row.title) if row.channel is not None else gettext("everywhere")
