"""Lock the rows of a batch and read everything needed to decide on it.

Most batches take one round trip, with prepared queries. A second one reads what few batches need.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import Q

from accounts.models import App, Block, User
from chat import rules
from chat.models import Attachment, Channel, InlineMedia, Membership, Message, MessageKey, ReadMark, Restriction, Thread
from chat.models.attachment import is_key
from chat.selectors.restrictions import active_restrictions
from chat.sending.drafts import ClientKey, Draft, StoredMessage
from chat.sending.mentions import MentionLookup
from chat.sending.rows import (
    CHANNEL_FIELDS,
    MEMBERSHIP_FIELDS,
    SENDER_FIELDS,
    ChannelRow,
    MembershipRow,
    SendChannel,
    Sender,
    SenderMembership,
    SenderRow,
)
from delivery import idempotency
from delivery.db.bulk import execute_batch, select_by_pairs
from delivery.db.prepared import PreparedQuery
from delivery.idempotency import ScopedKey, StoredResponse

_USERS = PreparedQuery(
    lambda users: (
        User.objects.select_for_update(no_key=True).filter(pk__in=users).order_by("pk").values_list(*SENDER_FIELDS)
    )
)
_CHANNELS = PreparedQuery(
    lambda channels: (
        Channel.objects.select_for_update(no_key=True)
        .filter(pk__in=channels)
        .order_by("pk")
        .values_list(*CHANNEL_FIELDS)
    )
)
_APPS = PreparedQuery(
    # Locked, because no message may be stored in an app's channel after the event that disables the app.
    lambda channels: (
        App.objects.select_for_update(no_key=True, of=("self",)).filter(channel__in=channels).order_by("pk")
    )
)
_INACTIVE = PreparedQuery(lambda users: User.objects.filter(pk__in=users, is_active=False).values_list("pk"))
_REPLIED = PreparedQuery(
    lambda messages: Message.objects.filter(pk__in=messages).values_list("pk", "channel_id", "seq")
)
_ROOTS = PreparedQuery(
    lambda messages: Message.objects.only("channel", "seq", "sender", "thread", "recalled_at").filter(pk__in=messages)
)
# Not locked: the channel's lock protects its threads.
_THREADS = PreparedQuery(lambda messages: Thread.objects.filter(pk__in=messages))
_ATTACHMENTS = PreparedQuery(
    lambda keys: Attachment.objects.select_for_update(no_key=True).filter(key__in=keys).order_by("pk")
)
_INLINE_MEDIA = PreparedQuery(
    lambda keys: InlineMedia.objects.filter(
        file__in=Attachment.objects.filter(key__in=keys).values("file")
    ).values_list("file", "type", "content")
)
_SOURCES = PreparedQuery(lambda messages: Message.objects.only("type", "text", "recalled_at").filter(pk__in=messages))
_SOURCE_FILES = PreparedQuery(
    # Locked, so that a stored file is not deleted while it gets a further row.
    lambda messages: Attachment.objects.select_for_update(no_key=True).filter(message__in=messages).order_by("pk")
)
_SOURCE_MEDIA = PreparedQuery(
    lambda messages: InlineMedia.objects.filter(
        file__in=Attachment.objects.filter(message__in=messages).values("file")
    ).values_list("file", "type", "content")
)
_KEY_FIELDS = ("sender", "client_id", "id", "channel", "seq")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rows needed to decide on a batch. All ids are primary keys; times are in Unix ms."""

    users: Mapping[int, Sender]
    """The senders by id."""
    channels: Mapping[int, SendChannel]
    """The channels by id, with their apps."""
    memberships: Mapping[tuple[int, int], Sequence[SenderMembership]]
    """By channel and sender: all membership intervals, the oldest first."""
    replied: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Channel and sequence number of the messages that are replied to, by message id."""
    roots: Mapping[int, Message] = field(default_factory=dict)
    """The messages whose threads are answered, by id."""
    threads: Mapping[int, Thread] = field(default_factory=dict)
    """Those of their threads that have answers already, by the same id."""
    attachments: Mapping[str, Attachment] = field(default_factory=dict)
    """The drafts' files by key, locked."""
    max_file_bytes: int = 0
    """Bytes that the files of a message can have together; 0: unlimited."""
    inline_media: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    """Type and content of the files that clients of `/ws` get with their message, by name in the storage."""
    sources: Mapping[int, Message] = field(default_factory=dict)
    """The messages that are forwarded, by id."""
    source_files: Sequence[Attachment] = ()
    """Their files that can be downloaded, locked."""
    inactive: Collection[int] = frozenset()
    """Ids of users of the private channels whose accounts are not active."""
    restrictions: Collection[Restriction] = ()
    """Unexpired mutes and bans of restricted senders, in these channels and everywhere."""
    blocks: Collection[tuple[int, int]] = frozenset()
    """Pairs of a blocker and a blocked sender who share one of the private channels."""
    last_sent: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """By channel in slow mode and sender: the time of the sender's last message there."""
    sent: Mapping[ClientKey, StoredMessage] = field(default_factory=dict)
    """Messages stored under the drafts' client keys."""
    claimed: Mapping[ScopedKey, StoredResponse] = field(default_factory=dict)
    """Those keys of the drafts that are claimed: plain ones and idempotency keys."""
    responses: Mapping[ScopedKey, StoredMessage] = field(default_factory=dict)
    """Messages stored in the responses under the idempotency keys of the same requests."""
    mentions: MentionLookup | None = None
    """Finds the users whom the drafts mention; None if no draft has an "@"."""


