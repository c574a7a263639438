"""The records that every reader yields and an archive contains. Keys are the other system's, unique within a kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import IO, Literal, Protocol

from msgspec import MsgspecError, Struct

MALFORMED = (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError, MsgspecError)
"""Errors of a reader that does not find what the format promises."""
Kind = Literal["user", "channel", "message", "file"]


class UserRecord(Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """A user. `name` is the user name to have; a similar one is used if it is taken or not valid here.

    `owns_email` is false for an address that the other system has not confirmed. A user of the site is not found by it.
    """

    key: str
    name: str
    nickname: str = ""
    email: str = ""
    owns_email: bool = True
    kind: Literal["person", "guest", "service"] = "person"
    active: bool = True


class MemberRecord(Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """A member of a channel. `user` is the key of a user.

    In a channel whose history begins with the join, it may read messages from the Unix milliseconds `since` on.
    """

    user: str
    role: Literal["owner", "admin", "member"] = "member"
    since: int = 0


class ChannelRecord(Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """A channel. One of kind `app` becomes the channel of the app with this number, or a group if there is none.

    A `private` channel has two members. `join` and `history` are those of `chat.models.Channel`.
    """

    key: str
    kind: Literal["app", "group", "private"] = "group"
    name: str = ""
    topic: str = ""
    description: str = ""
    join: Literal["open", "invite", "closed"] = "invite"
    history: Literal["joined", "all"] = "joined"
    listed: bool = False
    closed: bool = False
    app: int = 0
    members: list[MemberRecord] = []


class FileRecord(Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """A file of a message. `path` names it within the export; empty if the export does not contain it."""

    name: str
    path: str = ""
    type: str = ""


class ReactionRecord(Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """An emoji, as itself or by its name, and the keys of the users who chose it."""

    emoji: str
    users: list[str]


class MessageRecord(Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """A message. `time` and `edited_at` are Unix milliseconds.

    `thread` is the key of the message whose thread it belongs to, and `reply_to` of the one that it quotes. An answer
    in a thread is shown in the channel as well if `in_channel`. An `action` is the text of `/me`. `shown_as` is the
    name to show instead of the sender's.
    """

    key: str
    channel: str
    sender: str
    time: int
    text: str = ""
    shown_as: str = ""
    thread: str = ""
    in_channel: bool = False
    action: bool = False
    reply_to: str = ""
    edited_at: int = 0
    pinned: bool = False
    files: list[FileRecord] = []
    reactions: list[ReactionRecord] = []


class Export(Protocol):
    """An export of another system. Records come in any order; each method may be called repeatedly.

    Raises `UnreadableExport` where the files are not what they should be.
    """

    def users(self) -> Iterator[UserRecord]: ...

    def channels(self) -> Iterator[ChannelRecord]: ...

    def messages(self) -> Iterator[MessageRecord]: ...

    def open_file(self, path: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file by the `path` of its record. Raises FileNotFoundError if the export does not contain it."""
        ...


class UnreadableExport(Exception):
    """The export is incomplete or not of this format. The text names the file and tells what is wrong."""
