"""Exports all data of one user as a ZIP of JSON and files, without data of others.

Of other users it contains only user names that the user sees anyway, such as those of friends and blocked users.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts import avatars
from accounts.models import User
from accounts.selectors.contacts import blocks_by, friendships
from accounts.selectors.external_users import external_ids
from accounts.selectors.second_factor import second_factors
from accounts.selectors.sign_in_methods import devices, oauth_links
from chat.actions.sidebar import sidebar_payload
from chat.export_files import ZipBuffer
from chat.export_messages import write_messages
from chat.models import (
    Announcement,
    ChannelPicture,
    CustomEmoji,
    IncomingWebhook,
    InviteLink,
    JoinRequest,
    MailDigest,
    Membership,
    Message,
    MessageMention,
    NotificationSetting,
    Pin,
    PushSubscription,
    ReactionUser,
    ReadMark,
    Report,
    Restriction,
    SavedMessage,
    ScheduledMessage,
    SlashCommand,
    StarredChannel,
    ThreadFollower,
    Webhook,
)
from chat.selectors.push import push_subscriptions_of
from chat.selectors.scheduled import scheduled_messages
from chat.selectors.sidebar import sidebar_of

_ROWS_PER_FETCH = 500


def export(user: User) -> Iterator[bytes]:
    """Yield the ZIP in pieces. Each step opens its own queries, so the steps may run in different threads."""
    sink = ZipBuffer()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _parts(user):
            archive.writestr(f"{name}.json", orjson.dumps(content, option=orjson.OPT_INDENT_2))
            yield sink.taken()
        if user.avatar and (path := avatars.path_of(user.avatar.removeprefix(avatars.URL_PREFIX))) is not None:
            archive.writestr("avatar.webp", path.read_bytes())
            yield sink.taken()
        for channel_id, picture in _owned_pictures(user):
            archive.writestr(f"group-pictures/{channel_id}.webp", picture)
            yield sink.taken()
        yield from write_messages(archive, sink, user)
    yield sink.taken()


def _parts(user: User) -> Iterator[tuple[str, Any]]:
    yield "profile", _profile(user)
    yield "people", _people(user)
    yield "memberships", [_membership(membership) for membership in _memberships(user)]
    yield "invites", _invites(user)
    yield "read-marks", [_mark(mark) for mark in ReadMark.objects.filter(user=user).order_by("channel")]
    yield "notifications", [_notifications(row) for row in _notification_settings(user)]
    favourites = StarredChannel.objects.filter(user=user).order_by("pk").values_list("channel", flat=True)
    yield "favourites", [{"channel": str(channel_id)} for channel_id in favourites]
    yield "sidebar", sidebar_payload(sidebar_of(user))
    yield "devices", [_device(device) for device in devices(user)]
    yield "push-subscriptions", [_push(row) for row in push_subscriptions_of(user)]
    yield "pins", [_pin(pin) for pin in Pin.objects.filter(pinned_by=user).order_by("pk")]
    yield "reactions", [_reaction(row) for row in _reactions(user)]
    yield "mentions", [_mention(row) for row in _mentions(user)]
    yield "saved", [_saved(row) for row in _saved_rows(user)]
    yield "scheduled", [_scheduled(row) for row in scheduled_messages(user)]
    yield "threads", [_thread(row) for row in ThreadFollower.objects.filter(user=user).order_by("pk")]
    # The reported user and message are data of others.
    yield "reports", [_report(report) for report in Report.objects.filter(reporter=user).order_by("pk")]
    yield "restrictions", [_restriction(row) for row in Restriction.objects.filter(user=user).order_by("pk")]
    yield "work", _work(user)


def _profile(user: User) -> dict[str, Any]:
    return {
        "id": str(user.pk),
        "userName": user.username,
        "nickname": user.nickname,
        "email": user.email,
        "phoneNumber": user.phone_number,
        "status": user.status_text,
        "language": user.language,
        "timeZone": user.time_zone,
        "sharesRead": user.shares_read,
        "sharesPresence": user.shares_presence,
        "sharesTyping": user.shares_typing,
        "previewsPrivateLinks": user.previews_private_links,
        "doNotDisturbUntil": _time(user.do_not_disturb_until),
        "isAway": user.is_away,
        "mailDigestHours": MailDigest.objects.filter(user=user).values_list("hours", flat=True).first() or 0,
        "joined": _time(user.date_joined),
        "lastSignIn": _time(user.last_login),
        "staff": user.is_staff,
        "roles": sorted(user.groups.values_list("name", flat=True)),
        "links": [
            {"provider": link.provider, "subject": link.uid, "since": _time(link.created)} for link in oauth_links(user)
        ],
        "secondFactor": _second_factor(user),
        "otherSystems": [
            {"service": row.service.username, "externalId": row.external_id, "since": _time(row.created_at)}
            for row in external_ids(user)
        ],
        "exported": _time(timezone.now()),
    }


def _second_factor(user: User) -> dict[str, Any]:
    """Return the user's second factors without their keys."""
    factors = second_factors(user)
    return {
        "on": user.has_second_factor,
        "appSince": _time(factors.app.created_at) if factors.app is not None else None,
        "passkeys": [
            {"name": row.name, "since": _time(row.created_at), "lastUsed": _time(row.last_used_at)}
            for row in factors.passkeys
        ],
        "recoveryCodesLeft": factors.recovery_codes,
    }


