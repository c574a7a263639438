"""Arrange the user's list of channels. The arrangement holds on all devices of the user; nobody else learns of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.names import BadName, check_name, name_key
from chat import reasons
from chat.account_errors import chat_error
from chat.errors import ChatError
from chat.models import Sidebar
from chat.selectors.sidebar import listed_ids
from chat.wire.schema.events import SIDEBAR_CHANGED
from delivery import publish
from delivery.db.transactions import write
from delivery.hub.connection import Connection
from delivery.log import Entry


def sidebar_change(
    *,
    user: User,
    revision: int,
    sort: str | None = None,
    sections: Sequence[tuple[str, Sequence[int]]] | None = None,
    connection: Connection | None = None,
) -> Sidebar:
    """Replace the order, the sections (their names and channels), or both; None leaves them as they are.

    Channels that the user does not have are left out. The user's other connections get `sidebar.changed`. Raise
    ChatError SIDEBAR_CHANGED if the arrangement has another revision by now.
    """
    checked = None if sections is None else _checked_sections(user, sections)
    with write():
        Sidebar.objects.bulk_create([Sidebar(user=user)], ignore_conflicts=True)
        sidebar = Sidebar.objects.select_for_update(no_key=True).get(user=user)
        if sidebar.revision != revision:
            raise ChatError(reasons.SIDEBAR_CHANGED, revision=sidebar.revision)
        sidebar.revision += 1
        if sort is not None:
            sidebar.sort = sort
        if checked is not None:
            sidebar.sections = checked
        sidebar.save(update_fields=["revision", "sort", "sections"])
    body = sidebar_payload(sidebar)
    publish.push_transient(Entry(kind=SIDEBAR_CHANGED.name, user_ids=(user.pk,), body=body), connection)
    return sidebar


def sidebar_payload(sidebar: Sidebar) -> dict[str, Any]:
    """Return a `SidebarArrangement`."""
    sections = [{"name": one["name"], "channels": list(map(str, one["channels"]))} for one in sidebar.sections]
    return {"revision": sidebar.revision, "sort": sidebar.sort, "sections": sections}


def _checked_sections(user: User, sections: Sequence[tuple[str, Sequence[int]]]) -> list[dict[str, Any]]:
    """Return the sections as they are stored. Raise ChatError for a name, or a number, that is not allowed."""
    limit = settings.IM_MAX_SECTIONS_PER_USER
    if len(sections) > limit:
        raise ChatError(reasons.SECTION_LIMIT_REACHED, limit=limit)
    names = [_checked_name(name) for name, _ in sections]
    if len(set(map(name_key, names))) < len(names):
        raise ChatError(reasons.SECTION_NAME_TAKEN, field="name")
    ids = list(dict.fromkeys(channel_id for _, channel_ids in sections for channel_id in channel_ids))
    limit = settings.IM_MAX_CHANNELS_IN_SECTIONS
    if len(ids) > limit:
        raise ChatError(reasons.SECTION_CHANNEL_LIMIT_REACHED, limit=limit)
    free = listed_ids(user, ids)
    checked = []
    for name, (_, channel_ids) in zip(names, sections, strict=True):
        own = [channel_id for channel_id in dict.fromkeys(channel_ids) if channel_id in free]
        free.difference_update(own)
        checked.append({"name": name, "channels": own})
    return checked


def _checked_name(name: str) -> str:
    try:
        return check_name(name, limit=settings.IM_SECTION_NAME_MAX_LENGTH)
    except BadName as error:
        raise chat_error(error, field="name") from error
