"""What another system says, as itself or in a person's name: to channels, persons, apps, everyone; one or thousands.

However many messages a call has, its addresses are looked up in a fixed number of queries, the private channels that
are missing are made together, and all of it shares commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from django.conf import settings

from accounts.models import User
from accounts.selectors.users import users_by_names
from chat import errors, selectors
from chat.actions.idempotency import claim_requests
from chat.actions.message import message_draft
from chat.actions.private_channels import private_channels_open
from chat.errors import ChatError
from chat.selectors.presence import online_user_ids
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.queue_bridge import commit_in_queue
from delivery.idempotency import IdempotencyKey

SPEAK = "chat.speak_for_others"


@dataclass(frozen=True, slots=True)
class Destination:
    """One place that a message goes to: a channel's id, a person's name, or an app's number."""

    kind: Literal["channel", "user", "app"]
    id: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message and where it goes. `author`: the person in whose name; empty: the service's own.

    `everyone`: the rooms of all apps, besides `places`. `idempotency_key` makes it happen once.
    """

    places: tuple[Destination, ...]
    text: str
    type: str = "text"
    client_id: str | None = None
    author: str = ""
    everyone: bool = False
    idempotency_key: IdempotencyKey | None = None


@dataclass(slots=True)
class SendResult:
    """What became of a message at one place: it was stored, or a refusal. `online`: whether a person was there then."""

    place: Destination
    stored: StoredMessage | None = None
    refusal: Exception | None = None
    online: bool | None = None


@dataclass(slots=True)
class _Plan:
    """One place of one message on its way."""

    parcel: SendResult
    author: User | None = None
    person: User | None = None
    channel: int = 0
    draft: Draft | None = None
    idempotency_key: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """Who and what the addresses of a call mean."""

    people: dict[str, User]
    rooms: dict[int, int] = field(default_factory=dict)
    """The global channels of the enabled apps, by number."""


def messages_send(*, caller: User, outgoing: Sequence[Outgoing]) -> list[list[SendResult] | ChatError]:
    """Store the messages; for each what became of it at each of its places, or why it was refused as a whole.

    One that is refused harms no other. Nothing is stored if the call is too large, or the site too busy: TOO_MUCH.
    """
    found = directory(outgoing)
    speaks = any(one.author for one in outgoing) and caller.has_perm(SPEAK)
    result: list[list[SendResult] | ChatError] = []
    plans: list[_Plan] = []
    for one in outgoing:
        try:
            author = author_of(one, caller, found, speaks=speaks)
            places = places_of(one, found)
        except ChatError as refusal:
            result.append(refusal)
            continue
        parcels = [SendResult(place) for place in places]
        result.append(parcels)
        for index, parcel in enumerate(parcels):
            key = one.idempotency_key
            if key is not None and _is_fan_out(one):
                key = key.item(index)
            plans.append(_Plan(parcel, author, idempotency_key=key))
    require_size(len(plans))
    used = claim_requests(
        one.idempotency_key for one in outgoing if one.idempotency_key is not None and _is_fan_out(one)
    )
    for index, one in enumerate(outgoing):
        if one.idempotency_key is not None and one.idempotency_key in used:
            result[index] = used[one.idempotency_key]
    texts = [(one, parcels) for one, parcels in zip(outgoing, result, strict=True) if isinstance(parcels, list)]
    going = {id(parcel): one for one, parcels in texts for parcel in parcels}
    plans = [plan for plan in plans if id(plan.parcel) in going]
    _find_channels(plans, found)
    _write(plans, going, caller)
    return result


def directory(outgoing: Sequence[Outgoing]) -> Directory:
    """Look up all addresses and authors at once."""
    names = {place.name for one in outgoing for place in one.places if place.kind == "user"}
    names |= {one.author for one in outgoing if one.author}
    rooms: dict[int, int] = {}
    if any(one.everyone or any(place.kind == "app" for place in one.places) for one in outgoing):
        rooms = {room.app.number: room.pk for room in selectors.global_channels() if room.app is not None}
    return Directory(users_by_names(names) if names else {}, rooms)


def author_of(one: Outgoing, caller: User, found: Directory, *, speaks: bool) -> User:
    """In whose name the message is: the caller's own, or with the right for it, a person's."""
    if not one.author:
        return caller
    if not speaks:
        raise ChatError(errors.NOT_AUTHORISED, f"To send as somebody else needs the permission {SPEAK}.")
    if one.author not in found.people:
        raise ChatError(errors.NO_DATA, f"There is no person named {one.author}.", userId=one.author)
    return found.people[one.author]


def places_of(one: Outgoing, found: Directory) -> list[Destination]:
    """Where the message goes, each place once."""
    places = list(dict.fromkeys(one.places))
    if one.everyone:
        places += [Destination("app", number) for number in found.rooms]
    return places


def _is_fan_out(one: Outgoing) -> bool:
    """Whether the message may become several, whatever the apps are today."""
    return one.everyone or len(one.places) > 1


def require_size(messages: int) -> None:
    limit = settings.IM_API_MAX_MESSAGES
    if messages > limit:
        raise ChatError(errors.TOO_MUCH, f"One call stores at most {limit} messages.", limit=limit)


def _find_channels(plans: Sequence[_Plan], found: Directory) -> None:
    """Which channel each goes to; private ones that are missing are made."""
    for plan in plans:
        place = plan.parcel.place
        if place.kind == "channel":
            plan.channel = place.id
        elif place.kind == "app":
            plan.channel = found.rooms.get(place.id, 0)
            if not plan.channel:
                plan.parcel.refusal = ChatError(errors.NO_DATA, "There is no such app.")
        elif (person := found.people.get(place.name)) is not None:
            plan.person = person
        else:
            plan.parcel.refusal = ChatError(
                errors.NO_DATA, f"There is no person named {place.name}.", userId=place.name
            )
    pairs = [(plan.author, plan.person) for plan in plans if plan.author is not None and plan.person is not None]
    channels = private_channels_open(pairs=pairs) if pairs else {}
    online = online_user_ids({other.pk for _, other in pairs}) if pairs else set()
    for plan in plans:
        if plan.author is None or plan.person is None:
            continue
        plan.parcel.online = plan.person.pk in online
        channel = channels[plan.author.pk, plan.person.pk]
        if isinstance(channel, ChatError):
            plan.parcel.refusal = channel
        else:
            plan.channel = channel


def _write(plans: Sequence[_Plan], going: dict[int, Outgoing], caller: User) -> None:
    for plan in plans:
        if plan.parcel.refusal is None:
            try:
                plan.draft = _draft(plan, going[id(plan.parcel)], caller)
            except ChatError as refusal:
                plan.parcel.refusal = refusal
    ready = [plan for plan in plans if plan.draft is not None]
    outcomes = commit_in_queue([plan.draft for plan in ready if plan.draft is not None])
    for plan, outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, Exception):
            plan.parcel.refusal = outcome
            continue
        plan.parcel.stored = outcome
        if outcome.recipient_online is not None:
            plan.parcel.online = outcome.recipient_online


def _draft(plan: _Plan, one: Outgoing, caller: User) -> Draft:
    author, parcel = plan.author, plan.parcel
    assert author is not None
    draft = message_draft(sender=author.pk, channel=plan.channel, text=one.text, type=one.type, client_id=one.client_id)
    # A client id belongs to who says it, and to one message: not to a person in whose name a service speaks.
    own = author.pk == caller.pk and not _is_fan_out(one)
    return replace(
        draft,
        client_id=draft.client_id if own else None,
        idempotency_key=plan.idempotency_key,
        recipient_online=parcel.online,
        receipt_for=tuple({author.pk, caller.pk}),
    )
