"""A message before and after it is stored: the draft, and the stored message that acknowledges it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from delivery.tracing import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from delivery.idempotency import IdempotencyKey, ScopedKey

ClientKey = tuple[int, str]
"""The sender's id and the client message id, which is unique for the sender."""


@dataclass(frozen=True, slots=True)
class Forward:
    """A message that a draft forwards. Its text and files are taken over when the draft is stored.

    `message`: its id. `files`: keys of those of its files that are forwarded without the text; empty: the whole
    message. `origin`: its first sender and time as receivers see them, a `payloads.forward_origin`; `origin_user`: the
    id of that sender.
    """

    message: int
    files: tuple[str, ...]
    origin: Mapping[str, Any]
    origin_user: int


@dataclass(slots=True)
class Draft:
    """A message to be stored. Users, channels and messages are given by id.

    `app`: number of the app that the sender is on; None for a service, which is on all of them.
    `origin`: the connection that sends it; it gets an acknowledgement instead of the push.

    `thread`: the message whose thread it belongs to; `thread_only`: only the thread shows it, not the channel.
    `attachments`: keys of the sender's uploads, in the order in which they are shown; the text may then be empty.
    `forward`: the message whose content it has, in place of `type`, `text` and `attachments`.
    `scheduled`: the id of the scheduled message that it is; its files wait for that one.

    Three keys make a retry store nothing. `client_id` is kept for good and answers with the first message.
    `idempotency_key` answers the same request with the first message, and refuses another request. `scoped_key`
    answers without a message. The last two expire.

    For calls of other systems: `live_app` limits live delivery to connections on one app, `push_seq` replaces the
    message's id in the envelope of its push, `shown_as` is shown instead of the sender's name, `skip_live` is a user
    who does not get the message live, `receipt_for` are the users for whom delivery is counted (their own connections
    do not count), and `recipient_online` is stored with the idempotency key, so that a retry gets the same answer.
    """

    sender: int
    channel: int
    text: str
    type: str = "text"
    client_id: str | None = None
    reply_to: int | None = None
    attachments: tuple[str, ...] = ()
    forward: Forward | None = None
    scheduled: int | None = None
    thread: int | None = None
    thread_only: bool = False
    app: int | None = None
    origin: str = ""
    live_app: int | None = None
    push_seq: str = ""
    shown_as: str = ""
    skip_live: int | None = None
    scoped_key: ScopedKey | None = None
    idempotency_key: IdempotencyKey | None = None
    recipient_online: bool | None = None
    receipt_for: tuple[int, ...] = ()
    trace: Context = field(default=None, compare=False)
    """The trace of the request that sends it; set while it is queued."""

    @property
    def client_key(self) -> ClientKey | None:
        return None if self.client_id is None else (self.sender, self.client_id)


_ONLINE_CODES = {True: "1", False: "0", None: ""}
"""Codes of `recipient_online` in stored responses."""
_ONLINE_FROM_CODE = {code: online for online, code in _ONLINE_CODES.items()}


class StoredMessage(NamedTuple):
    """The acknowledgement of a draft: the message stored for it.

    `repeated`: an earlier draft with the same key stored it. `id`, `seq` and `position` are 0 if only the key of that
    draft is stored. `time` is in Unix ms. `mentions` are those of a new message, as clients get them; None without any.
    """

    channel: int
    id: int
    seq: int
    time: int = 0
    position: int = 0
    repeated: bool = False
    mentions: list[dict[str, Any]] | None = None
    recipient_online: bool | None = None

    def to_response(self) -> str:
        """Return the text to store with an idempotency key. It has no position, which the message's row has."""
        return orjson.dumps([self.channel, self.id, self.seq, self.time, _ONLINE_CODES[self.recipient_online]]).decode()

    @classmethod
    def from_response(cls, text: str) -> StoredMessage:
        """Return the message from a text that `to_response` returned, as repeated and with position 0."""
        channel, pk, seq, time, online = orjson.loads(text)
        return cls(channel, pk, seq, time, repeated=True, recipient_online=_ONLINE_FROM_CODE[online])


Outcome = StoredMessage | Exception
"""The outcome of a draft: stored; refused (ChatError); or failed (another exception)."""
