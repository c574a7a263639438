"""The columns of users, channels and memberships that decide on a message, as the writer reads them.

A model instance costs ten times as much as a row. Code that decides takes either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from accounts.models import User
from chat.models import Channel, Membership

if TYPE_CHECKING:
    from accounts.models import App


_GUEST: str = User.Kind.GUEST.value
"""Kept, because an enumeration looks its values up anew each time."""


class SenderRow(NamedTuple):
    """Columns of a `User`. Booleans may be 0 and 1, as SQLite returns them, here and below."""

    pk: int
    username: str
    nickname: str
    avatar: str
    kind: str
    is_active: bool
    is_restricted: bool

    @property
    def is_guest(self) -> bool:
        return self.kind == _GUEST

    @property
    def public_name(self) -> str:
        """The wire's `userId`, as in `User`."""
        return self.nickname if self.is_guest else self.username


class ChannelRow(NamedTuple):
    """Columns of a `Channel`. `app` is the locked row of its app, if it has one; it is no column."""

    pk: int
    kind: str
    app_id: int | None
    pair: str | None
    join: str
    history: str
    closed: bool
    announcements_only: bool
    slow_mode: int
    last_seq: int
    app: App | None = None


class MembershipRow(NamedTuple):
    """Columns of a `Membership`."""

    channel_id: int
    user_id: int
    role: str
    from_seq: int
    until_seq: int | None
    until_position: int | None


Sender = User | SenderRow
SendChannel = Channel | ChannelRow
SenderMembership = Membership | MembershipRow

SENDER_FIELDS = SenderRow._fields
CHANNEL_FIELDS = ChannelRow._fields[:-1]
MEMBERSHIP_FIELDS = ("channel", "user", "role", "from_seq", "until_seq", "until_position")
