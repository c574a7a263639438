"""Uploaded files in the admin, newest first. They are read-only; an admin action removes their content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import smart_split
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.bidi import isolate
from chat.actions.attachment_removal import attachment_remove_as_operator
from chat.admin.admin_actions import AdminAction
from chat.admin.base import ReadOnlyTableAdmin, Status
from chat.admin.display import channel_link, file_link, format_time, user_link
from chat.admin.queries import channel_titles, channels_by_number_or_name, ids_or_subquery, unquote, users_named
from chat.models import Attachment, Channel

REMOVE = AdminAction(
    name="remove",
    title=_("Remove file"),
    description=_(
        "The file is deleted permanently, with all copies in other messages. The messages remain and still name it."
    ),
    success=_("%(count)d removed."),
    applies_to=lambda row: row.state != Attachment.State.REMOVED,
    run=lambda operator, row: attachment_remove_as_operator(attachment_id=row.pk),
)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyTableAdmin):
    """Lists uploads. A search takes the names of uploaders, and `in:<channel>`."""

    list_display = ("uploaded_at", "link", "kind", "content_type", "size_text", "uploader_link", "sent_in", "status")
    list_display_links = ("uploaded_at",)
    list_filter = ("state", "kind")
    search_fields = ("uploader__username_key",)
    search_help_text = _("Username, in:channel")
    ordering = ("-pk",)
    # Sorting by other columns would read the whole table.
    sortable_by = ()
    list_actions = (REMOVE,)
    page_actions = (REMOVE,)
    fields = (
        "link", "kind", "content_type", "size_text", "dimensions", "seconds", "sha256", "uploaded_at", "uploader_link",
        "sent_in", "status", "virus",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attachment]:
        found: QuerySet[Attachment] = super().get_queryset(request)
        return found.select_related("uploader", "message__channel")

    def search_rows(
        self, request: HttpRequest, queryset: QuerySet[Attachment], search_term: str
    ) -> tuple[QuerySet[Attachment], bool]:
        for word in smart_split(search_term):
            field, colon, value = word.partition(":")
            if field == "in" and colon:
                channels = Channel.objects.filter(channels_by_number_or_name(unquote(value)))
                queryset = queryset.filter(message__channel__in=ids_or_subquery(channels))
            else:
                queryset = queryset.filter(uploader__in=ids_or_subquery(users_named(unquote(word))))
        return queryset, False

    def load_display_data(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.message.channel for row in rows if row.message is not None})
        for row in rows:
            row.title = titles[row.message.channel_id] if row.message is not None else ""

    def describe(self, row: Any) -> str:
        return gettext("%(file)s of %(name)s") % {
            "file": isolate(row.name),
            "name": isolate(row.uploader.nickname),
        }

    @admin.display(description=_("uploaded at"))
    def uploaded_at(self, row: Attachment) -> str | None:
        return format_time(row.created_at)

    @admin.display(description=_("file"))
    def link(self, row: Attachment) -> str:
        # The download refuses an operator the files that are not sent yet.
        is_readable = row.state == Attachment.State.READY and row.message_id is not None
        return file_link(row.key, row.name) if is_readable else isolate(row.name)

    @admin.display(description=_("size"))
    def size_text(self, row: Attachment) -> str:
        return filesizeformat(row.size)

    @admin.display(description=_("dimensions"))
    def dimensions(self, row: Attachment) -> str | None:
        return f"{row.width} × {row.height}" if row.width and row.height else None

    @admin.display(description=_("duration (seconds)"))
    def seconds(self, row: Attachment) -> str | None:
        return None if row.duration is None else f"{row.duration / 1000:.1f}"

    @admin.display(description=_("uploaded by"))
    def uploader_link(self, row: Attachment) -> str:
        return user_link(row.uploader)

    @admin.display(description=_("message"))
    def sent_in(self, row: Any) -> str | None:
        if row.message is None:
            return None
        return format_html(
            '{} <a href="{}" class="text-link">#{}</a>',
            channel_link(row.message.channel, row.title),
            reverse("admin:chat_message_change", args=(row.message_id,)),
            row.message.seq,
        )

    @admin.display(description=_("virus"))
    def virus(self, row: Attachment) -> str | None:
        return row.threat or None

    @display(
        description=_("status"),
        label={"ready": "success", "uploading": "info", "held": "warning", "removed": "danger"},
    )  # type: ignore[untyped-decorator]
    def status(self, row: Attachment) -> Status:
        return Status(row.state, gettext("Infected") if row.threat else row.get_state_display())
