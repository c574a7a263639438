"""Stores the channels of an export with their members."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.conf import settings

from accounts.actions import system_user
from accounts.joiners import cut
from accounts.models import App, User
from chat import rules
from chat.actions.channel import channel_create_global, new_memberships, note_event
from chat.errors import ChatError
from chat.imports.identity import ImportedRecords
from chat.imports.records import ChannelRecord
from chat.imports.report import Report
from chat.models import Channel, Membership, Message
from delivery import log, publish
from delivery.db.transactions import write


def store_channel(record: ChannelRecord, records: ImportedRecords, report: Report) -> int | None:
    """Store a channel unless it is known; return its id. None, and a problem, for one that cannot exist here.

    Call `finish_channel` once its messages are stored. A known channel keeps what it has here: its members and name may
    have changed since.
    """
    if (known := records.channel(record.key)) is not None:
        report.known["channel"] += 1
        return known
    with write():
        if record.kind == "private":
            channel = _private_channel(record, records)
            if channel is None:
                report.problem("private channels without a known user, or with more than two")
                return None
        elif record.kind == "app" and (app := App.objects.filter(number=record.app).first()) is not None:
            channel = channel_create_global(app=app)
        else:
            channel = _group(record, records, report)
        records.add_channel(record.key, channel.pk)
    report.created["channel"] += 1
    return channel.pk


def finish_channel(record: ChannelRecord, channel_id: int, records: ImportedRecords) -> None:
    """Let members of a channel whose history begins with their join read only what came after it."""
    with write():
        channel = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
        if not channel.active_at:
            channel.active_at = log.now_ms()
            channel.save(update_fields=["active_at"])
        later = {records.user(member.user): member.since for member in record.members if member.since}
        if not later or record.kind != "group" or record.history != "joined":
            return
        # Members who are still as the import has made them.
        position = log.head() + 1
        for row in Membership.objects.filter(channel=channel, user__in=later, until_position=None, from_seq=1):
            messages = Message.objects.filter(channel=channel)
            first = messages.filter(time__gte=later[row.user_id]).order_by("seq").values_list("seq", flat=True).first()
            row.from_seq, row.from_position = first or channel.last_seq + 1, position
            if row.from_seq > 1:
                row.save(update_fields=["from_seq", "from_position"])


def _private_channel(record: ChannelRecord, records: ImportedRecords) -> Channel | None:
    both = _users(record, records)
    if len(both) == 1:
        # Notes to oneself, or the other user is not in the export: a group here.
        is_own = len({member.user for member in record.members}) == 1
        name = cut(both[0].nickname, rules.MAX_CHANNEL_NAME_LENGTH) if is_own else ""
        return _create(
            Channel(kind=Channel.Kind.PUBLIC, name=name, join=Channel.Join.CLOSED), both, owners={both[0].pk}
        )
    if len(both) != 2:
        return None
    pair = rules.pair_of(both[0].pk, both[1].pk)
    known = Channel.objects.filter(pair=pair).first()
    return known or _create(Channel(kind=Channel.Kind.PRIVATE, pair=pair), both)


def _group(record: ChannelRecord, records: ImportedRecords, report: Report) -> Channel:
    members = [user for user in _users(record, records) if user.is_active]
    report.problem("inactive users who are no members here", len(record.members) - len(members))
    if len(members) > settings.IM_GROUP_MAX_MEMBERS:
        report.problem("groups with more members than IM_GROUP_MAX_MEMBERS, which nobody else can join")
    roles = {records.user(member.user): member.role for member in record.members}
    owners = {user.pk for user in members if roles.get(user.pk) == "owner"} or {user.pk for user in members[:1]}
    admins = {user.pk for user in members if roles.get(user.pk) == "admin"}
    topic = cut(record.topic.replace("\0", " "), rules.MAX_TOPIC_LENGTH)
    description = cut(record.description.replace("\0", " "), rules.MAX_DESCRIPTION_LENGTH)
    channel = Channel(
        kind=Channel.Kind.PUBLIC,
        name=_valid_name(record, report),
        topic=rules.check_topic(topic),
        description=rules.check_description(description),
        join=record.join,
        history=record.history,
        listed=record.listed and bool(record.name),
        closed=record.closed,
    )
    return _create(channel, members, owners=owners, admins=admins)


def _create(
    channel: Channel,
    members: Sequence[User],
    *,
    owners: Collection[int] = frozenset(),
    admins: Collection[int] = frozenset(),
) -> Channel:
    channel.save(force_insert=True)
    by = next((user for user in members if user.pk in owners), None) or system_user()
    if not members:
        return channel
    if channel.kind == Channel.Kind.PRIVATE:
        by = members[0]
    # The note names no more users than fit into a group.
    others = [user for user in members if user != by][: settings.IM_GROUP_MAX_MEMBERS]
    note = note_event(channel, "created", by=by, who=others, value=channel.name, join=members)
    note.header["no_webhooks"] = True
    entries = log.append([note])
    rows = []
    for user in members:
        role = "owner" if user.pk in owners else "admin" if user.pk in admins else "member"
        rows += new_memberships(channel, [user], entries[0].position, role)
    Membership.objects.bulk_create(rows)
    publish.after_commit(entries)
    return channel


def _users(record: ChannelRecord, records: ImportedRecords) -> list[User]:
    """Return the members whom the export contains, in its order."""
    ids = [pk for member in record.members if (pk := records.user(member.user)) is not None]
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").in_bulk()
    return [rows[pk] for pk in dict.fromkeys(ids) if pk in rows]


def _valid_name(record: ChannelRecord, report: Report) -> str:
    name = cut(" ".join(record.name.split()), rules.MAX_CHANNEL_NAME_LENGTH).strip()
    try:
        return rules.check_channel_name(name)
    except ChatError:
        report.problem("names of groups that are not valid here")
        return ""
