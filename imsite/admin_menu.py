"""The admin's sidebar: what operators look after, each entry for those who may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

_GROUPS: tuple[tuple[Any, tuple[tuple[Any, str, str], ...]], ...] = (
    (
        _("Chat"),
        (
            (_("Channels"), "forum", "chat.channel"),
            (_("Messages"), "chat", "chat.message"),
            (_("Announcements"), "campaign", "chat.announcement"),
        ),
    ),
    (
        _("Moderation"),
        (
            (_("Reports"), "flag", "chat.report"),
            (_("Mutes and bans"), "block", "chat.restriction"),
        ),
    ),
    (
        _("People"),
        (
            (_("Users"), "person", "accounts.user"),
            (_("Groups"), "group", "auth.group"),
            (_("Sign-in locks"), "lock", "axes.accessattempt"),
        ),
    ),
    (
        _("Systems"),
        (
            (_("Apps"), "devices", "accounts.app"),
            (_("Services"), "smart_toy", "accounts.service"),
            (_("Tokens"), "key", "knox.authtoken"),
            (_("Webhooks"), "webhook", "chat.webhook"),
            (_("Incoming webhooks"), "input", "chat.incomingwebhook"),
        ),
    ),
)
"""Title, icon and model. A model without pages has no entry."""


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _entry(title: Any, icon: str, model: str) -> dict[str, Any] | None:
    app, name = model.split(".")
    try:
        link = reverse(f"admin:{app}_{name}_changelist")
    except NoReverseMatch:
        return None
    return {"title": title, "icon": icon, "link": link, "permission": _may(f"{app}.view_{name}")}


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, as unfold wants them."""
    overview = {"title": _("Overview"), "icon": "dashboard", "link": reverse_lazy("admin:index")}
    nodes = {
        "title": _("Nodes"),
        "icon": "dns",
        "link": reverse_lazy("admin_nodes"),
        "permission": _may("chat.view_state"),
    }
    record = _entry(_("Record of changes"), "history", "admin.logentry")
    groups = [
        {"title": title, "items": [made for entry in entries if (made := _entry(*entry)) is not None]}
        for title, entries in _GROUPS
    ]
    return [{"items": [overview, nodes]}, *groups, {"title": _("Record"), "items": [record] if record else []}]
