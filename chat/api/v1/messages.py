"""`messages/`: send one message or a thousand, stored or transient."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from chat import reasons
from chat.actions.addressing import AddressedMessage, Destination
from chat.actions.bulk_send import SendResult, batch_send, message_send
from chat.actions.ephemeral import PushResult, message_push
from chat.actions.idempotency import claim_requests, run_once
from chat.api.v1 import problems
from chat.api.v1.async_call import CallContext, async_call
from chat.api.v1.message_shapes import BulkResults, NewMessage, NewMessages, SentResult
from chat.api.v1.schema import number
from chat.errors import ChatError
from delivery.db.executors import run_or_call
from delivery.idempotency import IdempotencyKey

if TYPE_CHECKING:
    from accounts.models import User

_STORED = {"to": {"user": "alice"}, "target": "31", "id": "4711", "seq": 3, "position": 9001, "online": True}
_UNKNOWN = problems.problem_body(ChatError(reasons.USER_NOT_FOUND, userId="ghost"))


@async_call(
    "POST",
    "messages/",
    "Send a message",
    permission="chat.use_gateway",
    takes=NewMessage,
    gives={201: SentResult, 200: SentResult},
    idempotent=True,
    tag="messages",
    sent={
        "To a user": {
            "to": {"user": "alice"},
            "msg": "Your parcel has left.",
            "clientMsgId": "parcel-812",
        },
        "To several users": {"to": {"users": ["alice", "ghost"]}, "msg": "The shop closes at six."},
        "To a channel": {"to": {"channel": "7"}, "msg": "Build 812 is green."},
        "To an app, transient": {"to": {"app": 101}, "msg": "Back in a minute.", "transient": True},
        "In a user's name": {"to": {"channel": "7"}, "msg": "On my way.", "as": "bob"},
    },
    got={
        "Stored": {"messages": [_STORED]},
        "One of several refused": {"messages": [_STORED, {"to": {"user": "ghost"}, "problem": _UNKNOWN}]},
        "Pushed": {"messages": [{"to": {"app": 101}, "persons": 12}]},
    },
)
async def send_message(call: CallContext, data: NewMessage) -> dict[str, Any]:
    """Send a message as the service or in a user's name. The response comes after it has been stored.

    201 if anything was stored or pushed, 200 for a repeat. With several destinations, each has its own outcome,
    and the call is refused only if all of them are. A user receives the message in their private channel with the
    service, created if necessary, and finds it there later. Guests have no private channels: they receive only
    transient messages.
    """
    await call.charge(message_count(data))
    key = call.idempotency(data, data.clientMsgId)
    # A message has the same fingerprint whether it is sent alone or in a bulk call.
    if key is not None:
        key = IdempotencyKey(key.scope, key.key, _fingerprint(data))
    message = addressed(data, key)
    if data.transient:
        body, repeated = await run_or_call(_push_once, call.user, message, key)
        call.status = 200 if repeated else 201
        return body
    result = await message_send(caller=call.user, message=message)
    if isinstance(result, ChatError):
        raise result
    call.status = sent_status(result)
    return {"messages": sent_body(result)}


def _push_once(caller: User, message: AddressedMessage, key: IdempotencyKey | None) -> tuple[dict[str, Any], bool]:
    return run_once(key, lambda: {"messages": _pushed(message_push(caller=caller, message=message))})


@async_call(
    "POST",
    "messages/bulk/",
    "Send many messages",
    permission="chat.use_gateway",
    takes=NewMessages,
    gives={200: BulkResults},
    idempotent=True,
    tag="messages",
    sent={
        "Two messages": {
            "messages": [
                {"to": {"user": "alice"}, "msg": "Your parcel has left.", "clientMsgId": "parcel-812"},
                {"to": {"user": "ghost"}, "msg": "Your parcel has left.", "clientMsgId": "parcel-813"},
            ]
        }
    },
    got={
        "One of two refused": {
            "results": [{"status": 201, "messages": [_STORED]}, {"status": 404, "problem": _UNKNOWN}]
        }
    },
)
async def send_messages(call: CallContext, data: NewMessages) -> dict[str, Any]:
    """Send up to 1,000 messages in one call, with a result for each, in order. None may be transient.

    They share a few commits. After a retry with the same key, messages that an earlier attempt stored are not
    stored again, and the others are.
    """
    if any(item.transient for item in data.messages):
        raise ChatError(reasons.TRANSIENT_ALONE, field="transient")
    await call.charge(sum(map(message_count, data.messages)))
    bulk_key = call.idempotency(data)
    if bulk_key is not None and (used := await run_or_call(claim_requests, [bulk_key])):
        raise used[bulk_key]
    results: list[dict[str, Any] | None] = []
    messages: list[AddressedMessage] = []
    for index, item in enumerate(data.messages):
        try:
            messages.append(addressed(item, _item_key(call.user, item, index, bulk_key)))
            results.append(None)
        except ChatError as refusal:
            results.append(_refused(refusal))
    became = iter(await batch_send(caller=call.user, messages=messages))
    return {"results": [result or _result(next(became)) for result in results]}


def _item_key(caller: User, item: NewMessage, index: int, bulk_key: IdempotencyKey | None) -> IdempotencyKey | None:
    if item.clientMsgId:
        return IdempotencyKey(f"api:{caller.pk}", item.clientMsgId, _fingerprint(item))
    return None if bulk_key is None else bulk_key.item(index)


def addressed(data: NewMessage, key: IdempotencyKey | None) -> AddressedMessage:
    """Return the message for the actions.

    Raise ChatError RECIPIENT_REQUIRED unless `to` has exactly one kind of destination, and
    ATTACHMENTS_ONE_DESTINATION for attachments that would be sent several times or not stored, and
    TRANSIENT_IN_THREAD for a transient answer.
    """
    to = data.to
    given = (to.channel, to.user, to.users, to.app, to.everyone or UNSET)
    if given.count(UNSET) != len(given) - 1:
        raise ChatError(reasons.RECIPIENT_REQUIRED, field="to")
    destinations: list[Destination] = []
    if to.channel is not UNSET:
        destinations = [Destination("channel", number(to.channel))]
    elif to.user is not UNSET:
        destinations = [Destination("user", name=to.user)]
    elif to.users is not UNSET:
        destinations = [Destination("user", name=name) for name in to.users]
    elif to.app is not UNSET:
        destinations = [Destination("app", to.app)]
    if data.attachments and (data.transient or to.everyone is True or len(destinations) > 1):
        raise ChatError(reasons.ATTACHMENTS_ONE_DESTINATION, field="attachments")
    if data.threadId is not UNSET and data.transient:
        raise ChatError(reasons.TRANSIENT_IN_THREAD, field="threadId")
    return AddressedMessage(
        tuple(destinations),
        data.msg,
        data.type,
        client_id=data.clientMsgId,
        author=data.author or "",
        everyone=to.everyone is True,
        idempotency_key=key,
        thread=None if data.threadId is UNSET else number(data.threadId),
        thread_only=data.threadId is not UNSET and data.alsoToChannel is not True,
        attachments=() if data.attachments is UNSET else tuple(data.attachments),
    )


def message_count(data: NewMessage) -> int:
    """Return the number of messages that this one counts as for the rate limit."""
    return len(data.to.users) if data.to.users is not UNSET else 1


def _fingerprint(data: NewMessage) -> str:
    return hashlib.sha256(msgspec.json.encode(data, order="sorted")).hexdigest()


def sent_status(results: Sequence[SendResult]) -> int:
    """Return 201 if a message is new, else 200. Raise the first refusal if all destinations refused it."""
    are_new = [not result.stored.repeated for result in results if result.stored is not None]
    if not are_new and results and results[0].refusal is not None:
        raise results[0].refusal
    return 201 if True in are_new else 200


def _result(result: list[SendResult] | ChatError) -> dict[str, Any]:
    if isinstance(result, ChatError):
        return _refused(result)
    try:
        return {"status": sent_status(result), "messages": sent_body(result)}
    except Exception as refusal:
        return _refused(refusal)


def _refused(refusal: Exception) -> dict[str, Any]:
    problem = problems.problem_of_error(refusal, call="messages/bulk")
    return {"status": problem["status"], "problem": problem}


def _recipient_body(destination: Destination) -> dict[str, Any]:
    match destination.kind:
        case "user":
            return {"user": destination.name}
        case "app":
            return {"app": destination.id}
        case _:
            return {"channel": str(destination.id)}


def sent_body(results: Sequence[SendResult]) -> list[dict[str, Any]]:
    """Return the `DestinationResult` of each destination."""
    return [_destination_body(result) for result in results]


def _destination_body(result: SendResult) -> dict[str, Any]:
    made: dict[str, Any] = {"to": _recipient_body(result.destination)}
    if result.stored is not None:
        stored = result.stored
        made["target"], made["id"] = str(stored.channel), str(stored.id)
        made["seq"], made["position"] = stored.seq, stored.position
        if result.online is not None:
            made["online"] = result.online
    elif result.refusal is not None:
        made["problem"] = problems.problem_of_error(result.refusal, call="messages/")
    return made


def _pushed(pushed: Sequence[PushResult]) -> list[dict[str, Any]]:
    """Return the outcome of a transient message. Raise the first refusal if all destinations refused it."""
    if pushed and all(item.refusal is not None for item in pushed):
        assert pushed[0].refusal is not None
        raise pushed[0].refusal
    return [
        {"to": _recipient_body(item.destination), "persons": item.receivers}
        if item.refusal is None
        else {"to": _recipient_body(item.destination), "problem": problems.problem_of_error(item.refusal)}
        for item in pushed
    ]
