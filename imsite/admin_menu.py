"""The admin's sidebar: what operators look after, each entry for those who may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse, reverse_lazy

_GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Chat",
        (
            ("Channels", "forum", "chat.channel"),
            ("Messages", "chat", "chat.message"),
            ("Announcements", "campaign", "chat.announcement"),
        ),
    ),
    (
        "Moderation",
        (
            ("Reports", "flag", "chat.report"),
            ("Mutes and bans", "block", "chat.restriction"),
        ),
    ),
    (
        "People",
        (
            ("Users", "person", "accounts.user"),
            ("Groups", "group", "auth.group"),
            ("Sign-in locks", "lock", "axes.accessattempt"),
        ),
    ),
    (
        "Systems",
        (
            ("Apps", "devices", "accounts.app"),
            ("Services", "smart_toy", "accounts.service"),
            ("Tokens", "key", "knox.authtoken"),
            ("Webhooks", "webhook", "chat.webhook"),
            ("Incoming webhooks", "input", "chat.incominghook"),
        ),
    ),
)
"""Title, icon and model. A model without pages has no entry."""


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _entry(title: str, icon: str, model: str) -> dict[str, Any] | None:
    app, name = model.split(".")
    try:
        link = reverse(f"admin:{app}_{name}_changelist")
    except NoReverseMatch:
        return None
    return {"title": title, "icon": icon, "link": link, "permission": _may(f"{app}.view_{name}")}


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, as unfold wants them."""
    overview = {"title": "Overview", "icon": "dashboard", "link": reverse_lazy("admin:index")}
    nodes = {
        "title": "Nodes",
        "icon": "dns",
        "link": reverse_lazy("admin_nodes"),
        "permission": _may("chat.view_state"),
    }
    record = _entry("Record of changes", "history", "admin.logentry")
    groups = [
        {"title": title, "items": [made for entry in entries if (made := _entry(*entry)) is not None]}
        for title, entries in _GROUPS
    ]
    return [{"items": [overview, nodes]}, *groups, {"title": "Record", "items": [record] if record else []}]
