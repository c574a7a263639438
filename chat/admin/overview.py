"""The first page of the admin: users online, message counts, open reports, and the health of all nodes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.admin.live_state import health_totals, node_rows, read_live_state
from chat.admin.queries import MAX_COUNT, count_messages_since, count_open_reports
from chat.admin.statistics import cached_statistics
from chat.admin.storage_use import cached_storage_use, largest_rows

MAX_NAMES = 30
"""Users online whose names are listed."""


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the page's context for its template; unfold calls it.

    Each part requires the permission to view its rows.
    """
    warnings: list[str] = []
    state = read_live_state(warnings)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = count_messages_since(midnight)
    users = sorted(state.users.items(), key=lambda user: user[1])[:MAX_NAMES] if state is not None else []
    has_perm = request.user.has_perm
    storage = cached_storage_use() if has_perm("chat.view_attachment") else None
    return context | {
        "title": _("Overview"),
        "warnings": warnings,
        "online": state,
        "nodes": node_rows(state),
        "users": users if has_perm("accounts.view_user") else [],
        "more": state.user_count - len(users) if state is not None else 0,
        "today": gettext("%(count)d or more") % {"count": today} if today == MAX_COUNT else str(today),
        "reports": count_open_reports() if has_perm("chat.view_report") else None,
        "statistics": cached_statistics() if has_perm("chat.view_channel") else None,
        "storage": storage,
        "largest": largest_rows(storage) if storage is not None else None,
        "health": health_totals(state),
    }
