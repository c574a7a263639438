"""Runs slash commands: the site's own at once, and those of services in the background of the reply."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from hashlib import sha256
from typing import Any

import msgspec
from django.conf import settings
from django.db import DatabaseError, IntegrityError

from accounts.models import User
from chat import reasons
from chat.actions.idempotency import run_once
from chat.actions.message import message_send
from chat.errors import ChatError
from chat.models import Channel, SlashCommand, SlashRun
from chat.selectors import access_channel, access_message
from chat.sending.drafts import Draft
from chat.sending.load import load_unlocked
from chat.sending.permissions import Permissions
from chat.slash import answers, service_request
from chat.slash.builtin import BUILT_IN, BuiltIn
from chat.slash.call import SlashCall, SlashNote
from chat.slash.listing import help_text
from chat.slash.selectors import commands_in
from delivery import log
from delivery.db.executors import run
from delivery.db.transactions import write
from delivery.idempotency import IdempotencyKey
from delivery.outbound.http_client import HttpResult

logger = logging.getLogger(__name__)

_DAY_MS = 86_400_000
_tasks: set[asyncio.Task[None]] = set()
_running: Counter[int] = Counter()
"""Requests of this node that wait for the answer of a service, by command."""


async def slash_run(call: SlashCall) -> dict[str, Any]:
    """Run a command and return a `SlashResult`. A repeated client id runs nothing again. Call it on the event loop.

    Raise ChatError UNKNOWN_SLASH_COMMAND, SLASH_USAGE, and what the action of the command raises.
    """
    command = BUILT_IN.get(call.name)
    if command is None:
        return await _run_service(call)
    if call.user.is_guest and not command.guests:
        raise ChatError(reasons.ACCOUNT_REQUIRED)
    done = await run(_run_builtin, command, call)
    if isinstance(done, Draft):
        await message_send(done)
        return {"command": call.name, "text": ""}
    return {"command": call.name, **done}


def _run_builtin(command: BuiltIn, call: SlashCall) -> Draft | dict[str, Any]:
    """Return the message to send, whose client id makes it unique, or the note for the caller as data."""
    if command.name == "help":
        access = access_channel(call.user, call.channel_id, app=call.app)
        return SlashNote("help", help_text(call.user, access, call.app)).data()
    drafts: list[Draft] = []

    def work() -> dict[str, Any]:
        done = command.run(call)
        if isinstance(done, Draft):
            drafts.append(done)
            return {}
        return done.data()

    if command.guests:
        note = work()
    else:
        note, _ = run_once(_idempotency_key(call), work)
    return drafts[0] if drafts else note


def _idempotency_key(call: SlashCall) -> IdempotencyKey | None:
    if call.client_id is None:
        return None
    request = f"{call.channel_id} {call.name} {call.arguments}"
    return IdempotencyKey(f"slash:{call.user.pk}", call.client_id, sha256(request.encode()).hexdigest())


async def _run_service(call: SlashCall) -> dict[str, Any]:
    begun, channel, is_new = await run(_begin, call)
    if is_new:
        task = asyncio.create_task(_ask_service(begun, call, channel), name="slash command")
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
    return {"command": call.name, "text": "", "runId": str(begun.pk)}


def _begin(call: SlashCall) -> tuple[SlashRun, Channel, bool]:
    """Store the call, and return whether it is new. The caller must be able to send a message at this place."""
    access = access_channel(call.user, call.channel_id, app=call.app)
    command = commands_in(access, call.app).filter(name=call.name).first()
    if command is None:
        raise ChatError(reasons.UNKNOWN_SLASH_COMMAND, name=call.name)
    if call.user.is_guest:
        raise ChatError(reasons.ACCOUNT_REQUIRED)
    # A mute may be newer than the user of the connection.
    loaded = load_unlocked(User.objects.get(pk=call.user.pk), access.channel.pk)
    Permissions(loaded, log.now_ms()).authorize(Draft(call.user.pk, access.channel.pk, call.arguments, app=call.app))
    if call.thread_id is not None:
        access_message(call.user, access, call.thread_id)
    begun, is_new = _store(command, call)
    begun.command = command
    return begun, access.channel, is_new


def _store(command: SlashCommand, call: SlashCall) -> tuple[SlashRun, bool]:
    key = {"user": call.user, "client_id": call.client_id}
    if call.client_id is not None and (known := SlashRun.objects.filter(**key).first()) is not None:
        return known, False
    try:
        with write():
            begun = SlashRun.objects.create(
                command=command, channel_id=call.channel_id, thread=call.thread_id, created_at=log.now_ms(), **key
            )
    except IntegrityError:
        # The same call was faster on another connection.
        return SlashRun.objects.get(**key), False
    return begun, True


async def _ask_service(begun: SlashRun, call: SlashCall, channel: Channel) -> None:
    command = begun.command
    if _running[command.pk] >= settings.IM_SLASH_CONCURRENCY:
        answers.tell_failure(begun, "busy")
        return
    _running[command.pk] += 1
    try:
        result = await service_request.send(command, service_request.request_body(command, begun, call, channel))
    finally:
        _running[command.pk] -= 1
    try:
        await _take_response(begun, result)
    except DatabaseError as error:
        logger.warning("slash_answer_failed", extra={"error": type(error).__name__})
        answers.tell_failure(begun, "failed")
    except Exception:
        logger.exception("slash_answer_error")
        answers.tell_failure(begun, "failed")


async def _take_response(begun: SlashRun, result: HttpResult) -> None:
    """Give the answer of a response. An empty one says that the service answers later."""
    if not result.ok:
        logger.info("slash_command_failed", extra={"command": begun.command.name, "error": result.error})
        answers.tell_failure(begun, "timeout" if result.timed_out else "failed")
        return
    if not result.body.strip():
        return
    try:
        answer = service_request.parse_answer(result.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, ChatError):
        answers.tell_failure(begun, "invalid")
        return
    if answer.type == "ephemeral":
        answers.tell_caller(begun, answer.text)
        return
    try:
        await message_send(answers.posted_draft(begun, answer.text))
    except ChatError:
        answers.tell_failure(begun, "refused")


def runs_delete_old() -> None:
    """Delete calls whose answers and retries have been over for long."""
    SlashRun.objects.filter(created_at__lt=log.now_ms() - _DAY_MS).delete()