def _people(user: User) -> dict[str, Any]:
    known: dict[str, Any] = {"friends": [], "asking": [], "asked": [], "blocked": []}
    for friendship in friendships(user):
        is_asker = friendship.from_user_id == user.pk
        other = friendship.to_user if is_asker else friendship.from_user
        place = "friends" if friendship.accepted else "asked" if is_asker else "asking"
        known[place].append({"userName": other.public_name, "since": _time(friendship.created_at)})
    known["blocked"] = [
        {"userName": block.blocked.public_name, "since": _time(block.created_at)} for block in blocks_by(user)
    ]
    return known


def _work(user: User) -> dict[str, Any]:
    """Return what the user did as an operator, without the users concerned."""
    restricted = Restriction.objects.filter(created_by=user).order_by("pk")
    handled = Report.objects.filter(handled_by=user).order_by("pk")
    return {
        "announcements": [_announcement(row) for row in Announcement.objects.filter(created_by=user).order_by("pk")],
        "restrictions": [_restriction(row) for row in restricted],
        "reports": [{"state": row.state, "time": _time(row.handled_at)} for row in handled],
        "recalls": Message.objects.filter(recalled_by=user).exclude(sender=user).count(),
        # Without the URLs, which may be secrets of the site.
        "webhooks": [row.name for row in Webhook.objects.filter(created_by=user).order_by("pk")],
        "incomingWebhooks": [
            {"name": row.name, "channel": str(row.channel_id), "since": _time(row.created_at)}
            for row in IncomingWebhook.objects.filter(created_by=user).order_by("pk")
        ],
        "slashCommands": [row.name for row in SlashCommand.objects.filter(created_by=user).order_by("pk")],
        "customEmoji": list(CustomEmoji.objects.filter(created_by=user).order_by("pk").values_list("name", flat=True)),
        "adminActions": [
            {"on": row.content_type.model if row.content_type else "", "time": _time(row.action_time)}
            for row in LogEntry.objects.filter(user=user).select_related("content_type").order_by("pk")
        ],
    }


def _announcement(row: Announcement) -> dict[str, Any]:
    return {"text": row.text, "due": _time(row.due_at), "sent": _time(row.sent_at), "cancelled": row.cancelled}


def _mark(mark: ReadMark) -> dict[str, Any]:
    return {
        "channel": str(mark.channel_id),
        "seq": mark.seq,
        "unreadAfter": mark.unread_after,
        "lastSaid": mark.last_sent_at,
    }


def _notification_settings(user: User) -> Iterator[NotificationSetting]:
    return NotificationSetting.objects.filter(user=user).order_by("pk").iterator(_ROWS_PER_FETCH)


def _notifications(row: NotificationSetting) -> dict[str, Any]:
    return {"channel": str(row.channel_id), "level": row.level, "muted": row.muted}


