"""Queries for webhooks: the events they receive, and the webhooks of a user."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import orjson
from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now

from accounts.models import User
from chat import errors, reasons
from chat.errors import ChatError
from chat.models import Channel, IncomingWebhook, Webhook, WebhookDeadLetter, WebhookDelivery
from chat.selectors import access_channel, channel_intervals
from chat.wire.schema.events import EVENTS
from delivery import log
from delivery.db.bulk import execute_batch
from delivery.db.prepared import PreparedQuery
from delivery.log import Entry
from delivery.replay import can_see

MANAGE = "chat.manage_channels"


def kinds(webhooks: Collection[Webhook]) -> set[str]:
    """Return the kinds of events in the log that at least one of the webhooks may subscribe to."""
    wanted = {name for webhook in webhooks for name in webhook.subscriptions}
    return {kind.name for kind in EVENTS.values() if any(event.is_wanted(wanted) for event in kind.webhooks)}


_ENABLED = PreparedQuery(lambda values: Webhook.objects.filter(enabled__in=values).only("pk")[:1])
"""Most sites have no webhook. Every node looks once a second, so the SQL of this query is built once."""


def ready_hooks(node: str) -> list[Webhook]:
    """Return the webhooks that this node may deliver now: enabled, due, and not leased by another node."""
    (enabled,) = execute_batch([_ENABLED.statement([True])])
    if not enabled:
        return []
    free = Q(leased_until=None) | Q(leased_until__lt=Now()) | Q(leased_by=node)
    ready = Webhook.objects.filter(free, enabled=True, next_attempt_at__lte=Now())
    return list(ready.select_related("channel", "created_by").order_by("pk"))


def due_dead_letter_webhooks() -> set[int]:
    """Return the ids of webhooks with a dead letter that is due."""
    return set(WebhookDeadLetter.objects.filter(next_attempt_at__lte=Now()).values_list("webhook", flat=True))


def next_dead_letter(webhook: Webhook) -> WebhookDeadLetter | None:
    """Return the dead letter of the webhook that has been due the longest, or None."""
    return (
        WebhookDeadLetter.objects.filter(webhook=webhook, next_attempt_at__lte=Now())
        .order_by("next_attempt_at", "position")
        .first()
    )


def dead_letters_page(webhook: Webhook, *, after: int, limit: int) -> tuple[list[WebhookDeadLetter], bool]:
    """Return the dead letters beyond a position, in order, and whether there are more."""
    rows = list(WebhookDeadLetter.objects.filter(webhook=webhook, position__gt=after).order_by("position")[: limit + 1])
    return rows[:limit], len(rows) > limit


def dead_letter_counts(webhooks: Collection[Webhook]) -> dict[int, int]:
    """Return the number of dead letters by webhook, for those that have any."""
    found = WebhookDeadLetter.objects.filter(webhook__in=[webhook.pk for webhook in webhooks]).values("webhook")
    return dict(found.annotate(count=Count("pk")).values_list("webhook", "count"))


@dataclass(frozen=True, slots=True)
class EventBatch:
    """The events of a webhook up to position `upto`.

    `more`: there may be later ones. `ended`: the webhook may receive no events any more.
    """

    entries: list[Entry]
    upto: int
    more: bool = False
    ended: bool = False


def next_events(webhook: Webhook, *, after: int) -> EventBatch:
    """Return the next events for a webhook, as many as fit into one request.

    The creator's rights are checked each time, because a webhook receives only events that its creator may read.
    """
    if not may_receive(webhook.created_by, webhook.channel):
        return EventBatch([], after, ended=True)
    # Read before the events, so that everything up to this position is included.
    head = log.head()
    limit = settings.IM_WEBHOOK_MAX_EVENTS
    found = log.read_kinds(kinds([webhook]), after=after, upto=head, limit=limit, channel=webhook.channel_id)
    upto, more = (found[-1].position, True) if len(found) == limit else (max(head, after), False)
    size = 0
    for number, entry in enumerate(found):
        size += len(orjson.dumps(entry.body))
        if number and size > settings.IM_WEBHOOK_MAX_BYTES:
            found, upto, more = found[:number], found[number - 1].position, True
            break
    return EventBatch(_receivable(webhook, found), upto, more)


def entry_at(webhook: Webhook, position: int) -> Entry | None:
    """Return the event at this position if the webhook may still receive it."""
    found = log.read_kinds(kinds([webhook]), after=position - 1, upto=position, limit=1, channel=webhook.channel_id)
    return next(iter(_receivable(webhook, found)), None)


def may_receive(creator: User, channel: Channel | None) -> bool:
    """Return whether a webhook of this user may receive events of the channel.

    None: of all channels except private ones.
    """
    if not creator.is_active:
        return False
    if (channel is None or channel.kind != Channel.Kind.PRIVATE) and creator.is_granted(MANAGE):
        return True
    if channel is None:
        return False
    try:
        access_channel(creator, channel.pk)
    except ChatError as refusal:
        if refusal.code is not errors.NO_DATA:
            raise
        return False
    return True


def _receivable(webhook: Webhook, entries: list[Entry]) -> list[Entry]:
    """Return those entries that the webhook may receive."""
    if webhook.channel is None:
        # The channels themselves are checked too: events of unknown channels are not sent.
        named = {entry.channel for entry in entries if entry.channel is not None}
        known = Channel.objects.filter(pk__in=named).exclude(kind=Channel.Kind.PRIVATE)
        readable_ids = set(known.values_list("pk", flat=True))
        return [entry for entry in entries if entry.channel in readable_ids or EVENTS[entry.kind].is_for_webhooks]
    channel, creator = webhook.channel, webhook.created_by
    if channel.kind == Channel.Kind.GLOBAL or channel.join == Channel.Join.OPEN:
        return entries
    if channel.kind != Channel.Kind.PRIVATE and creator.is_granted(MANAGE):
        return entries
    # A member's webhook receives events from their joining on, even after a replay from further back.
    intervals = channel_intervals(creator.pk, channel.pk)
    return [entry for entry in entries if can_see(intervals, entry.position, entry.subject)]


def webhooks_of(user: User) -> QuerySet[Webhook]:
    """Return the webhooks that a user manages: their own, or all with `chat.manage_channels`."""
    found = Webhook.objects.order_by("pk")
    return found if user.has_perm(MANAGE) else found.filter(created_by=user)


def webhooks_page(user: User, *, after: int, limit: int) -> tuple[list[Webhook], bool]:
    """Return those webhooks of `webhooks_of` with an id above `after`, ordered by id, and whether there are more."""
    rows = list(webhooks_of(user).filter(pk__gt=after)[: limit + 1])
    return rows[:limit], len(rows) > limit


def webhook_of(user: User, webhook_id: int) -> Webhook:
    """Return a webhook that the user manages. Raise ChatError WEBHOOK_NOT_FOUND otherwise."""
    webhook = webhooks_of(user).filter(pk=webhook_id).first()
    if webhook is None:
        raise ChatError(reasons.WEBHOOK_NOT_FOUND)
    return webhook


def deliveries(webhook: Webhook, limit: int) -> list[WebhookDelivery]:
    """Return the webhook's latest attempts, newest first."""
    return list(WebhookDelivery.objects.filter(webhook=webhook).order_by("-attempted_at", "-pk")[:limit])


