"""Queries that only the admin makes: titles of channels, searches by operators, counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.text import unescape_string_literal

from accounts.models import User
from accounts.names import name_key
from accounts.numbers import parse_decimal
from chat import rules
from chat.models import Channel, Membership, Message, MessageKey, Report
from chat.search.index import index_find
from chat.search.tokenizer import phrases

MAX_COUNT = 50_000
"""Rows that a count reads at most, so that it never reads a whole table."""
MAX_WORD_MATCHES = 1000
"""Newest messages that a search for words takes from the index."""
UNINDEXED_TAIL = 2000
"""Newest messages that a search scans in addition, because the index may not have them yet."""
MAX_LISTED_IDS = 500
"""Ids listed one by one in a query; above it a subquery is used."""


def member_counts(channels: Collection[int]) -> dict[int, int]:
    """Return the number of present members of each channel."""
    rows = Membership.objects.filter(channel__in=channels, until_position=None).values("channel")
    return dict(rows.annotate(count=Count("pk")).values_list("channel", "count"))


def channel_titles(channels: Iterable[Channel], counts: dict[int, int] | None = None) -> dict[int, str]:
    """Return the channels' titles by id: their names, or the nicknames of their members.

    Makes at most two queries; `counts`, the numbers of members by channel id, saves one of them.
    """
    by_id = {channel.pk: channel for channel in channels}
    unnamed = [channel_id for channel_id, channel in by_id.items() if not channel.name]
    nicknames: dict[int, list[str]] = {}
    if unnamed:
        place = Window(RowNumber(), partition_by="channel", order_by=("from_position", "user"))
        rows = Membership.objects.filter(channel__in=unnamed, until_position=None).annotate(place=place)
        rows = rows.filter(place__lte=rules.MEMBERS_IN_NAME).order_by("channel", "place")
        for channel_id, nickname in rows.values_list("channel", "user__nickname"):
            nicknames.setdefault(channel_id, []).append(nickname)
        if counts is None:
            counts = member_counts(unnamed)
    return {
        channel_id: rules.name_from_members(nicknames[channel_id], (counts or {}).get(channel_id, 0))
        if channel_id in nicknames
        else str(channel)
        for channel_id, channel in by_id.items()
    }


def _parse_id(term: str) -> int | None:
    """Return the id that the text may be, or None."""
    return parse_decimal(term)


def ids_or_subquery(rows: QuerySet[Any]) -> list[int] | QuerySet[Any]:
    """Return the ids of these rows if there are at most MAX_LISTED_IDS, else a subquery.

    PostgreSQL assumes that a subquery matches half of the table, and then reads the whole table instead of an index.
    """
    ids = list(rows.values_list("pk", flat=True)[: MAX_LISTED_IDS + 1])
    return ids if len(ids) <= MAX_LISTED_IDS else rows.values("pk")


def channels_matching(term: str, *, exact: bool = False) -> Q:
    """Return the condition for channels with this number, or with the term in their name; `exact`: as their name."""
    return Q(pk=_parse_id(term)) | (Q(name=term) if exact else Q(name__icontains=term))


def channels_by_number_or_name(term: str) -> Q:
    """Return the condition for the channel with this number, or for channels with the term in their name."""
    channel_id = _parse_id(term)
    return Q(name__icontains=term) if channel_id is None else Q(pk=channel_id)


def messages_matching(words: Sequence[str], channels: Sequence[list[int] | QuerySet[Channel]]) -> Q:
    """Return the condition for candidates: messages that the index finds for these words, and the newest messages."""
    listed = [ids for ids in channels if isinstance(ids, list)]
    ids = index_find(
        phrases(" ".join(words)), channels=listed[0] if listed else None, before=None, limit=MAX_WORD_MATCHES
    )
    newest = MessageKey.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return Q(pk__in=ids) | Q(pk__gt=newest - UNINDEXED_TAIL)


def members_by_username(channel: Channel, name: str) -> QuerySet[User]:
    """Return the current member with this username. Width and case do not matter."""
    members = Membership.objects.filter(channel=channel, until_position=None).values("user")
    return User.objects.filter(pk__in=members, username_key=name_key(name))


def users_named(term: str) -> QuerySet[User]:
    """Return the users and guests with this username or nickname, or with this id. Width and case do not matter."""
    key = name_key(term)
    return User.objects.filter(Q(username_key=key) | Q(nickname_key=key) | Q(pk=_parse_id(term)))


def users_matching(term: str) -> Q:
    """Return the condition for users with the term in their names, phone number or email address, or as their id."""
    key = name_key(term)
    by_name = Q(username_key__contains=key) | Q(nickname_key__contains=key) | Q(nickname_pinyin__startswith=key)
    by_contact = Q(phone_number__contains=term) | Q(email__contains=term.lower())
    return by_name | Q(nickname_initials=key) | by_contact | Q(pk=_parse_id(term))


def count_open_reports() -> int:
    """Return the number of open reports, MAX_COUNT at most."""
    return Report.objects.filter(state=Report.State.OPEN)[:MAX_COUNT].count()


def count_messages_since(start: datetime) -> int:
    """Return the number of messages from `start` on; MAX_COUNT stands for that many or more."""
    newest = Message.objects.order_by("-pk")[:MAX_COUNT]
    found = newest.aggregate(count=Count("pk", filter=Q(time__gte=int(start.timestamp() * 1000))))
    return int(found["count"])


def order_memberships(memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """Order memberships: current ones by start, then ended ones, the last ended first."""
    return memberships.select_related("user").order_by(
        F("until_position").desc(nulls_first=True), "from_position", "user"
    )


def unquote(word: str) -> str:
    """Return a word of a search without its quotation marks."""
    return unescape_string_literal(word) if len(word) > 1 and word[0] in "\"'" and word[0] == word[-1] else word
