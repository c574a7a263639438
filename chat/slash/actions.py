"""Actions of operators: register slash commands of services, enable, disable and delete them."""

from __future__ import annotations

import secrets

from django.conf import settings

from accounts.actions import service_create
from accounts.models import App, User
from accounts.names import BadName, check_name
from chat import reasons
from chat.account_errors import chat_error
from chat.actions.channel import lock_users
from chat.actions.member import start_memberships
from chat.errors import ChatError
from chat.models import Channel, SlashCommand
from chat.models.slash import NAME_LIMIT
from chat.slash.builtin import BUILT_IN
from chat.slash.parser import is_name, normalize_name
from chat.webhooks.outgoing.actions import checked_url
from delivery import log
from delivery.db.transactions import write

DESCRIPTION_LIMIT = 200
HINT_LIMIT = 100


def slash_command_create(
    *,
    creator: User,
    name: str,
    description: str,
    url: str,
    hint: str = "",
    app: App | None = None,
    channel_id: int | None = None,
) -> tuple[SlashCommand, str]:
    """Register a command. Return it with the secret that signs its requests, which is shown only once.

    A new bot of this name posts its answers. With a group as its only channel, the bot joins the group; in other groups
    it can post once a member has invited it. Raise ChatError SLASH_NAME_INVALID, SLASH_NAME_TAKEN, and
    CHANNEL_NOT_FOUND for a private channel.
    """
    form = normalize_name(name.strip())
    if len(form) > NAME_LIMIT or not is_name(form):
        raise ChatError(reasons.SLASH_NAME_INVALID, limit=NAME_LIMIT, field="name")
    if form in BUILT_IN:
        raise ChatError(reasons.SLASH_NAME_TAKEN, name=form, field="name")
    command = SlashCommand(
        name=form,
        description=_checked_line(description, DESCRIPTION_LIMIT),
        hint=_checked_line(hint, HINT_LIMIT) if hint.strip() else "",
        url=checked_url(url),
        secret=secrets.token_urlsafe(32),
        app=app,
        created_by=creator,
        created_at=log.now_ms(),
    )
    with write():
        lock_users([creator])
        if SlashCommand.objects.filter(name=form).exists():
            raise ChatError(reasons.SLASH_NAME_TAKEN, name=form, field="name")
        _require_room()
        command.bot = service_create(username=f"slash-{secrets.token_hex(6)}", nickname=form)
        if channel_id is not None:
            command.channel = _channel(channel_id)
        command.save()
        if command.channel is not None and command.channel.kind == Channel.Kind.PUBLIC:
            start_memberships(command.channel, [command.bot], by=creator, note="invited")
    return command, command.secret


def slash_command_update(*, command_id: int, description: str, url: str, hint: str) -> SlashCommand:
    """Change what users see of a command, and its URL."""
    with write():
        command = _lock(command_id)
        command.description = _checked_line(description, DESCRIPTION_LIMIT)
        command.hint = _checked_line(hint, HINT_LIMIT) if hint.strip() else ""
        command.url = checked_url(url)
        command.save(update_fields=["description", "hint", "url"])
    return command


def slash_command_enable(*, command_id: int) -> None:
    with write():
        command = _lock(command_id)
        if not command.enabled:
            _require_room()
        command.enabled = True
        command.save(update_fields=["enabled"])


def slash_command_disable(*, command_id: int) -> None:
    """Disable a command: users cannot call it, and its response URLs end."""
    with write():
        command = _lock(command_id)
        command.enabled = False
        command.save(update_fields=["enabled"])


def slash_command_rotate_secret(*, command_id: int) -> str:
    """Replace the secret that signs requests; return the new one."""
    with write():
        command = _lock(command_id)
        command.secret = secrets.token_urlsafe(32)
        command.save(update_fields=["secret"])
    return command.secret


def slash_command_delete(*, command_id: int) -> None:
    """Delete a command. The messages of its bot stay."""
    with write():
        _lock(command_id).delete()


def _lock(command_id: int) -> SlashCommand:
    return SlashCommand.objects.select_for_update(no_key=True, of=("self",)).get(pk=command_id)


def _require_room() -> None:
    limit = settings.IM_MAX_SLASH_COMMANDS
    if SlashCommand.objects.filter(enabled=True).count() >= limit:
        raise ChatError(reasons.SLASH_LIMIT_REACHED, limit=limit)


def _channel(channel_id: int) -> Channel:
    channel = Channel.objects.select_for_update(no_key=True).filter(pk=channel_id).first()
    if channel is None or channel.kind == Channel.Kind.PRIVATE:
        raise ChatError(reasons.CHANNEL_NOT_FOUND)
    return channel


def _checked_line(text: str, limit: int) -> str:
    try:
        return check_name(" ".join(text.split()), limit=limit)
    except BadName as error:
        raise chat_error(error) from error
