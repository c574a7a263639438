"""Operators in the admin: signed-in browsers, and submitting admin actions."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from chat.actions.message import message_draft, message_send_now
from chat.models import Channel, Message
from delivery.models import Event

CHANNELS, MESSAGES = "/admin/chat/channel/", "/admin/chat/message/"
SCRIPT = "<script>alert(1)</script>"
"""Text of an attack that a page must not run as a script."""


def admin_browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def staff_browser(*rights: str) -> Client:
    """Return the browser of a staff user with these permissions."""
    user = User.objects.create_user("stan", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return admin_browser(user)


def send_message(sender: User, channel: Channel, text: str) -> Message:
    stored = message_send_now(message_draft(sender=sender.pk, channel=channel.pk, text=text))
    return Message.objects.get(pk=stored.id)


def run_admin_action(client: Client, url: str, action: str, *rows: Any, **more: Any) -> Any:
    """Select rows of a list and run an action, as the form does; return the final response."""
    numbers = [row.pk for row in rows]
    return client.post(url, {"action": action, "_selected_action": numbers, "select_across": 0, **more}, follow=True)


def event_kinds(channel: Channel) -> list[str]:
    """Return the kinds of the channel's events, oldest first."""
    return list(Event.objects.filter(channel=channel.pk).order_by("position").values_list("kind", flat=True))


def found_texts(client: Client, term: str) -> list[str]:
    """Return the texts of the rows that the message list shows for a search."""
    return [row.text for row in client.get(MESSAGES, {"q": term}).context["cl"].result_list]
