"""Sends messages of other systems, one or thousands, to channels, users and apps.

All messages of a call share queries and commits, and missing private channels are created together.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from accounts.caches.directory import account_by_name, accounts_by_names, enabled_apps
from accounts.models import User
from chat import reasons
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
from chat.actions.forward import forward_draft
from chat.actions.idempotency import claim_requests
from chat.actions.message import message_draft
from chat.actions.private_channels import private_channels_open
from chat.errors import ChatError
from chat.selectors.destinations import global_channel_id, private_channel_id, private_channel_ids
from chat.selectors.presence import ask_presence, online_user_ids
from chat.sending.drafts import Draft, Outcome, StoredMessage
from chat.sending.queue_bridge import commit_in_queue, store_all
from delivery.db.executors import run_or_call
from delivery.idempotency import IdempotencyKey


@dataclass(slots=True)
class SendResult:
    """The outcome of a message at one destination: stored, or the refusal.

    `online`: True if the recipient was online when it was sent; None unless the destination is a user.
    """

    destination: Destination
    stored: StoredMessage | None = None
    refusal: Exception | None = None
    online: bool | None = None


@dataclass(slots=True)
class _PendingSend:
    """A message and one of its destinations, before it is stored."""

    message: AddressedMessage
    author: User
    result: SendResult
    idempotency_key: IdempotencyKey | None
    recipient: User | None = None
    channel: int = 0
    draft: Draft | None = None


async def message_send(*, caller: User, message: AddressedMessage) -> list[SendResult] | ChatError:
    """Store one message; see `batch_send`."""
    return (await batch_send(caller=caller, messages=[message]))[0]


async def batch_send(*, caller: User, messages: Sequence[AddressedMessage]) -> list[list[SendResult] | ChatError]:
    """Do what `messages_send` does. A coroutine, as in `chat.selectors.presence`.

    On the event loop, messages to known channels take no thread.
    """
    sends = await _to_known_channels(caller, messages)
    if sends is None:
        return await run_or_call(messages_send, caller=caller, messages=messages)
    require_size(len(sends))
    _set_drafts(sends, caller)
    drafted = [(send, send.draft) for send in sends if send.draft is not None]
    _set_outcomes(drafted, await store_all([draft for _, draft in drafted]))
    results: list[list[SendResult] | ChatError] = [[send.result] for send in sends]
    closed = [index for index, send in enumerate(sends) if _is_to_closed_account(send)]
    if closed:
        # Accounts closed after their names were looked up are answered like unknown ones.
        again = await run_or_call(messages_send, caller=caller, messages=[messages[index] for index in closed])
        for index, result in zip(closed, again, strict=True):
            results[index] = result
    return results


async def _to_known_channels(caller: User, messages: Sequence[AddressedMessage]) -> list[_PendingSend] | None:
    """Return the sends, with their channels.

    None if any message has other destinations, or its channel must be read or created: the messages of a call are
    stored together, in their order.
    """
    if caller.is_guest or any(
        message.author or message.forward or not message.has_one_destination for message in messages
    ):
        return None
    destinations = [message.destinations[0] for message in messages]
    users = await _private_channels(caller.pk, {to.name for to in destinations if to.kind == "user"})
    sends = []
    for message, destination in zip(messages, destinations, strict=True):
        send = _PendingSend(message, caller, SendResult(destination), message.idempotency_key)
        channel: int | None = destination.id
        if destination.kind == "user":
            channel, send.result.online = users.get(destination.name, _UNKNOWN_USER)
        elif destination.kind == "app":
            app = (await enabled_apps()).get(destination.id)
            channel = None if app is None else await global_channel_id(app.pk)
        if channel is None:
            return None
        send.channel = channel
        sends.append(send)
    return sends


_UNKNOWN_USER = (None, False)


async def _private_channels(caller_id: int, names: Set[str]) -> dict[str, tuple[int | None, bool]]:
    """Return the caller's private channel with each account of these names, and whether the account is online.

    None instead of a channel that is not known.
    """
    if len(names) == 1:
        # Most calls send one message. Sets and dictionaries of one take longer than the look-up.
        (name,) = names
        account = await account_by_name(name)
        accounts = {} if account is None else {name: account}
        channels = {} if account is None else {account.id: await private_channel_id(caller_id, account.id)}
    else:
        accounts = await accounts_by_names(names) if names else {}
        known = {account.id for account in accounts.values()}
        channels = {**(await private_channel_ids(caller_id, known))} if known else {}
    if not accounts:
        return {}
    user_ids = [account.id for account in accounts.values()]
    online = await ask_presence(lambda presence: presence.filter_online(user_ids), set[int]())
    return {name: (channels.get(account.id), account.id in online) for name, account in accounts.items()}


def _is_to_closed_account(send: _PendingSend) -> bool:
    refusal = send.result.refusal
    return isinstance(refusal, ChatError) and refusal.reason is reasons.USER_UNREACHABLE


def messages_send(*, caller: User, messages: Sequence[AddressedMessage]) -> list[list[SendResult] | ChatError]:
    """Store the messages.

    Return for each the results at its destinations, or the ChatError if the whole message is refused. A refused message
    does not affect the others. Raise ChatError TOO_MANY_MESSAGES or SITE_BUSY, storing none, if the call is too large
    or the write queue too full.
    """
    directory = look_up(messages)
    may_speak = any(message.author for message in messages) and caller.has_perm(SPEAK_FOR_OTHERS)
    sends: list[list[_PendingSend] | ChatError] = []
    for message in messages:
        try:
            author = author_of(message, caller, directory, may_speak_for_others=may_speak)
        except ChatError as refusal:
            sends.append(refusal)
        else:
            sends.append(_sends_of(message, author, directory))
    require_size(len(_pending(sends)))
    reused = claim_requests(
        message.idempotency_key for message in messages if message.idempotency_key is not None and message.is_fan_out
    )
    for index, message in enumerate(messages):
        if message.idempotency_key is not None and message.idempotency_key in reused:
            sends[index] = reused[message.idempotency_key]
    pending = _pending(sends)
    _find_channels(pending, directory)
    _store(pending, caller)
    return [group if isinstance(group, ChatError) else [send.result for send in group] for group in sends]


def _sends_of(message: AddressedMessage, author: User, directory: Directory) -> list[_PendingSend]:
    key = message.idempotency_key
    return [
        _PendingSend(
            message,
            author,
            SendResult(destination),
            idempotency_key=key.item(index) if key is not None and message.is_fan_out else key,
        )
        for index, destination in enumerate(destinations_of(message, directory))
    ]


def _pending(sends: Sequence[list[_PendingSend] | ChatError]) -> list[_PendingSend]:
    return [send for group in sends if not isinstance(group, ChatError) for send in group]


def _find_channels(pending: Sequence[_PendingSend], directory: Directory) -> None:
    """Set the channel of each send, creating missing private channels, or its refusal if there can be none."""
    for send in pending:
        destination = send.result.destination
        if destination.kind == "channel":
            send.channel = destination.id
        elif destination.kind == "app":
            send.channel = directory.app_channels.get(destination.id, 0)
            if not send.channel:
                send.result.refusal = ChatError(reasons.APP_NOT_FOUND)
        elif (recipient := directory.users.get(destination.name)) is not None:
            send.recipient = recipient
        else:
            send.result.refusal = ChatError(reasons.USER_NOT_FOUND, userId=destination.name)
    pairs = [(send.author, send.recipient) for send in pending if send.recipient is not None]
    channels = private_channels_open(pairs=pairs) if pairs else {}
    online = online_user_ids({recipient.pk for _, recipient in pairs}) if pairs else set()
    for send in pending:
        if send.recipient is None:
            continue
        send.result.online = send.recipient.pk in online
        channel = channels[send.author.pk, send.recipient.pk]
        if isinstance(channel, ChatError):
            send.result.refusal = channel
        else:
            send.channel = channel


def _store(pending: Sequence[_PendingSend], caller: User) -> None:
    """Store the sends that are not refused and fill in their results."""
    _set_drafts(pending, caller)
    drafted = [(send, send.draft) for send in pending if send.draft is not None]
    _set_outcomes(drafted, commit_in_queue([draft for _, draft in drafted]))


def _set_drafts(pending: Sequence[_PendingSend], caller: User) -> None:
    """Set the draft of each send that is not refused, or its refusal if the text is not allowed."""
    caller_id = caller.pk
    for send in pending:
        if send.result.refusal is None:
            try:
                send.draft = _draft(send, caller_id if send.author is caller else send.author.pk, caller_id)
            except ChatError as refusal:
                send.result.refusal = refusal


def _set_outcomes(drafted: Sequence[tuple[_PendingSend, Draft]], outcomes: Sequence[Outcome]) -> None:
    for (send, _), outcome in zip(drafted, outcomes, strict=True):
        if isinstance(outcome, Exception):
            send.result.refusal = outcome
            continue
        send.result.stored = outcome
        if outcome.recipient_online is not None:
            send.result.online = outcome.recipient_online


def _draft(send: _PendingSend, author_id: int, caller_id: int) -> Draft:
    message = send.message
    if message.forward is not None:
        source, message_id, files = message.forward
        draft = forward_draft(
            sender=send.author,
            source=source,
            message_id=message_id,
            channel=send.channel,
            files=files,
            client_id=message.client_id,
        )
    else:
        draft = message_draft(
            sender=author_id,
            channel=send.channel,
            text=message.text,
            type=message.type,
            client_id=message.client_id,
            attachments=message.attachments,
        )
        draft.thread, draft.thread_only = message.thread, message.thread_only
    # A client id names one message of one sender, so it holds neither for a fan-out nor in another user's name.
    if author_id != caller_id or message.is_fan_out:
        draft.client_id = None
    # Set here, because passing them on as further arguments takes as long as making the draft.
    draft.idempotency_key = send.idempotency_key
    draft.recipient_online = send.result.online
    draft.receipt_for = (author_id,) if author_id == caller_id else (author_id, caller_id)
    return draft
