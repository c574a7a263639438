"""The admin's sidebar. An entry is shown to operators who may view its model."""

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
            (_("Files"), "attach_file", "chat.attachment"),
            (_("Scheduled messages"), "schedule_send", "chat.scheduledmessage"),
            (_("Announcements"), "campaign", "chat.announcement"),
            (_("Custom emoji"), "add_reaction", "chat.customemoji"),
        ),
    ),
    (
        _("Moderation"),
        (
            (_("Reports"), "flag", "chat.report"),
            (_("Mutes and bans"), "block", "chat.restriction"),
            (_("Invite links"), "link", "chat.invitelink"),
        ),
    ),
    (
        _("Users"),
        (
            (_("Users"), "person", "accounts.user"),
            (_("Groups"), "group", "auth.group"),
            (_("Sign-in locks"), "lock", "axes.accessattempt"),
        ),
    ),
    (
        _("Integrations"),
        (
            (_("Apps"), "devices", "accounts.app"),
            (_("Service accounts"), "smart_toy", "accounts.service"),
            (_("API tokens"), "key", "knox.authtoken"),
            (_("Webhooks"), "webhook", "chat.webhook"),
            (_("Incoming webhooks"), "input", "chat.incomingwebhook"),
            (_("Slash commands"), "terminal", "chat.slashcommand"),
        ),
    ),
)
"""Title, icon and model of each entry, in groups. A model without admin pages has no entry."""


def _permission_check(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _entry(title: Any, icon: str, model: str) -> dict[str, Any] | None:
    app, name = model.split(".")
    try:
        link = reverse(f"admin:{app}_{name}_changelist")
    except NoReverseMatch:
        return None
    return {"title": title, "icon": icon, "link": link, "permission": _permission_check(f"{app}.view_{name}")}


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the sidebar in unfold's format."""
    overview = {"title": _("Overview"), "icon": "dashboard", "link": reverse_lazy("admin:index")}
    nodes = {
        "title": _("Nodes"),
        "icon": "dns",
        "link": reverse_lazy("admin:nodes"),
        "permission": _permission_check("chat.view_state"),
    }
    audit_log = _entry(_("Audit log"), "history", "admin.logentry")
    groups = [
        {"title": title, "items": [item for entry in entries if (item := _entry(*entry)) is not None]}
        for title, entries in _GROUPS
    ]
    return [{"items": [overview, nodes]}, *groups, {"items": [audit_log] if audit_log else []}]
