"""The properties of a kind of event. The kinds themselves are declared in `events`."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chat.wire.schema.objects import Shape


class Clients(enum.Enum):
    """The clients that get a kind of event as a push."""

    ALL = "every client: `/acc` as JSON, `/ws` as a Message"
    ACTIVITY = "connections opened with `?activity=1`, as JSON; those of `/ws` once the client has sent a Call"
    JSON = "clients of the JSON protocol: `/acc`, and `/ws` once the client has sent a Call"
    NONE = "no client: only webhooks or delivery itself use it"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """An event as webhook receivers get it.

    `members`: it is sent for entries in which users join or leave, and lists these users. `subscribed_by`: it has no
    subscription of its own; webhooks that subscribe to one of these events get it.
    """

    name: str
    data: type[Shape]
    members: Literal["", "join", "leave"] = ""
    subscribed_by: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The English name in the admin, which translates it."""
        return self.name.replace(".", " ").capitalize()

    def is_wanted(self, subscriptions: Iterable[str]) -> bool:
        """Return whether a webhook with these subscriptions gets it."""
        return not {*(self.subscribed_by or (self.name,))}.isdisjoint(subscriptions)


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event. `name` is its kind in the event log and the `cmd` of its push; `data` describes the push."""

    name: str
    data: type[Shape]
    about: str
    clients: Clients = Clients.JSON
    is_logged: bool = True
    """True if it is stored and has a position, so that `sync` returns it; else only connected clients get it."""
    is_history_note: bool = False
    """True if `message.history` returns it among the notes of its range."""
    is_indexed: bool = False
    """True if it changes the text that the search index holds of its message."""
    webhooks: tuple[WebhookEvent, ...] = ()
    exported_in: str = ""
    """The file of a user's export that contains such events caused by the user."""
    not_exported: str = ""
    """The reason why the export does not contain it. Every kind has either this or `exported_in`."""

    @property
    def is_push(self) -> bool:
        """Return whether clients get this kind as a push."""
        return self.clients is not Clients.NONE

    @property
    def is_for_webhooks(self) -> bool:
        """Return whether only webhooks get it, and no client. Such an event belongs to no channel."""
        return bool(self.webhooks) and not self.is_push
