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

Arguments: `user`, the `body` of the event, and the `group_ids` and `known_user_ids` that the user had
until now.
"""


def publish_profile_change(
    user: User, *, others: bool = True, group_ids: Iterable[int] = (), known_user_ids: Iterable[int] = ()
) -> None:
    """Notify the user's own devices and, if `others`, everyone who sees the user. Call it last in a transaction.

    `group_ids` and `known_user_ids` are recipients to add who no longer see the user: groups that the user has left,
    and former contacts.
    """
    activity = {} if user.is_active else {"active": False}
    body = {"who": user_payload(user) | activity, "status": user.status_text}
    entries = [log.Entry(kind=PERSON_CHANGED.name, user_ids=(user.pk,), body=body)]
    if others:
        for _, added in profile_changed.send(
            User, user=user, body=body, group_ids=tuple(group_ids), known_user_ids=tuple(known_user_ids)
        ):
            entries += cast(list[log.Entry], added)
    publish.after_commit(log.append(entries))
