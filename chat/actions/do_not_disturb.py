"""A user's time without disturbance. It is stored with the user; the user's own clients hear of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.actions.do_not_disturb import do_not_disturb_store
from accounts.models import User
from chat.payloads import milliseconds
from chat.wire.schema.events import DND_CHANGED
from delivery import publish
from delivery.log import Entry


def do_not_disturb_set(*, user: User, until: datetime | None) -> None:
    """Ask for no disturbance until then; None ends it. All connections of the user get `dnd.changed`."""
    do_not_disturb_store(user_id=user.pk, until=until)
    user.do_not_disturb_until = until
    publish.push_transient(Entry(kind=DND_CHANGED.name, user_ids=(user.pk,), body=do_not_disturb_payload(until)))


def do_not_disturb_payload(until: datetime | None) -> dict[str, Any]:
    """Return a `DoNotDisturb`: a time that is over counts as none."""
    return {"until": milliseconds(until)} if until is not None and until > timezone.now() else {}
