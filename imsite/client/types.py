"""Values that the client sends and receives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from .errors import Refused


def milliseconds(moment: datetime) -> int:
    """Return a moment in Unix milliseconds. One without a time zone is of this machine's."""
    return int(moment.timestamp() * 1000)


def new_idempotency_key() -> str:
    """Return a key that makes a call happen once, even if it is repeated."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Recipient:
    """The destination of a message: `Recipient.user("alice")`, `Recipient.channel("12")`, …"""

    body: Mapping[str, Any]

    @classmethod
    def user(cls, name: str) -> Recipient:
        """Send to one user, by user name, in the private channel between the service and them."""
        return cls({"user": name})

    @classmethod
    def users(cls, names: Iterable[str]) -> Recipient:
        """Send to up to 1,000 users, each in a private channel."""
        return cls({"users": list(names)})

    @classmethod
    def channel(cls, id: str) -> Recipient:
        """Send to a channel by its id."""
        return cls({"channel": id})

    @classmethod
    def app(cls, number: int) -> Recipient:
        """Send to everyone on an app, in its global channel."""
        return cls({"app": number})

    @classmethod
    def everyone(cls) -> Recipient:
        """Send to the global channels of all apps."""
        return cls({"everyone": True})


@dataclass(frozen=True, slots=True)
class Attachment:
    """An uploaded file, as the site describes it in messages."""

    id: str
    name: str
    content_type: str = ""
    kind: str = ""
    """`image`, `video`, `audio` or `file`."""
    size: int = 0
    """Bytes."""
    sha256: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The whole JSON object, with what only some files have, such as `width`."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Attachment:
        """Build the attachment from its JSON."""
        return cls(
            id=str(data["id"]),
            name=str(data.get("name") or ""),
            content_type=str(data.get("type") or ""),
            kind=str(data.get("kind") or ""),
            size=int(data.get("size") or 0),
            sha256=str(data.get("sha256") or ""),
            data=data,
        )


def thread_and_files(thread: str | None, also_to_channel: bool, attachments: Iterable[Attachment]) -> dict[str, Any]:
    """Return the fields of a message, the same in both protocols, that only answers and messages with files have."""
    fields: dict[str, Any] = {}
    if thread is not None:
        fields["threadId"] = thread
        if also_to_channel:
            fields["alsoToChannel"] = True
    if ids := [attachment.id for attachment in attachments]:
        fields["attachments"] = ids
    return fields


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to send. Sending the same `idempotency_key` again does not create a second message."""

    text: str
    to: Recipient
    idempotency_key: str = field(default_factory=new_idempotency_key)
    as_user: str | None = None
    """User name to send the message as, if the token permits it."""
    transient: bool = False
    """True to push the message only to users who are online and not store it."""
    thread: str | None = None
    """Id of the message whose thread it answers in."""
    also_to_channel: bool = False
    """True to show an answer in the channel as well."""
    attachments: Sequence[Attachment] = ()
    """Uploaded files. The text may then be empty."""

    def to_json(self) -> dict[str, Any]:
        """Return the body of the REST call."""
        body: dict[str, Any] = {
            "to": dict(self.to.body),
            "type": "text",
            "msg": self.text,
            "clientMsgId": self.idempotency_key,
        }
        if self.as_user is not None:
            body["as"] = self.as_user
        if self.transient:
            body["transient"] = True
        return body | thread_and_files(self.thread, self.also_to_channel, self.attachments)


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of a message at one destination.

    A stored message has an id and numbers, a transient one only `user_count`, a refused one an `error`.
    """

    target: str = ""
    """Channel id."""
    id: str = ""
    seq: int = 0
    position: int = 0
    online: bool | None = None
    """True if the recipient was online; None for other destinations than a user."""
    user_count: int | None = None
    """Number of users that a transient message was pushed to."""
    error: Refused | None = None
    """The error, if this destination refused the message."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The whole JSON result. Its `to` is the destination."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SendResult:
        """Build the result from its JSON."""
        problem = data.get("problem")
        return cls(
            target=str(data.get("target") or ""),
            id=str(data.get("id") or ""),
            seq=int(data.get("seq") or 0),
            position=int(data.get("position") or 0),
            online=data.get("online"),
            user_count=data.get("persons"),
            error=Refused.from_problem(problem, int(problem["status"])) if problem else None,
            data=data,
        )


@dataclass(frozen=True, slots=True)
class LoggedInUser:
    """The user of a connection, from the reply to the log-in."""

    user_id: str
    id: str
    name: str
    kind: str
    app: int
    global_channel: str
    """Id of the app's global channel."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LoggedInUser:
        """Build the user from the data of the log-in reply."""
        return cls(data["userId"], data["id"], data["name"], data["kind"], data["appId"], data["target"])


@dataclass(frozen=True, slots=True)
class Push:
    """Something that happened, such as `msg`, `message.edited`, `channel.note` or `enter`.

    `reset` means that too much was missed to deliver it push by push: load lists and histories again.
    """

    cmd: str
    data: Mapping[str, Any]
    seq: str = ""

    @property
    def position(self) -> int | None:
        """Position in the site's event log; None for events that are not stored."""
        position = self.data.get("position")
        return position if isinstance(position, int) else None

    @property
    def attachments(self) -> list[Attachment]:
        """The files of the message, if it is one with files."""
        listed = self.data.get("attachments")
        return [Attachment.from_json(item) for item in listed] if isinstance(listed, list) else []
