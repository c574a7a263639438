"""Delete an account. Its messages stay under an anonymous name; personal data in chat and event log is removed."""

from __future__ import annotations

from typing import Any

import orjson

from accounts.actions.anonymization import (
    ANONYMIZED_NICKNAME,
    anonymized_username,
    user_anonymize,
    user_mark_deleted,
    users_awaiting_anonymization,
)
from accounts.models import User
from accounts.selectors.contacts import contact_ids
from chat import payloads, rules
from chat.actions.attachment import attachments_remove_unsent
from chat.actions.join_requests import join_requests_delete_of
from chat.actions.member import end_membership
from chat.actions.profile_broadcast import MAX_USERS
from chat.actions.redaction import messages_redact
from chat.actions.saved import saved_delete_all
from chat.actions.scheduled import scheduled_delete_all
from chat.models import (
    Channel,
    MailDigest,
    Membership,
    Message,
    MessageMention,
    NotificationSetting,
    ReadMark,
    Report,
    Restriction,
    Sidebar,
    StarredChannel,
    ThreadFollower,
)
from chat.rules import action_text
from chat.wire.schema.events import PERSON_CHANGED
from delivery import log
from delivery.anonymize import Body, clear_events_of, rewrite_events, rewrite_responses
from delivery.db.transactions import write

_MESSAGES_PER_TRANSACTION = 500
"""Messages changed in one transaction."""


def account_delete(*, user_id: int) -> None:
    """Delete a user's account. Messages stay under an anonymous name.

    Raise LastAdministrator for the only administrator, and NoSuchUser for guests and services. If the process dies
    meanwhile, `finish_interrupted_deletions` completes the deletion.
    """
    user_mark_deleted(user_id=user_id)
    _finish(user_id)


def finish_interrupted_deletions() -> None:
    """Complete the deletions that a crash has interrupted."""
    for user_id in users_awaiting_anonymization():
        _finish(user_id)


def _finish(user_id: int) -> None:
    """Remove everything that names the user, then the user's own data. Each step is safe to repeat."""
    group_ids, known_user_ids = (
        list(_current_groups(user_id).values_list("channel", flat=True)),
        contact_ids(user_id, MAX_USERS),
    )
    for channel_id in group_ids:
        _leave_group(user_id, channel_id)
    name = User.objects.values_list("username", flat=True).get(pk=user_id)
    _anonymize_service_messages(name)
    _anonymize_actions(user_id)
    _remove_mentions(user_id)
    _anonymize_forwarded(user_id)
    with write():
        join_requests_delete_of(user_id)
    with write():
        ReadMark.objects.filter(user=user_id).delete()
        NotificationSetting.objects.filter(user=user_id).delete()
        MailDigest.objects.filter(user=user_id).delete()
        StarredChannel.objects.filter(user=user_id).delete()
        Sidebar.objects.filter(user=user_id).delete()
        ThreadFollower.objects.filter(user=user_id).delete()
        saved_delete_all(user_id)
        scheduled_delete_all(user_id)
        attachments_remove_unsent(user_id)
        Restriction.objects.filter(user=user_id).delete()
        Report.objects.filter(reporter=user_id).update(reason="")
    position = log.head()
    anonymize_events(user_id, name)
    user_anonymize(user_id=user_id, group_ids=group_ids, known_user_ids=known_user_ids)
    # Events that others caused meanwhile, such as the end of a friendship, and messages that were being stored.
    _remove_mentions(user_id)
    _anonymize_forwarded(user_id)
    anonymize_events(user_id, name, after=position)
    texts = [*_search_texts(user_id, name), orjson.dumps(name).decode()]
    rewrite_responses(texts, lambda response: _without_username(_anonymized(response, str(user_id), name), name))


def _anonymize_service_messages(name: str) -> None:
    """Anonymize messages that services sent in the user's name."""
    # Searched before taking a lock: no index covers these names.
    message_ids = list(Message.objects.filter(shown_as=name).values_list("pk", flat=True))
    for start in range(0, len(message_ids), _MESSAGES_PER_TRANSACTION):
        with write():
            Message.objects.filter(pk__in=message_ids[start : start + _MESSAGES_PER_TRANSACTION]).update(
                shown_as=ANONYMIZED_NICKNAME
            )


def _anonymize_actions(user_id: int) -> None:
    """Remove the user's name from the texts of stored events about their messages by `/me`."""
    own = Message.objects.filter(sender=user_id, type="action", recalled_at=None).order_by("pk")
    message_ids = list(own.values_list("pk", flat=True))
    for start in range(0, len(message_ids), _MESSAGES_PER_TRANSACTION):
        with write():
            rows = own.select_for_update(no_key=True).filter(
                pk__in=message_ids[start : start + _MESSAGES_PER_TRANSACTION]
            )
            messages_redact({row.pk: {"msg": action_text(ANONYMIZED_NICKNAME, row.text)} for row in rows})