def load(drafts: Sequence[Draft]) -> Loaded:
    """Lock the drafts' senders, channels, apps and attachments, in this order, and read what decides on them.

    Call it first in a transaction. The reads see everything that was committed before the locks were granted.
    """
    senders = {draft.sender for draft in drafts}
    channel_ids = {draft.channel for draft in drafts}
    places = {(draft.channel, draft.sender) for draft in drafts}
    client_keys = {key for draft in drafts if (key := draft.client_key) is not None}
    replied_ids = {draft.reply_to for draft in drafts if draft.reply_to is not None}
    file_keys = {key for draft in drafts for key in draft.attachments if is_key(key)}
    claimed_keys = _idempotency_keys(drafts)
    root_ids = {draft.thread for draft in drafts if draft.thread is not None}
    statements = [
        _USERS.statement(senders),
        _CHANNELS.statement(channel_ids),
        _APPS.statement(channel_ids),
        select_by_pairs(Membership, MEMBERSHIP_FIELDS, ("channel", "user"), places, "ORDER BY from_seq"),
    ]
    if client_keys:
        statements.append(select_by_pairs(MessageKey, _KEY_FIELDS, ("sender", "client_id"), client_keys))
    if replied_ids:
        statements.append(_REPLIED.statement(replied_ids))
    if file_keys:
        statements += [_ATTACHMENTS.statement(file_keys), _INLINE_MEDIA.statement(file_keys)]
    if claimed_keys:
        statements.append(idempotency.find_statement(claimed_keys))
    if root_ids:
        statements += [_ROOTS.statement(root_ids), _THREADS.statement(root_ids)]
    source_ids = {draft.forward.message for draft in drafts if draft.forward is not None}
    if source_ids:
        sources = (_SOURCES, _SOURCE_FILES, _SOURCE_MEDIA)
        statements += [query.statement(source_ids) for query in sources]
    texts = [draft.text for draft in drafts if "@" in draft.text and draft.type in rules.TYPES_WITH_TEXT]
    mentions = MentionLookup(channel_ids, texts) if texts else None
    mention_statements = mentions.statements() if mentions is not None else []
    rows = execute_batch([*statements, *mention_statements])
    user_rows, channel_rows, app_rows, membership_rows, *optional_rows = rows[: len(statements)]
    optional = iter(optional_rows)
    key_rows = next(optional) if client_keys else []
    replied_rows = next(optional) if replied_ids else []
    file_rows, media_rows = (next(optional), next(optional)) if file_keys else ([], [])
    claimed = idempotency.found(next(optional)) if claimed_keys else {}
    root_rows, thread_rows = (next(optional), next(optional)) if root_ids else ([], [])
    source_rows, source_file_rows, source_media_rows = islice(optional, 3) if source_ids else ([], [], [])

    users = {row[0]: SenderRow._make(row) for row in user_rows}
    apps = {app.pk: app for app in _APPS.instances(app_rows)}
    # The locked app: a join with the channel would read the app as it was before the lock.
    channels = {row[0]: ChannelRow._make((*row, apps.get(row[2]))) for row in channel_rows}
    if mentions is not None:
        mentions.load(rows[len(statements) :], channels, users.values())
    inactive = _inactive_users(users, channels.values())
    restrictions, blocks = _restrictions(users.values(), channels.values())
    sent, responses = _earlier_sends(drafts, key_rows, claimed)
    return Loaded(
        users=users,
        channels=channels,
        memberships=_by_channel_and_user(map(MembershipRow._make, membership_rows)),
        replied={pk: (channel, seq) for pk, channel, seq in replied_rows},
        roots={message.pk: message for message in _ROOTS.instances(root_rows)},
        threads={thread.pk: thread for thread in _THREADS.instances(thread_rows)},
        attachments={attachment.key: attachment for attachment in _ATTACHMENTS.instances(file_rows)},
        max_file_bytes=settings.IM_ATTACHMENT_BYTES_PER_MESSAGE,
        inline_media={file: (type, bytes(content)) for file, type, content in (*media_rows, *source_media_rows)},
        sources={message.pk: message for message in _SOURCES.instances(source_rows)},
        source_files=[
            file for file in _SOURCE_FILES.instances(source_file_rows) if file.state == Attachment.State.READY
        ],
        inactive=inactive,
        restrictions=restrictions,
        blocks=blocks,
        last_sent=_last_sent(users.values(), channels.values()),
        sent=sent,
        claimed=claimed,
        responses=responses,
        mentions=mentions,
    )


