"""Messages in the admin, newest first. Admin actions recall and pin them; their text cannot be edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html_join
from django.utils.text import Truncator, smart_split
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.bidi import isolate
from chat import payloads, rules
from chat.actions.message import message_recall_as_operator
from chat.actions.pin import message_pin_as_operator, message_unpin_as_operator
from chat.admin.admin_actions import AdminAction
from chat.admin.base import ReadOnlyTableAdmin, Status
from chat.admin.display import channel_link, file_link, format_time, user_link
from chat.admin.queries import (
    channel_titles,
    channels_by_number_or_name,
    ids_or_subquery,
    messages_matching,
    unquote,
    users_named,
)
from chat.admin.timeline import message_contexts, render_timeline
from chat.models import Attachment, Channel, Message, Pin

EXCERPT_LENGTH = 80

RECALL = AdminAction(
    name="recall",
    title=_("Recall message"),
    description=_(
        "The text and the files are deleted permanently, also on the screens of connected users. A note that the "
        "message was recalled remains."
    ),
    success=_("%(count)d recalled."),
    applies_to=lambda message: message.recalled_at is None,
    run=lambda operator, message: message_recall_as_operator(operator=operator, message_id=message.pk),
)
PIN = AdminAction(
    name="pin",
    title=_("Pin message"),
    description=_("The message appears among the pinned messages of its channel."),
    success=_("%(count)d pinned."),
    applies_to=lambda message: message.recalled_at is None and not message.is_pinned,
    run=lambda operator, message: message_pin_as_operator(operator=operator, message_id=message.pk),
)
UNPIN = AdminAction(
    name="unpin",
    title=_("Unpin message"),
    description=_("The message itself remains."),
    success=_("%(count)d unpinned."),
    applies_to=lambda message: message.is_pinned,
    run=lambda operator, message: message_unpin_as_operator(operator=operator, message_id=message.pk),
)


@admin.register(Message)
class MessageAdmin(ReadOnlyTableAdmin):
    """Lists messages. A search takes whole words (the last may be incomplete), `from:<user>` and `in:<channel>`.

    No search scans the whole table: words, senders and channels have indexes.
    """

    list_display = ("sent_at", "sender_link", "channel_title", "excerpt", "status")
    search_fields = ("text",)
    search_help_text = _("Words, from:user, in:channel")
    ordering = ("-pk",)
    # Sorting by other columns would read the whole table.
    sortable_by = ()
    list_actions = (RECALL, PIN, UNPIN)
    page_actions = (RECALL, PIN, UNPIN)
    fields = (
        "content", "files", "sender_link", "shown_as", "forwarded_message", "channel_title", "sent_at", "edited",
        "recalled", "seq", "reply_seq", "position", "context",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        found: QuerySet[Message] = super().get_queryset(request)
        found = found.annotate(is_pinned=Exists(Pin.objects.filter(message=OuterRef("pk"))))
        return found.select_related("sender", "channel", "recalled_by")

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest | None = None) -> bool:
        """Return false: a URL could filter by any column, and most have no index."""
        return False

    def search_rows(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        words: list[str] = []
        senders: list[Any] = []
        channels: list[Any] = []
        for word in smart_split(search_term):
            field, colon, value = word.partition(":")
            if field == "from" and colon:
                senders.append(ids_or_subquery(users_named(unquote(value))))
            elif field == "in" and colon:
                channels.append(ids_or_subquery(Channel.objects.filter(channels_by_number_or_name(unquote(value)))))
            else:
                words.append(unquote(word))
        for ids in senders:
            queryset = queryset.filter(sender__in=ids)
        for ids in channels:
            queryset = queryset.filter(channel__in=ids)
        if any(isinstance(ids, list) and len(ids) == 1 for ids in channels):
            # A channel's own index has its messages in this order; by id they would all have to be sorted.
            queryset = queryset.order_by("-seq")
        if words:
            # A sender's own messages are few enough to scan.
            queryset = queryset if senders else queryset.filter(messages_matching(words, channels))
            for word in words:
                queryset = queryset.filter(text__icontains=word)
        return queryset, False

    def load_display_data(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows})
        for row in rows:
            row.title = titles[row.channel_id]

    def describe(self, row: Any) -> str:
        return gettext("%(name)s in %(channel)s: %(text)s") % {
            "name": isolate(row.shown_as or row.sender.nickname),
            "channel": isolate(row.title),
            "text": isolate(self.excerpt(row)),
        }

    @admin.display(description=_("time"))
    def sent_at(self, row: Message) -> str | None:
        return format_time(row.time)

    @admin.display(description=_("sender"))
    def sender_link(self, row: Message) -> str:
        return user_link(row.sender)

    @admin.display(description=_("channel"))
    def channel_title(self, row: Any) -> str:
        return channel_link(row.channel, row.title)

    @admin.display(description=_("text"))
    def excerpt(self, row: Message) -> str:
        if row.recalled_at is not None:
            return "–"
        text = payloads.plain_text(row)
        return Truncator(" ".join(text.split())).chars(EXCERPT_LENGTH)

    @admin.display(description=_("text"))
    def content(self, row: Message) -> str:
        if row.type in rules.TYPES_WITH_TEXT:
            return row.text
        # An attachment's text is its content in Base64.
        return gettext("[%(type)s] %(size)d bytes") % {"type": row.type, "size": len(row.text) * 3 // 4}

    @admin.display(description=_("files"))
    def files(self, row: Message) -> str | None:
        """Return the name, type and size of each file. One that is removed or held back has no link."""
        listed = [
            (
                file_link(file.key, file.name) if file.state == Attachment.State.READY else isolate(file.name),
                file.content_type,
                filesizeformat(file.size),
                "" if file.state == Attachment.State.READY else f", {file.get_state_display()}",
            )
            for file in Attachment.objects.filter(message=row).order_by("index")
        ]
        return format_html_join("", "<div>{} ({}, {}{})</div>", listed) if listed else None

    @admin.display(description=_("forwarded from"))
    def forwarded_message(self, row: Message) -> str | None:
        """Return the name of the first sender and the time of their message."""
        if row.forwarded is None:
            return None
        return f"{isolate(row.forwarded['name'])}, {format_time(row.forwarded['time'])}"

    @admin.display(description=_("context"))
    def context(self, row: Message) -> str:
        return render_timeline(message_contexts([row])[row.pk], highlighted=row.pk)

    @display(description=_("status"), label={"recalled": "danger", "edited": "info", "pinned": "success"})  # type: ignore[untyped-decorator]
    def status(self, row: Any) -> Status | None:
        if row.recalled_at is not None:
            return Status("recalled", gettext("recalled"))
        if row.is_pinned:
            return Status("pinned", gettext("pinned"))
        return Status("edited", gettext("edited")) if row.edited_at is not None else None

    @admin.display(description=_("edited at"))
    def edited(self, row: Message) -> str | None:
        return format_time(row.edited_at)

    @admin.display(description=_("recalled at"))
    def recalled(self, row: Message) -> str | None:
        if row.recalled_at is None or row.recalled_by is None:
            return None
        return gettext("%(when)s by %(who)s") % {"when": format_time(row.recalled_at), "who": row.recalled_by}
