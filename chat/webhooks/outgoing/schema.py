"""What receivers of webhooks get, for the OpenAPI document; tests hold what is sent against it.

Nothing is built of these classes: `chat.webhooks.outgoing.payloads` makes plain dicts of the log's entries.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chat.wire.schema.objects import Id, Message, Person, Position, Shape, Time
from chat.wire.schema.pushes import MessageEdited, MessageRecalled


class Event(Shape, tag_field="event"):
    """Something that happened. `position` grows; who gets one again has had it."""

    position: Position
    time: Time
    late: Annotated[bool, Meta(description="It was refused before, and others have passed it by.")] | UnsetType = UNSET


class Sent(Event, kw_only=True, tag="message.sent"):
    data: Message


class Edited(Event, kw_only=True, tag="message.edited"):
    data: MessageEdited


class Recalled(Event, kw_only=True, tag="message.recalled"):
    data: MessageRecalled


class Membership(Shape):
    """`by`: who did it, maybe one of them."""

    target: Annotated[str, Meta(description="The group's id.")]
    who: list[Person]
    by: Person


class Joined(Event, kw_only=True, tag="member.joined"):
    data: Membership


class Left(Event, kw_only=True, tag="member.left"):
    data: Membership


class PersonOnApp(Person, kw_only=True):
    """Somebody, and on which app."""

    appId: int


class Online(Event, kw_only=True, tag="person.online"):
    data: PersonOnApp


class Offline(Event, kw_only=True, tag="person.offline"):
    data: PersonOnApp


class Nothing(Shape):
    """No more is to be said."""


class Reset(Event, kw_only=True, tag="presence.reset"):
    """The site has started and takes nobody for online; who is, follows."""

    data: Nothing


class Ping(Event, kw_only=True, tag="ping"):
    """A test."""

    data: Nothing


class Batch(Shape):
    """What one request brings, in order."""

    webhook: Annotated[Id, Meta(description="Which of the receiver's webhooks it is.")]
    events: list[Sent | Edited | Recalled | Joined | Left | Online | Offline | Reset | Ping]
