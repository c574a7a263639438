"""Messages in the admin, the newest first. They can be recalled, by an action; their text is never edited here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator, smart_split, unescape_string_literal
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from chat.actions.message import message_recall_as_operator
from chat.actions.pin import message_pin_as_operator, message_unpin_as_operator
from chat.admin.admin_actions import AdminAction
from chat.admin.base import ChatAdmin, State
from chat.admin.queries import (
    channel_link,
    channel_titles,
    channels_meant,
    few,
    may_hold,
    moment,
    people_called,
    person_link,
)
from chat.admin.timeline import around, timeline
from chat.models import Channel, Message, Pin

SHOWN = 80
"""Characters of a message in the list."""

RECALL = AdminAction(
    name="recall",
    title=_("Recall message"),
    meaning=_(
        "The text is deleted for good, here and on the screens of everybody who is connected. A note that the "
        "message was recalled stays in its place."
    ),
    done=_("%(count)d recalled."),
    applies=lambda message: message.recalled_at is None,
    act=lambda operator, message: message_recall_as_operator(operator=operator, message_id=message.pk),
)
PIN = AdminAction(
    name="pin",
    title=_("Pin message"),
    meaning=_("Everybody who may read it keeps it in sight."),
    done=_("%(count)d pinned."),
    applies=lambda message: message.recalled_at is None and not message.is_pinned,
    act=lambda operator, message: message_pin_as_operator(operator=operator, message_id=message.pk),
)
UNPIN = AdminAction(
    name="unpin",
    title=_("Unpin message"),
    meaning=_("It stays where it was said, and nowhere else."),
    done=_("%(count)d unpinned."),
    applies=lambda message: message.is_pinned,
    act=lambda operator, message: message_unpin_as_operator(operator=operator, message_id=message.pk),
)


@admin.register(Message)
class MessageAdmin(ChatAdmin):
    """Search: whole words of the text (the last may be unfinished), `from:<person>`, `in:<channel>`.

    No table is looked through for it: there are indexes for words, for people and for channels.
    """

    list_display = ("moment", "sent_by", "channel_title", "excerpt", "mark")
    search_fields = ("text",)
    search_help_text = _("Words, from:person, in:channel")
    ordering = ("-pk",)
    # Sorting by anything else would read the whole table.
    sortable_by = ()
    deeds = (RECALL, PIN, UNPIN)
    page_deeds = (RECALL, PIN, UNPIN)
    fields = (
        "said", "sent_by", "shown_as", "channel_title", "moment", "edited", "recalled", "seq", "reply_seq", "position",
        "context",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        found: QuerySet[Message] = super().get_queryset(request)
        found = found.annotate(is_pinned=Exists(Pin.objects.filter(message=OuterRef("pk"))))
        return found.select_related("sender", "channel", "recalled_by")

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest | None = None) -> bool:
        """No filters by URL: any column could be asked for, and most have no index."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        words: list[str] = []
        people: list[Any] = []
        channels: list[Any] = []
        for word in smart_split(search_term):
            field, colon, value = word.partition(":")
            if field == "from" and colon:
                people.append(few(people_called(_unquoted(value))))
            elif field == "in" and colon:
                channels.append(few(Channel.objects.filter(channels_meant(_unquoted(value)))))
            else:
                words.append(_unquoted(word))
        for found in people:
            queryset = queryset.filter(sender__in=found)
        for found in channels:
            queryset = queryset.filter(channel__in=found)
        if any(isinstance(found, list) and len(found) == 1 for found in channels):
            # Of one channel its own index gives them in order; by id all of them would have to be sorted.
            queryset = queryset.order_by("-seq")
        if words:
            # What one person said is few enough to be looked through.
            queryset = queryset if people else queryset.filter(may_hold(words, channels))
            for word in words:
                queryset = queryset.filter(text__icontains=word)
        return queryset, False

    def complete(self, rows: Sequence[Any]) -> None:
        titles = channel_titles({row.channel for row in rows})
        for row in rows:
            row.title = titles[row.channel_id]

    def describe(self, row: Any) -> str:
        return gettext("%(name)s in %(channel)s: %(text)s") % {
            "name": row.shown_as or row.sender.nickname,
            "channel": row.title,
            "text": self.excerpt(row),
        }

    @admin.display(description=_("time"))
    def moment(self, row: Message) -> str | None:
        return moment(row.time)

    @admin.display(description=_("sender"))
    def sent_by(self, row: Message) -> str:
        return person_link(row.sender)

    @admin.display(description=_("channel"))
    def channel_title(self, row: Any) -> str:
        return channel_link(row.channel, row.title)

    @admin.display(description=_("text"))
    def excerpt(self, row: Message) -> str:
        if row.recalled_at is not None:
            return "–"
        return Truncator(" ".join(row.text.split())).chars(SHOWN) if row.type == "text" else f"[{row.type}]"

    @admin.display(description=_("text"))
    def said(self, row: Message) -> str:
        return (
            row.text
            if row.type == "text"
            else gettext("[%(type)s] %(size)d bytes")
            % {
                "type": row.type,
                "size": len(row.text) * 3 // 4,
            }
        )

    @admin.display(description=_("context"))
    def context(self, row: Message) -> str:
        return timeline(around([row])[row.pk], marked=row.pk)

    @display(description=_("mark"), label={"recalled": "danger", "edited": "info", "pinned": "success"})  # type: ignore[untyped-decorator]
    def mark(self, row: Any) -> State | None:
        if row.recalled_at is not None:
            return State("recalled", gettext("recalled"))
        if row.is_pinned:
            return State("pinned", gettext("pinned"))
        return State("edited", gettext("edited")) if row.edited_at is not None else None

    @admin.display(description=_("edited at"))
    def edited(self, row: Message) -> str | None:
        return moment(row.edited_at)

    @admin.display(description=_("recalled at"))
    def recalled(self, row: Message) -> str | None:
        if row.recalled_at is None or row.recalled_by is None:
            return None
        return gettext("%(when)s by %(who)s") % {"when": moment(row.recalled_at), "who": row.recalled_by}


def _unquoted(word: str) -> str:
    return unescape_string_literal(word) if len(word) > 1 and word[0] in "\"'" and word[0] == word[-1] else word
