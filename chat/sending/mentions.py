"""Finds the users whom texts mention, among those who can read the channel. Texts without "@" cost nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from accounts.models import Block, User
from chat import payloads
from chat.mention_names import EVERYBODY, Mentionable, mentionables
from chat.models import Membership
from chat.sending.rows import SendChannel, Sender
from delivery.db.bulk import Statement, execute_batch
from delivery.db.prepared import PreparedQuery

MAX_GUESTS_PER_NAME = 10
"""Guests of one name who are mentioned, the newest ones."""
_MEMBERS = PreparedQuery(
    lambda channels, keys: Membership.objects.filter(
        channel__in=channels, until_position=None, user__username_key__in=keys, user__is_active=True
    ).values_list("channel", "user", "user__username_key")
)
_MEMBERS_BY_NICKNAME = PreparedQuery(
    lambda channels, keys: Membership.objects.filter(
        channel__in=channels, until_position=None, user__nickname_key__in=keys, user__is_active=True
    ).values_list("channel", "user", "user__nickname_key")
)
_ACCOUNTS = PreparedQuery(
    # A guest's internal name begins with a character that no name in a text has.
    lambda keys: User.objects.filter(username_key__in=keys, is_active=True).values_list("pk", "username_key")
)


@dataclass(frozen=True, slots=True)
class FoundMentions:
    """The users whom one text mentions.

    `shown` is a list of `payloads.mention`, `users` their ids, None for all members; `silent` those of them who are
    neither told nor shown it in their mentions.
    """

    shown: list[dict[str, Any]] = field(default_factory=list)
    users: list[int | None] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)


class MentionLookup:
    """Looks up the names in texts: execute `statements` with those of the batch, then `load` their rows."""

    def __init__(self, channels: Collection[int], texts: Iterable[str]) -> None:
        self._channels = channels
        self._places: dict[str, list[Mentionable]] = {text: mentionables(text) for text in texts if "@" in text}
        self._keys = {candidate.key for places in self._places.values() for at in places for candidate in at.names}
        self._by_name: dict[tuple[int, str], list[int]] = {}
        self._blocks: Collection[tuple[int, int]] = ()

    def statements(self) -> list[Statement]:
        """Return the statements to execute; none if no text has what may be a name."""
        if not self._keys:
            return []
        queries = (_MEMBERS, _MEMBERS_BY_NICKNAME)
        return [*(query.statement(self._channels, self._keys) for query in queries), _ACCOUNTS.statement(self._keys)]

    def load(
        self,
        rows: Sequence[Sequence[Sequence[Any]]],
        channels: Mapping[int, SendChannel],
        senders: Iterable[Sender],
    ) -> None:
        """Take over the rows of the statements, and read what few texts need: guests, and blocks of the senders."""
        if not rows:
            return
        members, by_nickname, accounts = rows
        names: dict[tuple[int, str], list[int]] = {}
        for channel, user, key in _MEMBERS.values(members):
            names.setdefault((channel, key), []).append(user)
        by_account = {key: user for user, key in _ACCOUNTS.values(accounts)}
        app_channels = [pk for pk, channel in channels.items() if channel.kind == "global"]
        guests = self._guests() if app_channels else {}
        for channel in app_channels:
            names |= {(channel, key): users for key, users in guests.items()}
            names |= {(channel, key): [user] for key, user in by_account.items()}
        # A user name, which only one has, comes before a display name.
        nicknames: dict[tuple[int, str], list[int]] = {}
        for channel, user, key in _MEMBERS_BY_NICKNAME.values(by_nickname):
            nicknames.setdefault((channel, key), []).append(user)
        self._by_name = nicknames | names
        restricted = [sender.pk for sender in senders if sender.is_restricted]
        found = {user for users in self._by_name.values() for user in users}
        if restricted and found:
            blocks = Block.objects.filter(blocked__in=restricted, blocker__in=found)
            self._blocks = set(blocks.values_list("blocker", "blocked"))

    def _guests(self) -> dict[str, list[int]]:
        found = User.objects.filter(kind=User.Kind.GUEST, nickname_key__in=self._keys, is_active=True)
        guests: dict[str, list[int]] = {}
        for pk, key in found.order_by("-pk").values_list("pk", "nickname_key")[: MAX_GUESTS_PER_NAME * len(self._keys)]:
            if len(guests.setdefault(key, [])) < MAX_GUESTS_PER_NAME:
                guests[key].append(pk)
        return guests

    def find(self, text: str, *, sender: int, channel: SendChannel, role: str | None) -> FoundMentions | None:
        """Return the mentions in a text of this sender, whose role in the channel is given; None without any."""
        found = FoundMentions()
        end = 0
        for start, names in self._places.get(text, ()):
            if start < end or len(found.shown) >= settings.IM_MENTIONS_PER_MESSAGE:
                continue
            for name, key in names:
                users: Sequence[int | None] = self._by_name.get((channel.pk, key), ())
                if not users and key in EVERYBODY and _may_mention_all(channel, role):
                    users = [None]
                if users:
                    end = start + 1 + len(name)
                    self._add(found, users, name, sender)
                    break
        return found if found.shown else None

    def _add(self, found: FoundMentions, users: Sequence[int | None], name: str, sender: int) -> None:
        for user in users:
            if len(found.shown) >= settings.IM_MENTIONS_PER_MESSAGE:
                # Any number of members may have the same display name.
                return
            shown = payloads.mention(user, name)
            if shown in found.shown:
                continue
            found.shown.append(shown)
            if user not in found.users:
                found.users.append(user)
            if user is not None and (user == sender or (user, sender) in self._blocks):
                found.silent.add(user)


def find_mentions(text: str, *, sender: Sender, channel: SendChannel, role: str | None) -> FoundMentions | None:
    """Return the mentions in one text; None without any, and then mostly without a query."""
    lookup = MentionLookup([channel.pk], [text])
    statements = lookup.statements()
    if statements:
        lookup.load(execute_batch(statements), {channel.pk: channel}, [sender])
    return lookup.find(text, sender=sender.pk, channel=channel, role=role)


def _may_mention_all(channel: SendChannel, role: str | None) -> bool:
    if channel.kind != "public" or role is None:
        return False
    allowed = settings.IM_MENTION_ALL
    return allowed == "members" or (allowed == "managers" and role in ("owner", "admin"))
