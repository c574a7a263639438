"""Finds the users with mails whom new messages concern, and notes when their next mail may be due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.conf import settings

from chat import rules
from chat.models import Channel, MailDigest, Message, MessageMention
from delivery import log

HOUR_MS = 3_600_000
_ROWS_PER_UPDATE = 500


def digest_positions(message_ids: Sequence[int]) -> dict[int, int]:
    """Return the position of the newest of these messages that is direct or mentions them, by user with mails.

    Rights, levels and the rest are checked when a mail is due. Each query is for the whole batch.
    """
    if not MailDigest.objects.exists():
        return {}
    found = Message.objects.filter(pk__in=message_ids, recalled_at=None).select_related("channel")
    messages = {message.pk: message for message in found}
    concerned: dict[int, int] = {}
    _add(concerned, _direct(messages.values()))
    _add(concerned, _mentioned(messages))
    chosen = dict(MailDigest.objects.filter(user__in=list(concerned)).values_list("user", "position"))
    return {user: position for user, position in concerned.items() if position > chosen.get(user, position)}


def _add(concerned: dict[int, int], found: Iterable[tuple[int, Message]]) -> None:
    for user, message in found:
        if user != message.sender_id:
            concerned[user] = max(concerned.get(user, 0), message.position)


def _direct(messages: Iterable[Message]) -> Iterable[tuple[int, Message]]:
    for message in messages:
        if message.channel.kind == Channel.Kind.PRIVATE:
            yield from ((user, message) for user in rules.pair_user_ids(message.channel.pair))


def _mentioned(messages: Mapping[int, Message]) -> Iterable[tuple[int, Message]]:
    mentioning = [pk for pk, message in messages.items() if message.mentions]
    mentions = MessageMention.objects.filter(message__in=mentioning, is_silent=False).values_list("message", "user")
    of_all: dict[int, list[Message]] = {}
    for message, user in mentions:
        if user is not None:
            yield user, messages[message]
        else:
            of_all.setdefault(messages[message].channel_id, []).append(messages[message])
    if of_all:
        members = MailDigest.objects.filter(
            user__memberships__channel__in=list(of_all), user__memberships__until_position=None
        )
        for user, channel in members.values_list("user", "user__memberships__channel"):
            yield from ((user, message) for message in of_all[channel])


def digests_note(positions: Mapping[int, int]) -> None:
    """Note these messages with their users, in the open transaction, which stores the cursor as well."""
    now = log.now_ms()
    delay = settings.IM_MAIL_DIGEST_DELAY_SECONDS * 1000
    rows = list(MailDigest.objects.select_for_update(no_key=True).filter(user__in=list(positions)).order_by("pk"))
    for row in rows:
        row.newest = max(row.newest, positions[row.pk])
        if row.due_at is None:
            row.due_at = max(now + delay, next_mail_at(row))
    # An @all may concern thousands, and one statement would compare each row with all others.
    MailDigest.objects.bulk_update(rows, ["newest", "due_at"], batch_size=_ROWS_PER_UPDATE)


def next_mail_at(row: MailDigest) -> int:
    """Return the time from which on the user may get another mail."""
    return 0 if row.sent_at is None else row.sent_at + row.hours * HOUR_MS
