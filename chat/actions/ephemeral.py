"""What is said to who is there now, and stored nowhere: a `msg` push of no channel, at most once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from accounts.models import User
from accounts.selectors.contacts import blocked_pairs
from chat import errors, rules
from chat.actions.bulk_send import (
    SPEAK,
    Destination,
    Directory,
    Outgoing,
    author_of,
    directory,
    places_of,
    require_size,
)
from chat.actions.message import message_draft
from chat.errors import ChatError
from chat.selectors import member_ids
from chat.selectors.presence import online_user_ids, query_presence
from chat.selectors.restrictions import require_unmuted
from chat.sending.drafts import Draft
from chat.sending.load import load_unlocked
from chat.sending.permissions import Permissions
from chat.wire.schema.events import MESSAGE
from delivery import log, publish
from delivery.log import Entry
from delivery.presence.base import Presence

NO_ID = "0"
"""Stands for the id of what is not stored."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of it at one place: `persons` were online there, or it was refused."""

    place: Destination
    persons: int = 0
    refusal: ChatError | None = None


def message_push(*, caller: User, one: Outgoing) -> list[Pushed]:
    """Push a message to who is online at its places. The rights are those of a message that is stored.

    To a person by name, guests of that name included; who is not there does not get it.
    """
    found = directory([one])
    author = author_of(one, caller, found, speaks=caller.has_perm(SPEAK))
    text = message_draft(sender=author.pk, channel=0, text=one.text, type=one.type).text
    places = places_of(one, found)
    require_size(len(places))
    people = [place for place in places if place.kind == "user"]
    pushed = dict(zip(people, _to_people(people, author, text, found), strict=True)) if people else {}
    for place in places:
        if place.kind != "user":
            pushed[place] = _to_channel(place, author, text, found)
    return [pushed[place] for place in places]


def entry(author: User, text: str, *, channel: int | None = None, push_seq: str = "", **fields: object) -> Entry:
    """A `msg` like those of a channel, but of none: no target, no id, no number. `fields` are the entry's own."""
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


def _to_people(places: Sequence[Destination], author: User, text: str, found: Directory) -> list[Pushed]:
    if author.is_restricted:
        require_unmuted(author.pk, None)
    between = blocked_pairs([author.pk]).get(author.pk, set())
    persons = {place: found.people[place.name].pk for place in places if place.name in found.people}
    blocked = {place for place, person in persons.items() if person in between}
    wanted = [person for place, person in persons.items() if place not in blocked]
    online = online_user_ids(wanted) if wanted else set()
    guests = _guests_online([place.name for place in places if place not in persons])
    reached = sorted(online.union(*guests.values()) - {author.pk})
    if reached:
        publish.transient(entry(author, text, persons=tuple(reached)))
    result = []
    for place in places:
        if place in blocked:
            refusal = ChatError(errors.NOT_AUTHORISED, "You cannot write to this person.")
            result.append(Pushed(place, refusal=refusal))
        elif place in persons:
            result.append(Pushed(place, persons=int(persons[place] in online)))
        else:
            result.append(Pushed(place, persons=len(guests[place.name])))
    return result


def _guests_online(names: Collection[str]) -> dict[str, set[int]]:
    """Who bears these names and is online, besides accounts: several guests may share one."""
    if not names:
        return {}

    async def bearers(presence: Presence) -> dict[str, set[int]]:
        found = await asyncio.gather(*(presence.named(name) for name in names))
        return {name: set(those) for name, those in zip(names, found, strict=True)}

    return query_presence(bearers, {name: set() for name in names})


def _to_channel(place: Destination, author: User, text: str, found: Directory) -> Pushed:
    pk = found.rooms.get(place.id, 0) if place.kind == "app" else place.id
    loaded = load_unlocked(author, pk)
    try:
        Permissions(loaded, log.now_ms()).authorize(Draft(author.pk, pk, text))
    except ChatError as refusal:
        return Pushed(place, refusal=refusal)
    channel = loaded.channels[pk]
    publish.transient(entry(author, text, channel=pk, header=rules.route(channel.pair)))
    if channel.app is not None:
        number = channel.app.number
        return Pushed(place, persons=query_presence(lambda presence: presence.count(number), 0))
    return Pushed(place, persons=len(online_user_ids(set(member_ids(channel)) - {author.pk})))
