"""Favourite channels of users. All devices of a user show the same; nobody else learns of it."""

from __future__ import annotations

from accounts.models import User
from chat.models import StarredChannel
from chat.selectors import access_channel
from chat.wire.schema.events import CHANNEL_STARRED
from delivery import publish
from delivery.db.transactions import write
from delivery.hub.connection import Connection
from delivery.log import Entry


def channel_star(
    *, user: User, channel_id: int, starred: bool, app: int | None, connection: Connection | None = None
) -> None:
    """Make a channel one of the user's favourites, or no longer. The user's other connections get `channel.starred`."""
    access = access_channel(user, channel_id, app=app)
    with write():
        if starred:
            StarredChannel.objects.bulk_create(
                [StarredChannel(user=user, channel=access.channel)], ignore_conflicts=True
            )
        else:
            StarredChannel.objects.filter(user=user, channel=access.channel).delete()
    body = {"target": str(channel_id), "starred": starred}
    publish.push_transient(Entry(kind=CHANNEL_STARRED.name, user_ids=(user.pk,), body=body), connection)
