"""Finds or creates the private channels of many pairs of users, for services that write to thousands at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.models import User
from accounts.selectors.contacts import blocked_pairs
from accounts.selectors.users import user_by_name
from chat import account_errors, reasons, rules
from chat.actions.channel import new_memberships, note_event, require_not_guest
from chat.errors import ChatError
from chat.models import Channel, Membership
from delivery import log, publish
from delivery.db.transactions import write

CHANNELS_PER_TRANSACTION = 250
"""Channels created in one transaction, which holds the event log's counter for about 30 ms."""

Pair = tuple[int, int]
"""The ids of the initiating user and of the other user."""


def private_channel_with(user: User, name: str) -> int:
    """Return the private channel of the user with the one of this name, created if necessary.

    Raise ChatError USER_NOT_FOUND, or a refusal of `channel_create_private`.
    """
    other = user_by_name(name)
    if other is None:
        raise ChatError(reasons.USER_NOT_FOUND, userId=name)
    (channel,) = private_channels_open(pairs=[(user, other)]).values()
    if isinstance(channel, ChatError):
        raise channel
    return channel


def private_channels_open(*, pairs: Iterable[tuple[User, User]]) -> dict[Pair, int | ChatError]:
    """Return the private channel of each pair, created if necessary, or the ChatError if there can be none.

    Uses a few transactions for any number of pairs. The refusals are those of `channel_create_private`.
    """
    wanted = {(initiator.pk, other.pk): (initiator, other) for initiator, other in pairs}
    found: dict[Pair, int | ChatError] = {}
    for key, (initiator, other) in wanted.items():
        if initiator.pk == other.pk:
            found[key] = ChatError(reasons.CANNOT_MESSAGE_YOURSELF, field="to")
        else:
            try:
                require_not_guest(initiator)
            except ChatError as refusal:
                found[key] = refusal
    _add_existing(found, wanted)
    missing = [pair for key, pair in wanted.items() if key not in found]
    if not missing:
        return found
    between = blocked_pairs({initiator.pk for initiator, _ in missing})
    for initiator, other in missing:
        if other.pk in between.get(initiator.pk, ()):
            found[initiator.pk, other.pk] = ChatError(reasons.CANNOT_MESSAGE_USER)
    missing = [(initiator, other) for initiator, other in missing if (initiator.pk, other.pk) not in found]
    for start in range(0, len(missing), CHANNELS_PER_TRANSACTION):
        _create_missing(missing[start : start + CHANNELS_PER_TRANSACTION], found)
    return found


def _add_existing(found: dict[Pair, int | ChatError], wanted: Iterable[Pair]) -> None:
    """Add the channels that exist."""
    names = {key: rules.pair_of(*key) for key in wanted if key not in found}
    known = dict(Channel.objects.filter(pair__in=set(names.values())).values_list("pair", "pk"))
    found.update({key: known[name] for key, name in names.items() if name in known})


def _create_missing(missing: Sequence[tuple[User, User]], found: dict[Pair, int | ChatError]) -> None:
    with write():
        # Creating a channel locks the rows of both users, so no channel is created twice.
        ids = sorted({user.pk for pair in missing for user in pair})
        rows = User.objects.select_for_update(no_key=True).filter(pk__in=ids, is_active=True).order_by("pk")
        active = set(rows.values_list("pk", flat=True))
        _add_existing(found, [(initiator.pk, other.pk) for initiator, other in missing])
        missing_by_key: dict[str, tuple[User, User]] = {}
        for initiator, other in missing:
            if (initiator.pk, other.pk) in found:
                continue
            if initiator.pk in active and other.pk in active:
                missing_by_key.setdefault(rules.pair_of(initiator.pk, other.pk), (initiator, other))
            else:
                found[initiator.pk, other.pk] = ChatError(account_errors.ACCOUNT_NOT_FOUND)
        now = log.now_ms()
        channels = Channel.objects.bulk_create(
            [Channel(kind=Channel.Kind.PRIVATE, pair=name, active_at=now) for name in missing_by_key]
        )
        created = list(zip(channels, missing_by_key.values(), strict=True))
        if created:
            entries = log.append(
                [
                    note_event(channel, "created", by=initiator, who=[other], join=[initiator, other])
                    for channel, (initiator, other) in created
                ]
            )
            memberships = [
                row
                for (channel, both), entry in zip(created, entries, strict=True)
                for row in new_memberships(channel, both, entry.position)
            ]
            Membership.objects.bulk_create(memberships)
            publish.after_commit(entries)
        _add_existing(found, [(initiator.pk, other.pk) for initiator, other in missing])
