"""Create and revoke the links by which users join a group."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from accounts.encryption import DecryptionError, decrypt, encrypt
from accounts.models import User
from chat import reasons
from chat.actions.channel import lock_managed_group
from chat.errors import ChatError
from chat.models import Channel, InviteLink
from chat.models.invites import usable_links
from delivery.db.transactions import write

TOKEN_BYTES = 16
_DAY_SECONDS = 86400


def token_digest(token: str) -> str:
    """Return the digest by which a link is found."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite_token(link: InviteLink) -> str | None:
    """Return the token of a link; None if it was encrypted with a key that the site does not have any more."""
    try:
        return decrypt(link.sealed_token)
    except DecryptionError:
        return None


def invite_create(
    *,
    user: User,
    channel_id: int,
    seconds: int | None = None,
    max_uses: int | None = None,
    needs_approval: bool = False,
) -> tuple[InviteLink, str]:
    """Create a link to a group that the caller manages; return it and its token.

    `seconds`: how long it is valid; None: IM_INVITE_DAYS, or IM_INVITE_MAX_DAYS if that is less; 0: without an end.
    `max_uses`: None: any number. Raise ChatError INVITE_LIFETIME or INVITE_LIMIT_REACHED.
    """
    longest = settings.IM_INVITE_MAX_DAYS
    if seconds is None:
        days = settings.IM_INVITE_DAYS
        seconds = (min(days or longest, longest) if longest else days) * _DAY_SECONDS
    if longest and not 0 < seconds <= longest * _DAY_SECONDS:
        raise ChatError(reasons.INVITE_LIFETIME, limit=longest, field="seconds")
    token, now = secrets.token_urlsafe(TOKEN_BYTES), timezone.now()
    with write():
        channel = lock_managed_group(user, channel_id).channel
        _delete_unusable(channel)
        if InviteLink.objects.filter(channel=channel).count() >= settings.IM_INVITES_PER_GROUP:
            raise ChatError(reasons.INVITE_LIMIT_REACHED, limit=settings.IM_INVITES_PER_GROUP)
        link = InviteLink.objects.create(
            channel=channel,
            created_by=user,
            token_digest=token_digest(token),
            sealed_token=encrypt(token),
            created_at=now,
            expires_at=now + timedelta(seconds=seconds) if seconds else None,
            max_uses=max_uses,
            needs_approval=needs_approval,
        )
    return link, token


def _delete_unusable(channel: Channel) -> None:
    usable = usable_links().values("pk")
    InviteLink.objects.filter(channel=channel).exclude(pk__in=usable).delete()


def invite_revoke(*, user: User, channel_id: int, invite_id: int) -> None:
    """Revoke a link of a group that the caller manages. Requests that came by it stay open.

    Raise ChatError INVITE_NOT_FOUND if the group has no such link.
    """
    with write():
        channel = lock_managed_group(user, channel_id).channel
        gone, _ = InviteLink.objects.filter(channel=channel, pk=invite_id).delete()
        if not gone:
            raise ChatError(reasons.INVITE_NOT_FOUND)


def invite_revoke_as_operator(*, invite_id: int) -> None:
    """Revoke a link of any group, as an operator."""
    with write():
        delete_links(InviteLink.objects.filter(pk=invite_id))


def delete_links(links: QuerySet[InviteLink]) -> None:
    """Delete links of any groups, in the open transaction, which has locked no rows of groups or events yet."""
    # A use of a link that is in progress adds a request that refers to it.
    groups = Channel.objects.select_for_update(no_key=True).filter(pk__in=links.values("channel")).order_by("pk")
    list(groups)
    links.delete()
