"""The slash commands of services that a user can call in a channel."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from chat.models import SlashCommand
from chat.selectors import Access


def commands_in(access: Access, app: int) -> QuerySet[SlashCommand]:
    """Return the enabled commands that work in this channel for users on this app, in the order of their names."""
    works_here = Q(channel=None) | Q(channel=access.channel)
    works_on_app = Q(app=None) | Q(app__number=app)
    found = SlashCommand.objects.filter(works_here, works_on_app, enabled=True, bot__is_active=True)
    return found.select_related("bot").order_by("name")


def all_commands() -> list[SlashCommand]:
    """Return all commands of services in the order of their names."""
    return list(SlashCommand.objects.select_related("bot", "app", "channel").order_by("name"))
