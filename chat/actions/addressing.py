"""Resolves the authors and destinations of messages from other systems, by name, in a fixed number of queries.

A call may have one message or a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from django.conf import settings

from accounts.models import User
from accounts.selectors.users import users_by_names
from chat import reasons, selectors
from chat.errors import ChatError
from delivery.idempotency import IdempotencyKey

SPEAK_FOR_OTHERS = "chat.speak_for_others"
"""The permission to send in another user's name."""


class Destination(NamedTuple):
    """The destination: a channel by its id, a user by name, or an app's channel by the app's number (`id`)."""

    kind: Literal["channel", "user", "app"]
    id: int = 0
    name: str = ""


class ForwardedMessage(NamedTuple):
    """A message to forward. `files`: keys of those of its files to forward without the text; empty: all of it."""

    channel: int
    id: int
    files: tuple[str, ...] = ()


class AddressedMessage(NamedTuple):
    """A message and its destinations.

    `author`: name of the user to send it as; empty: the caller. `everyone`: send it to the global channels of all apps
    as well. `attachments`: keys of the author's uploads; such a message has one destination.
    `thread`: the message whose thread it answers in; `thread_only`: the channel does not show it.
    `forward`: the message whose content it has, in place of a text.
    """

    destinations: tuple[Destination, ...]
    text: str
    type: str = "text"
    client_id: str | None = None
    author: str = ""
    everyone: bool = False
    idempotency_key: IdempotencyKey | None = None
    attachments: tuple[str, ...] = ()
    thread: int | None = None
    thread_only: bool = False
    forward: ForwardedMessage | None = None

    @property
    def is_fan_out(self) -> bool:
        """Return whether the message may be stored more than once, regardless of how many apps exist."""
        return self.everyone or len(self.destinations) > 1

    @property
    def has_one_destination(self) -> bool:
        return not self.everyone and len(self.destinations) == 1


@dataclass(frozen=True, slots=True)
class Directory:
    """The users and channels that the names and app numbers of a call refer to."""

    users: dict[str, User]
    app_channels: dict[int, int] = field(default_factory=dict)
    """Ids of the enabled apps' channels, by app number."""


def look_up(messages: Sequence[AddressedMessage]) -> Directory:
    """Read all destinations and authors of the messages at once."""
    names = {to.name for message in messages for to in message.destinations if to.kind == "user"}
    names |= {message.author for message in messages if message.author}
    app_channels: dict[int, int] = {}
    if any(message.everyone or any(to.kind == "app" for to in message.destinations) for message in messages):
        app_channels = {
            channel.app.number: channel.pk for channel in selectors.global_channels() if channel.app is not None
        }
    return Directory(users_by_names(names) if names else {}, app_channels)


def author_of(message: AddressedMessage, caller: User, directory: Directory, *, may_speak_for_others: bool) -> User:
    """Return the message's author: the caller, or another user if the caller may SPEAK_FOR_OTHERS.

    Raise ChatError PERMISSION_REQUIRED or USER_NOT_FOUND.
    """
    if not message.author:
        return caller
    if not may_speak_for_others:
        raise ChatError(reasons.PERMISSION_REQUIRED, permission=SPEAK_FOR_OTHERS)
    if message.author not in directory.users:
        raise ChatError(reasons.USER_NOT_FOUND, userId=message.author)
    return directory.users[message.author]


def destinations_of(message: AddressedMessage, directory: Directory) -> list[Destination]:
    """Return all destinations of the message, each once."""
    destinations = list(dict.fromkeys(message.destinations))
    if message.everyone:
        destinations += [Destination("app", number) for number in directory.app_channels]
    return destinations


def require_size(messages: int) -> None:
    """Raise ChatError TOO_MANY_MESSAGES if a call sends more messages than IM_API_MAX_MESSAGES."""
    limit = settings.IM_API_MAX_MESSAGES
    if messages > limit:
        raise ChatError(reasons.TOO_MANY_MESSAGES, limit=limit)
