"""The messages that mention a user."""

from __future__ import annotations

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from chat.models import Channel, Membership, Message, MessageMention

MAX_CANDIDATES = 1000
"""Mentions that are looked at for one page; the next page continues from there."""


def mention_count(user: User, **after: OuterRef) -> Coalesce:
    """Return a subquery of the number of messages in the channel of the outer row that mention the user.

    `after` limits their sequence numbers, such as `seq__gt=OuterRef("seq")`.
    """
    of_others = MessageMention.objects.exclude(user=None, message__sender=user)
    found = of_others.filter(Q(user=user) | Q(user=None), channel=OuterRef("channel"), is_silent=False, **after)
    counts = found.order_by().values("channel").annotate(count=Count("message", distinct=True)).values("count")
    return Coalesce(Subquery(counts), 0, output_field=IntegerField())


def mention_list(
    user: User, readable: QuerySet[Message], *, before: int | None, limit: int
) -> tuple[list[Message], int | None]:
    """Return a page of those of the readable messages that mention the user, newest first, with ids below `before`.

    Also return the id to continue from, or None at the end.
    """
    current = Membership.objects.filter(user=user, until_position=None).values_list("channel", flat=True)
    global_channels = Channel.objects.filter(kind=Channel.Kind.GLOBAL).values_list("pk", flat=True)
    found = MessageMention.objects.filter(channel__in=[*current, *global_channels], is_silent=False)
    if before is not None:
        found = found.filter(message__lt=before)
    # By two queries: for one with OR, PostgreSQL would read the mentions of everyone in all channels of the site.
    # An order by an expression keeps it from reading those of all channels backwards as well.
    both = (found.filter(user=user).order_by("-message"), found.filter(user=None).order_by(-F("message")))
    newest = [rows.values_list("message", flat=True)[:MAX_CANDIDATES] for rows in both]
    ids = sorted({message for rows in newest for message in rows}, reverse=True)[:MAX_CANDIDATES]
    rows = readable.filter(pk__in=ids, recalled_at=None).exclude(sender=user).order_by("-pk")
    page = list(rows.select_related("sender", "recalled_by")[: limit + 1])
    if len(page) > limit:
        return page[:limit], page[limit - 1].pk
    return page, ids[-1] if len(ids) == MAX_CANDIDATES else None