def load_unlocked(sender: User, channel_id: int) -> Loaded:
    """Read, without locks, whether the user may send to the channel, for a message that is not stored."""
    channels = {channel.pk: channel for channel in Channel.objects.filter(pk=channel_id).select_related("app")}
    memberships = Membership.objects.filter(channel=channel_id, user=sender).order_by("from_seq")
    restrictions, blocks = _restrictions([sender], channels.values())
    return Loaded(
        users={sender.pk: sender},
        channels=channels,
        memberships=_by_channel_and_user(memberships),
        inactive=_inactive_users({sender.pk: sender}, channels.values()),
        restrictions=restrictions,
        blocks=blocks,
        last_sent=_last_sent([sender], channels.values()),
    )


def _by_channel_and_user(memberships: Iterable[SenderMembership]) -> dict[tuple[int, int], list[SenderMembership]]:
    grouped: dict[tuple[int, int], list[SenderMembership]] = {}
    for membership in memberships:
        grouped.setdefault((membership.channel_id, membership.user_id), []).append(membership)
    return grouped


def _inactive_users(senders: Mapping[int, Sender], channels: Collection[SendChannel]) -> set[int]:
    """Return those users of the private channels whose accounts are not active; without such channels, read nothing."""
    inactive = {pk for pk, user in senders.items() if not user.is_active}
    peers = {peer for channel in channels for peer in rules.pair_user_ids(channel.pair)} - senders.keys()
    if peers:
        (rows,) = execute_batch([_INACTIVE.statement(peers)])
        inactive |= {user for (user,) in rows}
    return inactive


def _restrictions(
    users: Collection[Sender], channels: Collection[SendChannel]
) -> tuple[list[Restriction], set[tuple[int, int]]]:
    """Read the restrictions and blocks of restricted users. Makes no query without such users."""
    restricted = [user.pk for user in users if user.is_restricted]
    if not restricted:
        return [], set()
    here = Q(channel=None) | Q(channel__in=[channel.pk for channel in channels])
    restrictions = list(active_restrictions(Restriction.objects.filter(here, user__in=restricted)))
    peers = {peer for channel in channels for peer in rules.pair_user_ids(channel.pair)}
    if not peers:
        return restrictions, set()
    blocks = Block.objects.filter(blocked__in=restricted, blocker__in=peers)
    return restrictions, set(blocks.values_list("blocker", "blocked"))


def _last_sent(users: Collection[Sender], channels: Collection[SendChannel]) -> dict[tuple[int, int], int]:
    """Read when the users last sent to the channels in slow mode. Makes no query without such channels."""
    slow = [channel.pk for channel in channels if channel.slow_mode]
    if not slow:
        return {}
    marks = ReadMark.objects.filter(user__in=[user.pk for user in users], channel__in=slow)
    return {(mark.channel_id, mark.user_id): mark.last_sent_at for mark in marks if mark.last_sent_at is not None}


def _idempotency_keys(drafts: Sequence[Draft]) -> list[ScopedKey]:
    keys = [draft.scoped_key for draft in drafts if draft.scoped_key is not None]
    return keys + [draft.idempotency_key.scoped_key for draft in drafts if draft.idempotency_key is not None]


def _earlier_sends(
    drafts: Sequence[Draft], key_rows: Sequence[Sequence[Any]], claimed: Mapping[ScopedKey, StoredResponse]
) -> tuple[dict[ClientKey, StoredMessage], dict[ScopedKey, StoredMessage]]:
    """Return what earlier drafts with the same keys stored: messages by client key, and by idempotency key."""
    # A response to another request is refused unread, so its text may have any form.
    requests = {
        (draft.idempotency_key.scoped_key, draft.idempotency_key.fingerprint)
        for draft in drafts
        if draft.idempotency_key is not None
    }
    responses = {
        key: StoredMessage.from_response(response.text)
        for key, response in claimed.items()
        if (key, response.fingerprint) in requests
    }
    sent = {
        (sender, client_id): StoredMessage(channel, pk, seq, repeated=True)
        for sender, client_id, pk, channel, seq in key_rows
    }
    ids = {stored.id for stored in (*responses.values(), *sent.values())}
    if not ids:
        return sent, responses
    rows = Message.objects.filter(pk__in=ids).values_list("pk", "time", "position")
    places = {pk: (time, position) for pk, time, position in rows}

    def placed(stored: StoredMessage) -> StoredMessage:
        """Complete the stored message with its row's position and time, unless retention has deleted the row."""
        time, position = places.get(stored.id, (stored.time, 0))
        return stored._replace(time=time, position=position)

    return (
        {client_key: placed(stored) for client_key, stored in sent.items()},
        {key: placed(stored) for key, stored in responses.items()},
    )
