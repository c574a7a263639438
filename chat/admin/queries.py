"""What only operators read: names of channels that are nobody's own, sizes, and the day's messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts.models import User
from accounts.names import name_key
from chat import rules
from chat.models import Channel, Membership, Message, MessageKey, Report
from chat.search.index import index_find
from chat.search.tokenizer import phrases

COUNTED = 50_000
"""Newest messages that are looked at to count a day's: no table is read to its end for one number."""

FOUND = 1000
"""Messages that a search for words finds at the most, the newest."""
LATELY = 2000
"""Newest messages that are looked through besides."""
FEW = 500
"""Rows whose ids are named in a query."""


def moment(milliseconds: int | None) -> str | None:
    """Unix milliseconds as a time of the operator's time zone; None for none."""
    if not milliseconds:
        return None
    return f"{timezone.localtime(datetime.fromtimestamp(milliseconds / 1000, UTC)):%Y-%m-%d %H:%M:%S}"


def member_counts(channels: Collection[int]) -> dict[int, int]:
    """How many are in each channel now."""
    rows = Membership.objects.filter(channel__in=channels, until_position=None).values("channel")
    return dict(rows.annotate(count=Count("pk")).values_list("channel", "count"))


def channel_titles(channels: Iterable[Channel], counts: dict[int, int] | None = None) -> dict[int, str]:
    """What the channels are called; those without a name by their people, a private one by both.

    In at most two queries, whatever their number; `counts`, if known, saves one.
    """
    found = {channel.pk: channel for channel in channels}
    unnamed = [number for number, channel in found.items() if not channel.name]
    people: dict[int, list[str]] = {}
    if unnamed:
        place = Window(RowNumber(), partition_by="channel", order_by=("from_position", "user"))
        rows = Membership.objects.filter(channel__in=unnamed, until_position=None).annotate(place=place)
        rows = rows.filter(place__lte=rules.MEMBERS_IN_NAME).order_by("channel", "place")
        for number, nickname in rows.values_list("channel", "user__nickname"):
            people.setdefault(number, []).append(nickname)
        if counts is None:
            counts = member_counts(unnamed)
    return {
        number: rules.name_from_members(people[number], (counts or {}).get(number, 0))
        if number in people
        else str(channel)
        for number, channel in found.items()
    }


def _number(term: str) -> int | None:
    """The id that the text may be; a longer one nobody has."""
    return int(term) if term.isdecimal() and len(term) < 20 else None


def few(rows: QuerySet[Any]) -> list[int] | QuerySet[Any]:
    """What is searched for by these rows: their ids, so that the database sees how few they are, unless they are many.

    It takes a subquery to match half of the table, and would rather read all of it than use an index.
    """
    ids = list(rows.values_list("pk", flat=True)[: FEW + 1])
    return ids if len(ids) <= FEW else rows.values("pk")


def channels_called(term: str, *, exactly: bool = False) -> Q:
    """Channels with this number, or with this in (`exactly`: as) their name."""
    return Q(pk=_number(term)) | (Q(name=term) if exactly else Q(name__icontains=term))


def channels_meant(term: str) -> Q:
    """The channel of this number, else those with this in their name."""
    number = _number(term)
    return Q(name__icontains=term) if number is None else Q(pk=number)


def may_hold(words: Sequence[str], channels: Sequence[list[int] | QuerySet[Channel]]) -> Q:
    """Messages among which are the newest that hold these words: by the index, and the last ones, which it may lack."""
    named = [found for found in channels if isinstance(found, list)]
    ids = index_find(phrases(" ".join(words)), channels=named[0] if named else None, before=None, limit=FOUND)
    newest = MessageKey.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return Q(pk__in=ids) | Q(pk__gt=newest - LATELY)


def members_named(channel: Channel, name: str) -> QuerySet[User]:
    """The member of the channel of that user name, however it is spelt."""
    here = Membership.objects.filter(channel=channel, until_position=None).values("user")
    return User.objects.filter(pk__in=here, username_key=name_key(name))


def people_called(term: str) -> QuerySet[User]:
    """Whoever has this user name or nickname, width and case aside, or this number; guests too."""
    key = name_key(term)
    return User.objects.filter(Q(username_key=key) | Q(nickname_key=key) | Q(pk=_number(term)))


def open_reports() -> int:
    """How many reports wait; COUNTED at the most."""
    return Report.objects.filter(state=Report.State.OPEN)[:COUNTED].count()


def people_found(term: str) -> Q:
    """People with this in what they are called or reached by, or with this number."""
    key = name_key(term)
    named = Q(username_key__contains=key) | Q(nickname_key__contains=key) | Q(nickname_pinyin__startswith=key)
    reached = Q(phone_number__contains=term) | Q(email__contains=term.lower())
    return named | Q(nickname_initials=key) | reached | Q(pk=_number(term))


def messages_since(start: datetime) -> int:
    """How many messages there are from `start` on; COUNTED stands for that many or more."""
    newest = Message.objects.order_by("-pk")[:COUNTED]
    found = newest.aggregate(count=Count("pk", filter=Q(time__gte=int(start.timestamp() * 1000))))
    return int(found["count"])


def stays_by_presence(stays: QuerySet[Membership]) -> QuerySet[Membership]:
    """Who is there now first, the longest there before others; then those who left, the last of them first."""
    return stays.select_related("user").order_by(F("until_position").desc(nulls_first=True), "from_position", "user")


def person_link(user: User) -> str:
    """The person with a link to their page: the nickname, and what makes it one person's."""
    told = f"guest {user.pk}" if user.is_guest else user.username
    shown = user.nickname if user.nickname == told else f"{user.nickname} ({told})"
    return format_html(
        '<a href="{}" class="text-link">{}</a>', reverse("admin:accounts_user_change", args=(user.pk,)), shown
    )


def channel_link(channel: Channel, title: str) -> str:
    return format_html(
        '<a href="{}" class="text-link">{}</a>', reverse("admin:chat_channel_change", args=(channel.pk,)), title
    )