def _reactions(user: User) -> Iterator[ReactionUser]:
    rows = ReactionUser.objects.filter(user=user).select_related("reaction").order_by("pk")
    return rows.iterator(_ROWS_PER_FETCH)


def _reaction(row: ReactionUser) -> dict[str, Any]:
    return {"message": str(row.reaction.message_id), "emoji": row.reaction.emoji, "time": row.time}


def _mentions(user: User) -> Iterator[MessageMention]:
    return MessageMention.objects.filter(user=user).order_by("message").iterator(_ROWS_PER_FETCH)


def _mention(row: MessageMention) -> dict[str, Any]:
    return {"channel": str(row.channel_id), "message": str(row.message_id)}


def _pin(pin: Pin) -> dict[str, Any]:
    return {"channel": str(pin.channel_id), "message": str(pin.message_id), "time": pin.pinned_at}


def _memberships(user: User) -> Iterator[Membership]:
    return Membership.objects.filter(user=user).select_related("channel").order_by("pk").iterator(_ROWS_PER_FETCH)


def _membership(membership: Membership) -> dict[str, Any]:
    return {
        "channel": str(membership.channel_id),
        "kind": membership.channel.kind,
        "name": membership.channel.name,
        "role": membership.role,
        "fromSeq": membership.from_seq,
        "untilSeq": membership.until_seq,
    }


def _owned_pictures(user: User) -> Iterator[tuple[int, bytes]]:
    """Yield the pictures of the groups that the user owns, with the groups' ids."""
    owned = Membership.objects.filter(user=user, until_position=None, role=Membership.Role.OWNER)
    for row in ChannelPicture.objects.filter(channel__in=owned.values("channel")).order_by("channel").iterator(10):
        yield row.channel_id, bytes(row.content)


def _invites(user: User) -> dict[str, Any]:
    """Return the links that the user made, without their tokens, and the user's open requests to join groups."""
    links, requests = InviteLink.objects.filter(created_by=user), JoinRequest.objects.filter(user=user)
    return {
        "links": [
            {"channel": str(row.channel_id), "since": _time(row.created_at), "until": _time(row.expires_at)}
            for row in links.order_by("pk")
        ],
        "requests": [
            {"channel": str(row.channel_id), "since": _time(row.created_at)} for row in requests.order_by("pk")
        ],
    }


def _device(device: Any) -> dict[str, Any]:
    return {
        "kind": device.kind,
        "name": device.name,
        "app": device.app.number if device.app is not None else None,
        "address": device.address,
        "since": _time(device.created_at),
        "lastSeen": _time(device.last_seen_at),
    }


def _saved_rows(user: User) -> Iterator[SavedMessage]:
    rows = SavedMessage.objects.filter(user=user).select_related("message").order_by("pk")
    return rows.iterator(_ROWS_PER_FETCH)


def _saved(row: SavedMessage) -> dict[str, Any]:
    return {"channel": str(row.message.channel_id), "message": str(row.message_id), "time": row.saved_at}


def _push(row: PushSubscription) -> dict[str, Any]:
    """Return what a browser is notified of, without its keys."""
    kinds = [kind for kind in ("direct", "mentions", "threads", "everything") if getattr(row, kind)]
    return {
        "device": row.device.name,
        "kinds": kinds,
        "showsText": row.shows_text,
        "since": _time(row.created_at),
        "lastNotification": _time(row.succeeded_at),
    }


def _scheduled(row: ScheduledMessage) -> dict[str, Any]:
    return {"channel": str(row.channel_id), "text": row.text, "due": row.due_at, "state": row.state}


def _thread(row: ThreadFollower) -> dict[str, Any]:
    return {"message": str(row.thread_id), "follows": row.follows, "readSeq": row.read_seq}


def _report(report: Report) -> dict[str, Any]:
    return {
        "message": str(report.message_id),
        "reason": report.reason,
        "state": report.state,
        "time": _time(report.created_at),
    }


def _restriction(row: Restriction) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "channel": None if row.channel_id is None else str(row.channel_id),
        "until": _time(row.until),
        "reason": row.reason,
        "since": _time(row.created_at),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
