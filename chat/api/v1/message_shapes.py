"""Shapes of a message that another system sends, and of its outcome at each destination."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chat.api.v1.schema import SHOWN_MARKUP, AppNumber, Count, Id, Position, Problem, Shape, UserName

MAX_USERS_PER_MESSAGE = 1000
"""Users that one message may name."""
MAX_MESSAGES_PER_CALL = 1000
"""Messages in one call."""
ONE_DESTINATION = {"minProperties": 1, "maxProperties": 1}


class Recipient(Shape, forbid_unknown_fields=True):
    """The destination of a message: exactly one of these fields."""

    channel: Annotated[Id, Meta(description="A channel that the sender may write to.")] | UnsetType = UNSET
    user: Annotated[UserName, Meta(description="A user: their private channel with the sender.")] | UnsetType = UNSET
    users: Annotated[list[UserName], Meta(min_length=1, max_length=MAX_USERS_PER_MESSAGE)] | UnsetType = UNSET
    app: Annotated[AppNumber, Meta(description="The app's global channel.")] | UnsetType = UNSET
    everyone: (
        Annotated[bool, Meta(description="The global channels of all apps.", extra_json_schema={"const": True})]
        | UnsetType
    ) = UNSET


class NewMessage(Shape):
    """A message and its destination."""

    to: Annotated[Recipient, Meta(extra_json_schema=ONE_DESTINATION)]
    msg: Annotated[str, Meta(description=f"Stored as it is sent; empty only beside attachments. {SHOWN_MARKUP}")]
    type: Annotated[str, Meta(pattern="^text$")] = "text"
    clientMsgId: (
        Annotated[
            str, Meta(max_length=64, description="Idempotency key of this message, without an Idempotency-Key header.")
        ]
        | None
    ) = None
    author: Annotated[
        UserName | None, Meta(description="Send in this user's name; requires chat.speak_for_others.")
    ] = msgspec.field(default=None, name="as")
    transient: Annotated[bool, Meta(description="Push to online users only; do not store.")] = False
    threadId: Annotated[Id, Meta(description="The message whose thread it answers in.")] | UnsetType = UNSET
    alsoToChannel: Annotated[bool, Meta(description="Of an answer: the channel shows it as well.")] | UnsetType = UNSET
    attachments: (
        Annotated[
            list[str],
            Meta(description="Ids of the sender's uploads. Such a message has one destination and is not transient."),
        ]
        | UnsetType
    ) = UNSET


class NewMessages(Shape):
    messages: Annotated[list[NewMessage], Meta(min_length=1, max_length=MAX_MESSAGES_PER_CALL)]


class DestinationResult(Shape):
    """The outcome at one destination: stored, pushed to a number of users, or refused."""

    to: Recipient
    target: Id | None = None
    id: Id | None = None
    seq: Count | None = None
    position: Position | None = None
    online: Annotated[bool | None, Meta(description="True if the user was online when it was sent.")] = None
    persons: Annotated[Count | None, Meta(description="Number of users that a transient message was pushed to.")] = None
    problem: Problem | None = None


class SentResult(Shape):
    messages: list[DestinationResult]


class BulkResult(Shape):
    """The outcome of one message: 201 if it was stored, 200 for a repeat, else the status of the problem."""

    status: Annotated[int, Meta(ge=200, le=599)]
    messages: list[DestinationResult] | None = None
    problem: Problem | None = None


class BulkResults(Shape):
    results: list[BulkResult]
