"""Actions of a webhook's manager: create, change, enable, disable, replay, delete."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.names import BadName, check_name
from chat import reasons
from chat.account_errors import chat_error
from chat.errors import ChatError
from chat.models import Channel, Webhook
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.webhooks.outgoing.selectors import webhook_of
from chat.wire.schema.events import EVENTS, SUBSCRIPTIONS
from delivery import log
from delivery.db.transactions import write
from delivery.outbound.ssrf_guard import UrlNotAllowed, check_url

NAME_LIMIT = 100
URL_LIMIT = 500
_WITHOUT_CHANNEL = {event.name for kind in EVENTS.values() if kind.is_for_webhooks for event in kind.webhooks}
"""Names of events that belong to no channel."""


def webhook_create(
    *, creator: User, name: str, url: str, events: Sequence[str], channel_id: int | None = None
) -> tuple[Webhook, str]:
    """Create a webhook that receives events from now on. Return it with the secret that signs its requests.

    It covers the channel `channel_id`, as far as `creator` may read it, or (None) all channels except private ones,
    which requires `chat.manage_channels`. Raise ChatError CHANNEL_NOT_FOUND for a channel that `creator` may not read.
    """
    channel = Channel.objects.filter(pk=channel_id).first() if channel_id is not None else None
    if channel_id is not None and (channel is None or not hook_selectors.may_receive(creator, channel)):
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    if channel_id is None and not hook_selectors.may_receive(creator, None):
        raise ChatError(reasons.PERMISSION_REQUIRED, permission=hook_selectors.MANAGE)
    webhook = Webhook(
        name=_checked_name(name),
        url=checked_url(url),
        secret=secrets.token_urlsafe(32),
        events=_checked_events(events, channel),
        channel=channel,
        created_by=creator,
    )
    with write():
        _require_room()
        webhook.position = log.head()
        webhook.save()
    return webhook, webhook.secret


def webhook_update(
    *, user: User, webhook_id: int, name: str | None = None, url: str | None = None, events: Sequence[str] | None = None
) -> Webhook:
    """Change the given fields; None leaves a field as it is. Pending events go to the new URL.

    Raise ChatError WEBHOOK_CHANNEL_LOST if the caller may not read its events.
    """
    with write():
        webhook = _lock_readable(user, webhook_id)
        webhook.name = webhook.name if name in (None, webhook.name) else _checked_name(name)
        webhook.url = webhook.url if url is None else checked_url(url)
        webhook.events = webhook.events if events is None else _checked_events(events, webhook.channel)
        webhook.save(update_fields=["name", "url", "events"])
    return webhook


def webhook_enable(*, user: User, webhook_id: int) -> Webhook:
    """Enable a webhook, and retry its failed events and dead letters at once.

    It continues at its position. The caller becomes its creator, whose rights decide which events it receives. Raise
    ChatError WEBHOOK_CHANNEL_LOST if the caller may not read its events.
    """
    with write():
        webhook = _lock_readable(user, webhook_id)
        if not webhook.enabled:
            _require_room()
        webhook.enabled, webhook.disabled_reason, webhook.created_by = True, "", user
        webhook.failures, webhook.failing_since, webhook.next_attempt_at = 0, None, timezone.now()
        webhook.save(
            update_fields=["enabled", "disabled_reason", "created_by", "failures", "failing_since", "next_attempt_at"]
        )
        webhook.dead_letters.update(
            attempts=0, created_at=webhook.next_attempt_at, next_attempt_at=webhook.next_attempt_at
        )
    return webhook


def webhook_disable(*, user: User, webhook_id: int) -> Webhook:
    """Disable a webhook; it keeps its position in the event log."""
    with write():
        webhook = _lock_managed(user, webhook_id)
        webhook.enabled, webhook.disabled_reason = False, ""
        webhook.save(update_fields=["enabled", "disabled_reason"])
    return webhook


def webhook_rotate_secret(*, user: User, webhook_id: int) -> str:
    """Replace the secret that signs requests; return the new one.

    Raise ChatError WEBHOOK_CHANNEL_LOST if the caller may not read its events.
    """
    with write():
        webhook = _lock_readable(user, webhook_id)
        webhook.secret = secrets.token_urlsafe(32)
        webhook.save(update_fields=["secret"])
    return webhook.secret


def webhook_replay(*, user: User, webhook_id: int, position: int) -> Webhook:
    """Move a webhook to a position: send later events again, or skip those before it."""
    with write():
        webhook = _lock_managed(user, webhook_id)
        if not 0 <= position <= log.head():
            raise ChatError(reasons.WEBHOOK_POSITION, field="position")
        webhook.position = position
        # A node that is delivering now loses its lease, so it cannot move the position.
        webhook.leased_by, webhook.leased_until = "", None
        webhook.save(update_fields=["position", "leased_by", "leased_until"])
        # Dead letters beyond the position are delivered again in order.
        webhook.dead_letters.filter(position__gt=position).delete()
    return webhook


def webhook_delete(*, user: User, webhook_id: int) -> None:
    """Delete a webhook and its delivery attempts."""
    with write():
        _lock_managed(user, webhook_id).delete()


def _lock_managed(user: User, webhook_id: int) -> Webhook:
    """Lock and return a webhook that the user manages. Raise ChatError WEBHOOK_NOT_FOUND otherwise."""
    return (
        Webhook.objects.select_for_update(no_key=True, of=("self",))
        .select_related("channel")
        .get(pk=webhook_of(user, webhook_id).pk)
    )


def _lock_readable(user: User, webhook_id: int) -> Webhook:
    """Lock and return a webhook that the user manages and whose events they may read.

    A manager of all webhooks must not redirect events to themselves.
    """
    webhook = _lock_managed(user, webhook_id)
    if not hook_selectors.may_receive(user, webhook.channel):
        raise ChatError(reasons.WEBHOOK_CHANNEL_LOST)
    return webhook


def _require_room() -> None:
    limit = settings.IM_MAX_WEBHOOKS
    if Webhook.objects.filter(enabled=True).count() >= limit:
        raise ChatError(reasons.WEBHOOK_LIMIT_REACHED, limit=limit)


def _checked_name(name: str) -> str:
    try:
        return check_name(name, limit=NAME_LIMIT)
    except BadName as error:
        raise chat_error(error, field="name") from error


def checked_url(url: str) -> str:
    """Return the URL if the site may call it. Raise ChatError WEBHOOK_URL_LENGTH or WEBHOOK_URL_NOT_ALLOWED."""
    if len(url) > URL_LIMIT or not url.isprintable():
        raise ChatError(reasons.WEBHOOK_URL_LENGTH, limit=URL_LIMIT, field="url")
    try:
        check_url(url)
    except UrlNotAllowed as refusal:
        raise ChatError(reasons.WEBHOOK_URL_NOT_ALLOWED, sentence=str(refusal), field="url") from refusal
    return url


def _checked_events(events: Iterable[str], channel: Channel | None) -> str:
    wanted = set(events)
    known = [name for name in SUBSCRIPTIONS if name in wanted]
    if not known or len(known) < len(wanted):
        names = ", ".join(SUBSCRIPTIONS)
        raise ChatError(reasons.WEBHOOK_EVENTS, events=names, field="events")
    if channel is not None and wanted & _WITHOUT_CHANNEL:
        raise ChatError(reasons.WEBHOOK_PRESENCE_EVENTS, field="events")
    return ",".join(known)
