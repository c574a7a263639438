"""Operators in the admin: browsers that are signed in there, and what they tick."""

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
"""Text of an attacker who hopes that a page runs it."""


def admin_browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def staff_browser(*rights: str) -> Client:
    """The browser of somebody who may enter the admin, with these rights."""
    user = User.objects.create_user("stan", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return admin_browser(user)


def send_message(sender: User, channel: Channel, text: str) -> Message:
    stored = message_send_now(message_draft(sender=sender.pk, channel=channel.pk, text=text))
    return Message.objects.get(pk=stored.id)


def run_admin_action(client: Client, url: str, action: str, *rows: Any, **more: Any) -> Any:
    """Tick rows of a list and run an action, as the form does; the response at the end."""
    numbers = [row.pk for row in rows]
    return client.post(url, {"action": action, "_selected_action": numbers, "select_across": 0, **more}, follow=True)


def event_kinds(channel: Channel) -> list[str]:
    """Return the channel's events, oldest first."""
    return list(Event.objects.filter(channel=channel.pk).order_by("position").values_list("kind", flat=True))


def found_texts(client: Client, term: str) -> list[str]:
    """Return the rows that the message list shows for a search."""
    return [row.text for row in client.get(MESSAGES, {"q": term}).context["cl"].result_list]
