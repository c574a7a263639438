"""Invite links of groups in the admin, which operators can revoke. Their tokens are not shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from chat.actions.invites import invite_revoke_as_operator
from chat.admin.admin_actions import AdminAction
from chat.admin.base import ReadOnlyTableAdmin
from chat.admin.display import user_link
from chat.models import InviteLink

REVOKE = AdminAction(
    name="revoke",
    title=_("Revoke link"),
    description=_("Nobody can join the group by this link any more."),
    success=_("%(count)d revoked."),
    applies_to=lambda row: True,
    run=lambda operator, row: invite_revoke_as_operator(invite_id=row.pk),
    permission="chat.delete_invitelink",
)


@admin.register(InviteLink)
class InviteLinkAdmin(ReadOnlyTableAdmin):
    """Lists the links by which users join groups. A search finds numbers of groups."""

    list_display = ("channel", "creator", "created_at", "expires_at", "uses", "max_uses", "needs_approval")
    list_filter = ("needs_approval",)
    ordering = ("-pk",)
    list_actions = (REVOKE,)
    page_actions = (REVOKE,)
    fields = list_display
    readonly_fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[InviteLink]:
        found: QuerySet[InviteLink] = super().get_queryset(request)
        return found.select_related("channel", "created_by")

    def response_after(self, request: HttpRequest, admin_action: AdminAction, row: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:chat_invitelink_changelist"))

    @admin.display(description=_("created by"))
    def creator(self, row: InviteLink) -> str:
        return user_link(row.created_by)