def _remove_mentions(user_id: int) -> None:
    """Unlink the user from the names in the texts of others, which stay as they were written."""
    message_ids = list(MessageMention.objects.filter(user=user_id).values_list("message", flat=True))
    for start in range(0, len(message_ids), _MESSAGES_PER_TRANSACTION):
        batch = message_ids[start : start + _MESSAGES_PER_TRANSACTION]
        with write():
            rows = Message.objects.select_for_update(no_key=True).filter(pk__in=batch).order_by("pk")
            for row in rows.only("mentions"):
                row.mentions = _without_mentions(row.mentions or [], str(user_id))
                row.save(update_fields=["mentions"])
            MessageMention.objects.filter(message__in=batch, user=user_id).delete()


def _anonymize_forwarded(user_id: int) -> None:
    """Anonymize the user as the first sender of messages that others have forwarded."""
    names = {"from": anonymized_username(user_id), "name": ANONYMIZED_NICKNAME}
    forwarded = Message.objects.filter(forwarded_from=user_id)
    message_ids = list(forwarded.exclude(forwarded__name=ANONYMIZED_NICKNAME).values_list("pk", flat=True))
    for start in range(0, len(message_ids), _MESSAGES_PER_TRANSACTION):
        with write():
            batch = message_ids[start : start + _MESSAGES_PER_TRANSACTION]
            rows = forwarded.select_for_update(no_key=True).filter(pk__in=batch).order_by("pk")
            for row in rows.only("forwarded"):
                row.forwarded = (row.forwarded or {}) | names
                row.save(update_fields=["forwarded"])


def _without_mentions(mentions: Any, user_id: str) -> Any:
    return [mention for mention in mentions if mention.get("id") != user_id]


def anonymize_events(user_id: int, name: str, *, after: int = 0) -> None:
    """Replace the user's personal data in all stored events after position `after`.

    `name` is the user name they had.
    """
    clear_events_of(user_id)
    rewrite_events(
        _search_texts(user_id, name), lambda kind, body: anonymized_body(kind, body, user_id, name), after=after
    )


def _search_texts(user_id: int, name: str) -> list[str]:
    """Return JSON fragments: every body that names the user contains at least one of them."""
    return [f'"fromId":"{user_id}"', f'"id":"{user_id}"', f'"from":{orjson.dumps(name).decode()}']


def anonymized_body(kind: str, body: Body, user_id: int, name: str) -> Body | None:
    """Return the body without the user's names and picture; None if it does not contain them."""
    changed = _anonymized(body, str(user_id), name)
    if changed == body:
        return None
    if kind == PERSON_CHANGED.name and changed["who"].get("id") == str(user_id):
        changed["status"] = ""
    if kind in payloads.PRESENCE_TEXTS and body.get("fromId") == str(user_id):
        changed["msg"] = payloads.PRESENCE_TEXTS[kind].format(ANONYMIZED_NICKNAME)
    return dict(changed)


def _anonymized(value: Any, user_id: str, name: str) -> Any:
    if isinstance(value, list):
        return [_anonymized(item, user_id, name) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _anonymized(item, user_id, name) for key, item in value.items()}
    if isinstance(changed.get("mentions"), list):
        changed["mentions"] = _without_mentions(changed["mentions"], user_id)
    if isinstance(origin := changed.get("forwarded"), dict) and origin != value["forwarded"]:
        content = str(changed["msg"]).removeprefix(rules.with_origin("", value["forwarded"]))
        changed["msg"] = rules.with_origin(content, origin)
    picture = {field: "" for field in ("avatar", "status") if field in changed}
    if changed.get("fromId") == user_id:
        changed |= {"from": anonymized_username(int(user_id)), "name": ANONYMIZED_NICKNAME} | picture
    elif changed.get("id") == user_id and "userId" in changed:
        changed |= {"userId": anonymized_username(int(user_id)), "name": ANONYMIZED_NICKNAME} | picture
    elif isinstance(changed.get("peer"), dict) and changed["peer"].get("id") == user_id:
        # A private channel is shown under the name of its other user.
        changed["name"] = ANONYMIZED_NICKNAME
    elif changed.get("from") == name:
        # A service sent this in the user's name.
        changed |= {"from": ANONYMIZED_NICKNAME, "name": ANONYMIZED_NICKNAME}
    return changed


def _without_username(response: Any, name: str) -> Any:
    """Anonymize a stored response to another system. It contains users by their user name only."""
    if isinstance(response, list):
        return [_without_username(item, name) for item in response]
    if isinstance(response, dict):
        return {key: _without_username(item, name) for key, item in response.items()}
    return ANONYMIZED_NICKNAME if response == name else response


def _current_groups(user_id: int) -> Any:
    return Membership.objects.filter(user=user_id, until_position=None, channel__kind=Channel.Kind.PUBLIC)


def _leave_group(user_id: int, channel_id: int) -> None:
    """Leave a group, even a closed one. If the last owner leaves, another member becomes the owner.

    Private channels stay with the other user.
    """
    with write():
        user = User.objects.select_for_update(no_key=True).get(pk=user_id)
        channel = Channel.objects.select_for_update(no_key=True).get(pk=channel_id)
        membership = _current_groups(user_id).filter(channel=channel).select_related("user").first()
        if membership is not None:
            end_membership(channel, membership, by=user, note="left")
