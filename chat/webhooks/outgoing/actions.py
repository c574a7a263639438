"""Webhooks out, as those who manage them see them: made, changed, switched on and off, taken back to a position."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.names import BadName, check_name
from chat import errors
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
"""Events that belong to no channel."""


def webhook_create(
    *, maker: User, name: str, url: str, events: Sequence[str], channel_id: int | None = None
) -> tuple[Webhook, str]:
    """A webhook that hears what happens from now on, and the secret that signs what it is sent.

    Of one channel, as far as its maker may read that, or (None) of all but private ones, for which the maker needs
    `chat.manage_channels`. NO_DATA for a channel that the maker may not read.
    """
    channel = Channel.objects.filter(pk=channel_id).first() if channel_id is not None else None
    if channel_id is not None and (channel is None or not hook_selectors.may_hear(maker, channel)):
        raise ChatError(errors.NO_DATA, "There is no such channel.")
    if channel_id is None and not hook_selectors.may_hear(maker, None):
        raise ChatError(
            errors.NOT_AUTHORISED, f"A webhook of all channels needs the permission {hook_selectors.MANAGE}."
        )
    hook = Webhook(
        name=_checked_name(name),
        url=_checked_url(url),
        secret=secrets.token_urlsafe(32),
        events=_checked_events(events, channel),
        channel=channel,
        created_by=maker,
    )
    with write():
        _require_room()
        hook.position = log.head()
        hook.save()
    return hook, hook.secret


def webhook_update(
    *, user: User, webhook_id: int, name: str | None = None, url: str | None = None, events: Sequence[str] | None = None
) -> Webhook:
    """Change what is given. What waits goes to the new URL. NOT_AUTHORISED for who may not read what it hears."""
    with write():
        hook = _locked_heard(user, webhook_id)
        hook.name = hook.name if name is None else _checked_name(name)
        hook.url = hook.url if url is None else _checked_url(url)
        hook.events = hook.events if events is None else _checked_events(events, hook.channel)
        hook.save(update_fields=["name", "url", "events"])
    return hook


def webhook_enable(*, user: User, webhook_id: int) -> Webhook:
    """Switch it on, or try at once what failed or was put aside; it goes on from where it was. From now on it is this
    person's hook.

    NOT_AUTHORISED for who may not read what it hears.
    """
    with write():
        hook = _locked_heard(user, webhook_id)
        if not hook.enabled:
            _require_room()
        hook.enabled, hook.disabled_reason, hook.created_by = True, "", user
        hook.failures, hook.failing_since, hook.next_attempt_at = 0, None, timezone.now()
        hook.save(
            update_fields=["enabled", "disabled_reason", "created_by", "failures", "failing_since", "next_attempt_at"]
        )
        hook.dead_letters.update(attempts=0, created_at=hook.next_attempt_at, next_attempt_at=hook.next_attempt_at)
    return hook


def webhook_disable(*, user: User, webhook_id: int) -> Webhook:
    """Switch it off; it keeps its place in the log."""
    with write():
        hook = _locked(user, webhook_id)
        hook.enabled, hook.disabled_reason = False, ""
        hook.save(update_fields=["enabled", "disabled_reason"])
    return hook


def webhook_renew_secret(*, user: User, webhook_id: int) -> str:
    """Another secret, by which everything is signed from now on. NOT_AUTHORISED as for a change."""
    with write():
        hook = _locked_heard(user, webhook_id)
        hook.secret = secrets.token_urlsafe(32)
        hook.save(update_fields=["secret"])
    return hook.secret


def webhook_replay(*, user: User, webhook_id: int, position: int) -> Webhook:
    """Tell it again of everything after a position, or leave out what lies before one."""
    with write():
        hook = _locked(user, webhook_id)
        if not 0 <= position <= log.head():
            raise ChatError(errors.ILLEGAL_PARAMETER, "The log has no such position.", field="position")
        hook.position = position
        # Who delivers at this moment loses the hook, and cannot move the position on from where it was.
        hook.leased_by, hook.leased_until = "", None
        hook.save(update_fields=["position", "leased_by", "leased_until"])
        # What was put aside beyond comes again in its turn.
        hook.dead_letters.filter(position__gt=position).delete()
    return hook


def webhook_delete(*, user: User, webhook_id: int) -> None:
    """Take it away, with the log of its deliveries."""
    with write():
        _locked(user, webhook_id).delete()


def _locked(user: User, webhook_id: int) -> Webhook:
    """A hook that the person manages, locked; NO_DATA for any other."""
    return (
        Webhook.objects.select_for_update(no_key=True, of=("self",))
        .select_related("channel")
        .get(pk=webhook_of(user, webhook_id).pk)
    )


def _locked_heard(user: User, webhook_id: int) -> Webhook:
    """The same, if the person may read what it hears: who manages all hooks must not turn one towards themselves."""
    hook = _locked(user, webhook_id)
    if not hook_selectors.may_hear(user, hook.channel):
        raise ChatError(errors.NOT_AUTHORISED, "You may not read what this webhook hears.")
    return hook


def _require_room() -> None:
    limit = settings.IM_WEBHOOKS
    if Webhook.objects.filter(enabled=True).count() >= limit:
        raise ChatError(errors.TOO_MUCH, f"At most {limit} webhooks may be switched on.", limit=limit)


def _checked_name(name: str) -> str:
    try:
        return check_name(name, limit=NAME_LIMIT)
    except BadName as error:
        raise ChatError(errors.ILLEGAL_PARAMETER, str(error), field="name") from error


def _checked_url(url: str) -> str:
    if len(url) > URL_LIMIT or not url.isprintable():
        raise ChatError(errors.ILLEGAL_PARAMETER, f"A URL has at most {URL_LIMIT} characters.", field="url")
    try:
        check_url(url)
    except UrlNotAllowed as refusal:
        raise ChatError(errors.ILLEGAL_PARAMETER, str(refusal), field="url") from refusal
    return url


def _checked_events(events: Iterable[str], channel: Channel | None) -> str:
    wanted = set(events)
    known = [name for name in SUBSCRIPTIONS if name in wanted]
    if not known or len(known) < len(wanted):
        names = ", ".join(SUBSCRIPTIONS)
        raise ChatError(errors.ILLEGAL_PARAMETER, f"A webhook hears one or more of: {names}.", field="events")
    if channel is not None and wanted & _WITHOUT_CHANNEL:
        raise ChatError(
            errors.ILLEGAL_PARAMETER, "Who is online is heard only by a webhook of all channels.", field="events"
        )
    return ",".join(known)
