"""What goes to the site and comes from it, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from imsite.client.errors import Refused


def new_key() -> str:
    """What makes a call happen once, however often it is repeated."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class To:
    """Whom a message is for: `To.user("alice")`, `To.channel("12")`, …"""

    body: Mapping[str, Any]

    @classmethod
    def user(cls, name: str) -> To:
        """One person, by user name: into the private channel of the service and them."""
        return cls({"user": name})

    @classmethod
    def users(cls, names: Iterable[str]) -> To:
        """Up to 1,000 persons, each by themselves."""
        return cls({"users": list(names)})

    @classmethod
    def channel(cls, id: str) -> To:
        return cls({"channel": id})

    @classmethod
    def app(cls, number: int) -> To:
        """Everybody on an app: its global channel."""
        return cls({"app": number})

    @classmethod
    def everyone(cls) -> To:
        """The global channels of all apps."""
        return cls({"everyone": True})


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to send. `key` makes it one message, however often it is sent."""

    text: str
    to: To
    key: str = field(default_factory=new_key)
    speak_as: str | None = None
    """The person on whose behalf, where the token may do that."""
    transient: bool = False
    """Only to those online, stored nowhere."""

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"to": dict(self.to.body), "type": "text", "msg": self.text, "clientMsgId": self.key}
        if self.speak_as is not None:
            body["as"] = self.speak_as
        if self.transient:
            body["transient"] = True
        return body


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message in one place: stored there, with its id and number; transient, so only pushed; or
    refused there while other places took it."""

    target: str = ""
    id: str = ""
    seq: int = 0
    position: int = 0
    online: bool | None = None
    """Whether the person it is for was there; None where that was not asked."""
    persons: int | None = None
    """To how many a transient message was pushed."""
    refusal: Refused | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    """The whole answer; `to` in it is the place."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Sent:
        problem = data.get("problem")
        return cls(
            target=str(data.get("target") or ""),
            id=str(data.get("id") or ""),
            seq=int(data.get("seq") or 0),
            position=int(data.get("position") or 0),
            online=data.get("online"),
            persons=data.get("persons"),
            refusal=Refused.of_problem(problem, int(problem["status"])) if problem else None,
            data=data,
        )


@dataclass(frozen=True, slots=True)
class Me:
    """Who one is on a connection, from the answer to the log-in."""

    user_id: str
    id: str
    name: str
    kind: str
    app: int
    room: str
    """The app's global channel."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Me:
        return cls(data["userId"], data["id"], data["name"], data["kind"], data["appId"], data["target"])


@dataclass(frozen=True, slots=True)
class Push:
    """Something that happened: `msg`, `message.edited`, `channel.note`, `enter`, …; `reset`: too much was missed to be
    told one by one, so lists and histories are to be loaded anew."""

    cmd: str
    data: Mapping[str, Any]
    seq: str = ""

    @property
    def position(self) -> int | None:
        """Its place in the site's log; None for what passes and is not kept."""
        position = self.data.get("position")
        return position if isinstance(position, int) else None
