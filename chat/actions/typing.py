"""Tells the others in a channel that a user is typing. Nothing is stored."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.selectors.contacts import blocked_pairs
from chat import payloads, rules
from chat.models import Channel
from chat.selectors import access_channel, access_message
from chat.selectors.memberships import has_more_members
from chat.selectors.presence import query_presence
from chat.sending.drafts import Draft
from chat.sending.load import load_unlocked
from chat.sending.permissions import Permissions
from chat.wire.schema.events import TYPING
from delivery import log, publish
from delivery.log import Entry


def typing_notify(*, user_id: int, channel_id: int, thread_id: int | None, app: int | None) -> bool:
    """Push `typing` to the others who can see that channel and have asked for it; return whether they may see it.

    Raise ChatError if the user may not send a message there. Users with a block between them are left out.
    """
    user = User.objects.get(pk=user_id)
    loaded = load_unlocked(user, channel_id)
    Permissions(loaded, log.now_ms()).authorize(Draft(user_id, channel_id, "", app=app))
    channel = loaded.channels[channel_id]
    assert isinstance(channel, Channel)
    if thread_id is not None:
        access_message(user, access_channel(user, channel_id, app=app), thread_id)
    if not user.shares_typing or _is_too_large(channel):
        return False
    body: dict[str, Any] = {"target": str(channel_id), "by": payloads.person(user)}
    if thread_id is not None:
        body["threadId"] = str(thread_id)
    hidden_from = blocked_pairs([user_id]).get(user_id, set())
    header = {**rules.private_route(channel.pair), "skip": [user_id, *sorted(hidden_from)]}
    publish.push_activity(Entry(kind=TYPING.name, channel=channel_id, header=header, body=body, time=log.now_ms()))
    return True


def _is_too_large(channel: Channel) -> bool:
    """Return whether the channel has more members, or an app more users online, than are told of it."""
    limit: int = settings.IM_TYPING_MAX_MEMBERS
    if limit == 0:
        return True
    if channel.app is not None:
        number = channel.app.number
        return query_presence(lambda presence: presence.count_online(number), 0) > limit
    return has_more_members(channel, limit)
