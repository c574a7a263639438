"""The admin's sidebar: what operators look after, each entry for those who may see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _entry(title: str, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may(f"{app}.view_{name}"),
    }


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, as unfold wants them."""
    overview = {"title": "Overview", "icon": "dashboard", "link": reverse_lazy("admin:index")}
    return [
        {"items": [overview]},
        {
            "title": "Chat",
            "items": [_entry("Channels", "forum", "chat.channel"), _entry("Messages", "chat", "chat.message")],
        },
        {
            "title": "People",
            "items": [
                _entry("Users", "person", "accounts.user"),
                _entry("Groups", "group", "auth.group"),
                _entry("Apps", "devices", "accounts.app"),
                _entry("Services", "smart_toy", "accounts.service"),
                _entry("Tokens", "key", "knox.authtoken"),
                _entry("Sign-in locks", "lock", "axes.accessattempt"),
            ],
        },
    ]
