"""Ephemeral messages: pushed at most once to users who are online, and stored nowhere."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from accounts.models import User
from accounts.selectors.contacts import blocked_pairs
from chat import reasons, rules
from chat.actions.addressing import (
    SPEAK_FOR_OTHERS,
    AddressedMessage,
    Destination,
    Directory,
    author_of,
    destinations_of,
    look_up,
    require_size,
)
from chat.actions.message import message_draft
from chat.errors import ChatError
from chat.models import Channel
from chat.selectors import member_ids
from chat.selectors.presence import online_user_ids, query_presence
from chat.selectors.restrictions import require_unmuted
from chat.sending.drafts import Draft
from chat.sending.load import load_unlocked
from chat.sending.permissions import Permissions
from chat.wire.schema.events import MESSAGE
from delivery import log, publish
from delivery.log import Entry

NO_ID = "0"
"""The id of a message that is not stored."""


@dataclass(frozen=True, slots=True)
class PushResult:
    """The outcome of a message at one destination: `receivers` users were online there, or it was refused."""

    destination: Destination
    receivers: int = 0
    refusal: ChatError | None = None


def message_push(*, caller: User, message: AddressedMessage) -> list[PushResult]:
    """Push a message to the users online at its destinations. It needs the permissions of a stored message.

    The name of a user also addresses guests of that name. Raise ChatError if the whole message is refused.
    """
    directory = look_up([message])
    author = author_of(message, caller, directory, may_speak_for_others=caller.has_perm(SPEAK_FOR_OTHERS))
    text = message_draft(sender=author.pk, channel=0, text=message.text, type=message.type).text
    destinations = destinations_of(message, directory)
    require_size(len(destinations))
    users = [destination for destination in destinations if destination.kind == "user"]
    results = {result.destination: result for result in _push_to_users(users, author, text, directory)} if users else {}
    for destination in destinations:
        if destination.kind != "user":
            results[destination] = _push_to_channel(destination, author, text, directory)
    return [results[destination] for destination in destinations]


def ephemeral_entry(
    author: User, text: str, *, channel: int | None = None, push_seq: str = "", **fields: object
) -> Entry:
    """Return a `msg` event without target, id and number, as the wire protocols define it for ephemeral messages.

    `fields` are further fields of the entry.
    """
    now = log.now_ms()
    body = {
        "target": "",
        "type": "text",
        "msg": text,
        "from": author.public_name,
        "fromId": str(author.pk),
        "name": author.nickname,
        "avatar": author.avatar,
        "id": NO_ID,
        "seq": 0,
        "time": now,
        "pushSeq": push_seq or secrets.token_hex(8),
    }
    if channel is not None:
        body["channel"] = str(channel)
    return Entry(kind=MESSAGE.name, channel=channel, body=body, time=now, **fields)  # type: ignore[arg-type]


def _push_to_users(
    destinations: Sequence[Destination], author: User, text: str, directory: Directory
) -> list[PushResult]:
    if author.is_restricted:
        require_unmuted(author.pk, None)
    blocked_ids = blocked_pairs([author.pk]).get(author.pk, set())
    accounts = {to: directory.users[to.name].pk for to in destinations if to.name in directory.users}
    allowed = [user_id for user_id in accounts.values() if user_id not in blocked_ids]
    online = online_user_ids(allowed) if allowed else set()
    guests = _online_guests([to.name for to in destinations if to not in accounts])
    receivers = sorted(online.union(*guests.values()) - {author.pk})
    if receivers:
        publish.push_transient(ephemeral_entry(author, text, user_ids=tuple(receivers)))
    results = []
    for to in destinations:
        if to not in accounts:
            results.append(PushResult(to, receivers=len(guests[to.name])))
        elif accounts[to] in blocked_ids:
            refusal = ChatError(reasons.CANNOT_MESSAGE_USER)
            results.append(PushResult(to, refusal=refusal))
        else:
            results.append(PushResult(to, receivers=int(accounts[to] in online)))
    return results


def _online_guests(names: Collection[str]) -> dict[str, set[int]]:
    """Return the ids of the online guests with each name; several guests may share one."""
    if not names:
        return {}
    nobody: dict[str, list[int]] = {}
    found = query_presence(lambda presence: presence.find_by_names(list(names)), nobody)
    return {name: set(found.get(name, ())) for name in names}


def _push_to_channel(destination: Destination, author: User, text: str, directory: Directory) -> PushResult:
    is_app = destination.kind == "app"
    channel_id = directory.app_channels.get(destination.id, 0) if is_app else destination.id
    loaded = load_unlocked(author, channel_id)
    try:
        Permissions(loaded, log.now_ms()).authorize(Draft(author.pk, channel_id, text))
    except ChatError as refusal:
        return PushResult(destination, refusal=refusal)
    channel = loaded.channels[channel_id]
    assert isinstance(channel, Channel)
    publish.push_transient(ephemeral_entry(author, text, channel=channel_id, header=rules.private_route(channel.pair)))
    if channel.app is not None:
        number = channel.app.number
        return PushResult(destination, receivers=query_presence(lambda presence: presence.count_online(number), 0))
    return PushResult(destination, receivers=len(online_user_ids(set(member_ids(channel)) - {author.pk})))
