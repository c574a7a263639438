"""Incoming webhooks: URLs through which another system posts into one channel, as a bot."""

from __future__ import annotations

import hashlib
import secrets

from django.db.models import QuerySet

from accounts.actions import service_create
from accounts.models import User
from accounts.names import BadName, check_nickname
from chat import reasons
from chat.account_errors import chat_error
from chat.actions.channel import lock_users
from chat.actions.member import start_memberships
from chat.actions.message import message_draft, message_send_now
from chat.errors import ChatError
from chat.models import Channel, IncomingWebhook
from chat.selectors import current_members
from chat.sending.drafts import StoredMessage
from chat.webhooks.incoming import last_use
from chat.webhooks.outgoing.selectors import MANAGE
from delivery.db.transactions import write


def secret_digest(secret: str) -> str:
    """Return the digest under which a secret is stored. The secret is long and random, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def incoming_webhook_create(*, creator: User, name: str, channel_id: int) -> tuple[IncomingWebhook, str]:
    """Create an incoming webhook for a group or global channel.

    Return it with the secret of its URL, which is shown only once. A new bot with the given name sends its messages and
    joins the group. Allowed for owners and admins of the group and for holders of `chat.manage_channels`. Raise
    ChatError CHANNEL_NOT_FOUND for a private channel or one that `creator` may not read.
    """
    try:
        check_nickname(name)
    except BadName as error:
        raise chat_error(error, field="name") from error
    secret = secrets.token_urlsafe(32)
    with write():
        lock_users([creator])
        bot = service_create(username=f"hook-{secrets.token_hex(6)}", nickname=name)
        channel = _lock_postable_channel(creator, channel_id)
        webhook = IncomingWebhook.objects.create(
            name=name, channel=channel, bot=bot, digest=secret_digest(secret), created_by=creator
        )
        if channel.kind == Channel.Kind.PUBLIC:
            start_memberships(channel, [bot], by=creator, note="invited")
    return webhook, secret


def incoming_webhook_enable(*, user: User, hook_id: int) -> None:
    """Enable an incoming webhook under its present URL. The caller becomes its creator, whose rights it depends on."""
    with write():
        _lock_managed(user, hook_id).update(enabled=True, created_by=user)


def incoming_webhook_disable(*, hook_id: int) -> None:
    """Disable an incoming webhook: its URL answers 404."""
    with write():
        IncomingWebhook.objects.filter(pk=hook_id).update(enabled=False)


def incoming_webhook_rotate_secret(*, user: User, hook_id: int) -> str:
    """Replace the secret; the old URL stops working. The caller becomes the creator, whose rights it depends on."""
    secret = secrets.token_urlsafe(32)
    with write():
        _lock_managed(user, hook_id).update(digest=secret_digest(secret), created_by=user)
    return secret


def incoming_webhook_post(*, webhook: IncomingWebhook, text: str, key: str = "") -> StoredMessage:
    """Store a message in the webhook's channel. A repeated idempotency key stores nothing and returns the first result.

    Raise ChatError as for any sender.
    """
    once = hashlib.sha256(f"{webhook.pk}:{key}".encode()).hexdigest() if key else None
    draft = message_draft(sender=webhook.bot_id, channel=webhook.channel_id, text=text, client_id=once)
    stored = message_send_now(draft)
    last_use.record_use(webhook)
    return stored


def _lock_managed(user: User, hook_id: int) -> QuerySet[IncomingWebhook]:
    """Lock and return the webhook. Only for users who could create it, because everyone with its URL can post."""
    lock_users([user])
    found = IncomingWebhook.objects.filter(pk=hook_id)
    _lock_postable_channel(user, found.values_list("channel", flat=True).first() or 0)
    return found


def _lock_postable_channel(creator: User, channel_id: int) -> Channel:
    """Lock and return the channel if `creator` may create an incoming webhook for it. Raise ChatError otherwise."""
    channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
    if channel is None or channel.kind == Channel.Kind.PRIVATE:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    if creator.has_perm(MANAGE):
        return channel
    role = current_members(channel).filter(user=creator).values_list("role", flat=True).first()
    if role is None:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    if role == "member":
        raise ChatError(reasons.MANAGER_REQUIRED)
    return channel
