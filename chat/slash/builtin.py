"""The site's own slash commands. Each calls the action of an existing command, whose rules decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.selectors.away import is_set_away
from chat import payloads, reasons
from chat.actions import member, moderation
from chat.actions.away import presence_set
from chat.actions.channel import channel_rename
from chat.actions.channel_settings import channel_update_settings
from chat.actions.do_not_disturb import do_not_disturb_set
from chat.actions.message import message_draft, message_draft_action
from chat.errors import ChatError
from chat.sending.drafts import Draft
from chat.slash.call import SlashCall, SlashNote
from chat.slash.parser import parse_duration, parse_names

OFF = ("off", "关", "关闭")


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A command of the site. `run` returns a note for the caller, or a message to send in the caller's name."""

    name: str
    hint: str
    about: str
    run: Callable[[SlashCall], SlashNote | Draft]
    guests: bool = False
    groups_only: bool = False


def _me(call: SlashCall) -> Draft:
    return message_draft_action(text=_required(call), **_place(call))


def _shrug(call: SlashCall) -> Draft:
    return message_draft(text=f"{call.arguments} ¯\\_(ツ)_/¯".lstrip(), **_place(call))


def _place(call: SlashCall) -> dict[str, Any]:
    return {
        "sender": call.user.pk,
        "channel": call.channel_id,
        "client_id": call.client_id,
        "thread": call.thread_id,
        "thread_only": call.thread_id is not None,
        "app": call.app,
    }


def _topic(call: SlashCall) -> SlashNote:
    channel_update_settings(user=call.user, channel_id=call.channel_id, topic=call.arguments)
    return SlashNote()


def _rename(call: SlashCall) -> SlashNote:
    channel_rename(user=call.user, channel_id=call.channel_id, name=_required(call))
    return SlashNote()


def _invite(call: SlashCall) -> SlashNote:
    names = parse_names(_required(call))
    added = member.member_invite(user=call.user, channel_id=call.channel_id, names=names)
    return SlashNote() if added else SlashNote("invited_nobody", "They are members already.")


def _mute(call: SlashCall) -> SlashNote:
    """Mute a user for a time, until the mute is lifted, or lift it."""
    name, *rest = parse_names(_required(call))
    when = " ".join(rest)
    place: dict[str, Any] = {"user": call.user, "channel_id": call.channel_id, "name": name, "kind": "mute"}
    if when.lower() in OFF:
        moderation.member_unrestrict(**place)
        return SlashNote("unmuted", f"{name} can write here again.", name)
    until = _end_of(when, call) if when else None
    moderation.member_restrict(until=until, **place)
    if until is None:
        return SlashNote("muted", f"{name} cannot write here any more.", name)
    return SlashNote("muted_until", f"{name} cannot write here until {_shown(until)}.", name, _ms(until))


def _dnd(call: SlashCall) -> SlashNote:
    until = None if _required(call).lower() in OFF else _end_of(call.arguments, call)
    do_not_disturb_set(user=call.user, until=until)
    if until is None:
        return SlashNote("dnd_off", "Do not disturb is off.")
    return SlashNote("dnd", f"Do not disturb until {_shown(until)}.", until=_ms(until))


def _away(call: SlashCall) -> SlashNote:
    """Show the user as away until the next call, which ends it."""
    is_away = call.arguments.lower() not in OFF and not is_set_away(call.user.pk)
    presence_set(user=call.user, is_away=is_away)
    return SlashNote("away", "You are shown as away.") if is_away else SlashNote("away_off", "You are no longer away.")


def _leave(call: SlashCall) -> SlashNote:
    member.member_leave(user=call.user, channel_id=call.channel_id)
    return SlashNote()


def _help(call: SlashCall) -> SlashNote:
    # Its text lists commands of services too, so `chat.slash.runs` makes it.
    return SlashNote("help")


def usage_error(name: str, hint: str) -> ChatError:
    """Return the refusal of a command without its arguments, or with others."""
    return ChatError(reasons.SLASH_USAGE, usage=f"/{name} {hint}".rstrip())


def _required(call: SlashCall) -> str:
    """Return the arguments. Raise ChatError SLASH_USAGE if there are none."""
    if not call.arguments:
        raise usage_error(call.name, BUILT_IN[call.name].hint)
    return call.arguments


def _end_of(text: str, call: SlashCall) -> datetime:
    seconds = parse_duration(text)
    if seconds is None:
        raise usage_error(call.name, BUILT_IN[call.name].hint)
    return timezone.now() + timedelta(seconds=seconds)


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _ms(moment: datetime) -> int:
    return payloads.milliseconds(moment)


BUILT_IN = {
    command.name: command
    for command in (
        BuiltIn("me", "<action>", "Say what you are doing, such as “/me waves”.", _me, guests=True),
        BuiltIn("shrug", "[text]", "Send your text with ¯\\_(ツ)_/¯ after it.", _shrug, guests=True),
        BuiltIn("topic", "[text]", "Set the topic of this group, or remove it.", _topic, groups_only=True),
        BuiltIn("rename", "<name>", "Rename this group.", _rename, groups_only=True),
        BuiltIn("invite", "@user …", "Add users to this group.", _invite, groups_only=True),
        BuiltIn("mute", "@user [1h30m | off]", "Stop a user from writing in this group.", _mute, groups_only=True),
        BuiltIn("leave", "", "Leave this group.", _leave, groups_only=True),
        BuiltIn("dnd", "<30m | 1h | 2d | off>", "Do not be disturbed for a while.", _dnd),
        BuiltIn("away", "[off]", "Be shown as away, or end that.", _away),
        BuiltIn("help", "", "List the commands that work here.", _help, guests=True),
    )
}
"""By name, in the order in which they are listed."""
