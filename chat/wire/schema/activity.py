"""Data of the events about what users are doing at the moment, and of answers to one user alone."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.wire.schema.objects import Id, Kind, Person, Shape, Time


class SlashAnswer(Shape, kw_only=True):
    """The answer of a service to your slash command, which only you see, or the reason why there is none."""

    target: Id
    threadId: Id | UnsetType = UNSET
    runId: Annotated[str, Meta(description="As in the reply to `slash.run`.")]
    command: Annotated[str, Meta(description="Without its slash.")]
    text: str
    by: Annotated[Person, Meta(description="The bot of the command.")]
    time: Time
    failure: Literal["timeout", "failed", "invalid", "refused", "busy"] | UnsetType = UNSET


class Typing(Shape, kw_only=True):
    target: Id
    threadId: Annotated[str, Meta(title="id", description="The thread that they answer in.")] | UnsetType = UNSET
    by: Person


class PresenceChanged(Shape, kw_only=True):
    """A user who is online and has become away, or has come back."""

    target: Annotated[str, Meta(title="id", description="The app's global channel.")]
    by: Person
    away: bool


class PresenceMode(Shape):
    """Your choice: to be shown as away, or as your pages report it."""

    presence: Literal["auto", "away"]


class AppPresence(Shape, rename={"from_": "from"}):
    """A user who came to an app or left it, with a sentence for clients that show it as a message."""

    target: Annotated[str, Meta(title="id", description="The app's global channel.")]
    type: str
    msg: str
    from_: str
    fromId: Id
    name: str
    avatar: str
    kind: Kind


class PersonOnApp(Person, kw_only=True):
    """A user, and the app that they came to or left."""

    appId: int
