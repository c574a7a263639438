"""Publishes profile changes to the user's own devices and to everyone who sees the user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from django.dispatch import Signal

from accounts.actions.friends import user_payload
from accounts.models import User
from chat.wire.schema.events import PERSON_CHANGED
from delivery import log, publish

profile_changed = Signal()
"""Sent in the transaction of a profile change. Receivers return the log entries that notify other users.

Arguments: `user`, the `body` of the event, and the ids `groups` (channels) and `people` (users) that the user had
until now.
"""


def publish_profile_change(
    user: User, *, others: bool = True, groups: Iterable[int] = (), people: Iterable[int] = ()
) -> None:
    """Notify the user's own devices and, with `others`, everyone who sees the user. Last step of a transaction.

    `groups` and `people` add channels that the user has left and users who knew them.
    """
    body = {"who": user_payload(user), "status": user.status_text}
    entries = [log.Entry(kind=PERSON_CHANGED.name, user_ids=(user.pk,), body=body)]
    if others:
        for _, added in profile_changed.send(User, user=user, body=body, groups=tuple(groups), people=tuple(people)):
            entries += cast(list[log.Entry], added)
    publish.after_commit(log.append(entries))