def incoming_webhook_by_digest(digest: str) -> IncomingWebhook | None:
    """Return the enabled incoming webhook whose secret has this digest; None without one."""
    found = IncomingWebhook.objects.select_related("bot", "channel", "created_by")
    return found.filter(digest=digest, enabled=True, created_by__is_active=True, bot__is_active=True).first()


def incoming_webhooks_of(user: User) -> QuerySet[IncomingWebhook]:
    """Return the incoming webhooks that a user manages: their own, or all with `chat.manage_channels`."""
    found = IncomingWebhook.objects.select_related("bot").order_by("pk")
    return found if user.has_perm(MANAGE) else found.filter(created_by=user)


def incoming_webhooks_page(user: User, *, after: int, limit: int) -> tuple[list[IncomingWebhook], bool]:
    """Return those of `incoming_webhooks_of` with an id above `after`, ordered by id, and whether there are more."""
    rows = list(incoming_webhooks_of(user).filter(pk__gt=after)[: limit + 1])
    return rows[:limit], len(rows) > limit


def incoming_webhook_of(user: User, hook_id: int) -> IncomingWebhook:
    """Return an incoming webhook that the user manages. Raise ChatError INCOMING_WEBHOOK_NOT_FOUND otherwise."""
    webhook = incoming_webhooks_of(user).filter(pk=hook_id).first()
    if webhook is None:
        raise ChatError(reasons.INCOMING_WEBHOOK_NOT_FOUND)
    return webhook
