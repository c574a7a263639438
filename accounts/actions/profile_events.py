"""A person is shown otherwise than before: told to their own pages, and to those who see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from django.dispatch import Signal

from accounts.actions.friends import user_payload
from accounts.models import User
from chat.wire.schema.events import PERSON_CHANGED
from delivery import log, publish

profile_changed = Signal()
"""Asks, in the transaction of the change, who else must hear of it. Sent with `user`, the `body` of the event, and
ids of `groups` and `people` that the person had until now; a receiver gives entries, appended with the rest."""


def publish_profile_change(
    user: User, *, others: bool = True, groups: Iterable[int] = (), people: Iterable[int] = ()
) -> None:
    """Let the person's own pages hear of it and, with `others`, whoever sees them; last in an action's transaction.

    Those in `groups` too, where the person is no longer, and `people` who knew them.
    """
    body = {"who": user_payload(user), "status": user.status_text}
    entries = [log.Entry(kind=PERSON_CHANGED.name, user_ids=(user.pk,), body=body)]
    if others:
        for _, more in profile_changed.send(User, user=user, body=body, groups=tuple(groups), people=tuple(people)):
            entries += cast(list[log.Entry], more)
    publish.after_commit(log.append(entries))
