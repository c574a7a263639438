"""The consumer of `/ws`: Protocol Buffers over the same commands and actions as `/acc`."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

from accounts.credentials import token_digest
from accounts.numbers import parse_decimal
from chat import encoders, errors, reasons
from chat.commands import protobuf_requests
from chat.commands.dispatch import Reply, collect_reply, dispatch, find_command, refusal_reply
from chat.commands.registry import Call, Caller
from chat.consumers.base import Consumer, InFlightTasks, Query
from chat.consumers.client_sends import ClientSendTracker
from chat.consumers.received_position import ReceivedPosition
from chat.consumers.resend import MAX_UNACKNOWLEDGED, UnacknowledgedPushes
from chat.errors import ChatError, Code
from chat.node.lifecycle import Node
from chat.sending.drafts import Draft
from chat.wire import json_codec, protobuf_codec
from chat.wire.protobuf_codec import (
    Acknowledge,
    BadInput,
    Heartbeat,
    JsonCall,
    Login,
    Request,
    SendRequest,
    Sync,
    Unknown,
)
from delivery.hub.connection import Connection
from delivery.hub.segments import Frame
from delivery.request_id import set_request_id

DEFAULT_APP = 101
SYNC_TIMEOUT_SECONDS = 30.0
"""Seconds for which pushes and acknowledgements are held back after the log-in of a client that lacks messages, until
it sends Sync."""
SYNC_RETRY_TIMEOUT_SECONDS = 30.0
"""Seconds for which they are held back after a refused Sync. Releasing them earlier would leave a gap at the client."""


class ProtobufConsumer(Consumer):
    """One connection of the protobuf protocol."""

    codec = encoders.PROTOBUF
    _encoding = "protobuf"

    def _opened(self, node: Node, caller: Caller, query: Query) -> None:
        # No app has the number 0, so text that is not a number is refused like an unknown app.
        self._app = parse_decimal(query.get("app", [str(DEFAULT_APP)])[-1]) or 0
        caller.in_global_channel = query.get("global") == ["1"]
        caller.session_key = ""
        self._sent = ClientSendTracker()
        connection, self._hub, self._stored_positions = caller.connection, node.hub, node.received_positions
        self._disconnect_to_resync = partial(connection.close, errors.TOO_SLOW.number, errors.TOO_SLOW.reason)
        self._unacknowledged = UnacknowledgedPushes(
            node.resend_timer, connection.outbox.put, self._disconnect_to_resync
        )
        self._received = ReceivedPosition(node.hub, connection, self._unacknowledged, node.received_positions)
        if self._socket is not None:
            self._socket.watch_pings(self._received.mark, self._received.confirm)
        self._sync_owed: asyncio.TimerHandle | None = None

    def _client_closed(self) -> None:
        self._received.mark()
        self._received.confirm()

    def _ended(self) -> None:
        self._received.record()
        self._unacknowledged.stop()
        self._on_synced()

    async def _request(self, caller: Caller, event: dict[str, Any], in_flight: InFlightTasks) -> None:
        connection = caller.connection
        call = Call(caller, connection.open_reply())
        set_request_id(call.origin)
        allowed = connection.request_limit.take()
        try:
            request = protobuf_codec.decode(event.get("bytes") or (event.get("text") or "").encode())
        except BadInput as bad:
            early = caller.user is None and bad.readable and not bad.login
            code = errors.NOT_LOGGED_IN if early else errors.ILLEGAL_PARAMETER
            self._refuse(call, code if allowed else errors.TOO_MUCH)
        else:
            client_id = request.client_id if isinstance(request, SendRequest) else 0
            if caller.user is None and not isinstance(request, Login):
                self._refuse(call, errors.NOT_LOGGED_IN, client_id)
            elif isinstance(request, SendRequest) and not client_id:
                self._refuse(call, errors.ILLEGAL_PARAMETER if allowed else errors.TOO_MUCH)
            elif isinstance(request, SendRequest) and not self._sent.take(client_id):
                connection.reply(call.number, None)
            elif not allowed:
                self._refuse(call, errors.TOO_MUCH, client_id)
                if isinstance(request, Sync):
                    self._hold_until_synced(connection, request)
                    self._sync_refused(connection)
            else:
                await self._handle(call, request, in_flight)
        if not allowed:
            self._end_flood(connection)

    async def _handle(self, call: Call, request: Request, in_flight: InFlightTasks) -> None:
        match request:
            case Login():
                await self._log_in(call, request)
            case SendRequest():
                await self._receive_message(call, request, in_flight)
            case Sync():
                self._on_synced()
                call.caller.connection.resume_after(None)
                self._hold_until_synced(call.caller.connection, request)
                await self._start(self._sync(call, request), in_flight, pipelined=False)
            case JsonCall():
                await self._call(call, request, in_flight)
            case Acknowledge(seq) if seq is not None:
                await self._acknowledged(call, seq)
                call.caller.connection.reply(call.number, None)
            case Heartbeat() | Acknowledge():
                call.caller.connection.reply(call.number, None)
            case Unknown():
                self._refuse(call, errors.NO_SUCH_COMMAND)

    # -- Login and Sync -------------------------------------------------------------------------------------------

    async def _log_in(self, call: Call, request: Login) -> None:
        connection, first = call.caller.connection, call.caller.user is None
        if first:
            connection.pause()
        result = await collect_reply(
            protobuf_requests.log_in(call, request.token, self._app), "Login", errors.SERVER_ERROR
        )
        if result.code is errors.SUCCESS:
            frame = protobuf_codec.encode_acknowledgement(protobuf_codec.LOGIN, result.code.number, result.code.text)
            connection.reply_ahead(call.number, frame)
            await self._await_sync(call, token_digest(request.token))
            return
        if first:
            connection.resume()
        if result.code is errors.NOT_AUTHORISED:
            connection.close_after_reply(errors.SIGNED_OUT.number, errors.SIGNED_OUT.reason)
        self._refuse(call, result.code)

    async def _await_sync(self, call: Call, digest: str) -> None:
        """Let pushes and acknowledgements wait for a Sync if the client lacks messages; otherwise they go on."""
        connection = call.caller.connection
        connection.resume_after(SYNC_TIMEOUT_SECONDS)
        work = protobuf_requests.received_so_far(call, self._stored_positions, digest)
        result = await collect_reply(work, "Login", errors.SERVER_ERROR)
        if result.code is not errors.SUCCESS:
            return
        so_far: protobuf_requests.Received = result.data
        self._received.begin(digest, so_far.stored, so_far.position, is_complete=not so_far.lacks_messages)
        if not so_far.lacks_messages:
            self._discard_held(call, so_far.position)
            connection.resume()

    def _hold_until_synced(self, connection: Connection, request: Sync) -> None:
        """Hold back pushes and acknowledgements if they may carry the client past what it lacks.

        They may if it has less than this node knows of. If it has seen more, on another node, this one would push that
        again while it catches up.
        """
        if not self._received.position <= request.seq <= self._hub.watermark:
            connection.pause()

    async def _sync(self, call: Call, request: Sync) -> None:
        connection = call.caller.connection
        result = await collect_reply(protobuf_requests.sync(call, request.seq), "Sync", errors.SERVER_ERROR)
        if result.code is not errors.SUCCESS:
            self._refuse(call, result.code)
            self._sync_refused(connection)
            return
        page: protobuf_requests.Page = result.data
        code = result.code
        frame = protobuf_codec.encode_sync_page(code.number, code.text, page.messages, has_more=page.has_more)
        connection.reply_ahead(call.number, frame)
        first_lacked = page.messages[0].seq if page.messages else None
        self._received.claim(request.seq, first_lacked=first_lacked, is_complete=not page.has_more)
        if connection.is_paused:
            self._discard_held(call, page.upto)
            if not page.has_more:
                connection.resume()

    def _discard_held(self, call: Call, upto: int) -> None:
        """Drop the held pushes up to this position that the client has."""
        call.caller.connection.discard_synced(upto, lambda frame: self._is_synced_kind(call.caller, frame))

    def _sync_refused(self, connection: Connection) -> None:
        """Hold pushes until the client sends Sync again; disconnect it after SYNC_RETRY_TIMEOUT_SECONDS."""
        connection.resume_after(None)
        if connection.is_paused and self._sync_owed is None:
            self._sync_owed = asyncio.get_running_loop().call_later(
                SYNC_RETRY_TIMEOUT_SECONDS, self._disconnect_to_resync
            )

    def _on_synced(self) -> None:
        if self._sync_owed is not None:
            self._sync_owed.cancel()
            self._sync_owed = None

    def _is_synced_kind(self, caller: Caller, frame: Frame) -> bool:
        """Return whether a Sync returns what this frame pushes.

        It does not return messages of global channels, edits and notes.
        """
        message = protobuf_codec.decode_pushed_message(cast(bytes, frame))
        return message is not None and (message.session_type, message.receiver_id) != (
            protobuf_codec.GROUP,
            caller.default_channel,
        )

    # -- Message --------------------------------------------------------------------------------------------------

    async def _receive_message(self, call: Call, up: SendRequest, in_flight: InFlightTasks) -> None:
        """Handle a message with an acceptable number: acknowledge it again, await its storing, or store it."""
        if (earlier := self._sent.task_of(up.client_id)) is not None:
            await asyncio.wait([earlier])
        if (seq := self._sent.stored(up.client_id)) is not None:
            self._acknowledge(call, up.client_id, seq)
            return
        result = await collect_reply(self._draft(call, up), "Message", errors.STORE_FAILED)
        if result.code is not errors.SUCCESS:
            self._refuse(call, result.code, up.client_id)
            return
        await self._start(self._store(call, up.client_id, result.data), in_flight, pipelined=True)
        self._sent.begin(up.client_id, in_flight[-1])

    async def _draft(self, call: Call, up: SendRequest) -> Draft:
        """Return a draft for the message's channel. The private channel with a user is looked up only once."""
        draft = protobuf_requests.draft(call, up)
        if not draft.channel:
            if (channel := self._sent.peers.get(up.receiver)) is None:
                channel = self._sent.peers[up.receiver] = await protobuf_requests.private_channel(call, up.receiver)
            draft.channel = channel
        if draft.type == "file":
            await protobuf_requests.upload(call, up, draft)
        return draft

    async def _store(self, call: Call, client_id: int, draft: Draft) -> None:
        result = await collect_reply(protobuf_requests.send(call, draft), "Message", errors.STORE_FAILED)
        if result.code is errors.SUCCESS:
            self._sent.end(client_id, result.data.position)
            self._acknowledge(call, client_id, result.data.position)
        else:
            self._sent.end(client_id, None)
            self._refuse(call, result.code, client_id)

    def _acknowledge(self, call: Call, client_id: int, seq: int) -> None:
        code = errors.SUCCESS
        frame = protobuf_codec.encode_acknowledgement(
            protobuf_codec.UP, code.number, code.text, client_id=client_id, seq=seq
        )
        call.caller.connection.reply(call.number, frame, awaits_event=call.awaits_event)

    async def _acknowledged(self, call: Call, seq: int) -> None:
        """Handle a client's acknowledgement.

        The first one may require tracking pushes older than those kept in memory.
        """
        self._received.acknowledge(seq)
        if (kept_from := self._unacknowledged.acknowledge(seq)) is not None:
            work = protobuf_requests.pushed(call, after=seq, before=kept_from, limit=MAX_UNACKNOWLEDGED)
            result = await collect_reply(work, "ACK", errors.SERVER_ERROR)
            if result.code is errors.SUCCESS:
                self._unacknowledged.add_older(result.data)

    # -- Call -----------------------------------------------------------------------------------------------------

    async def _call(self, call: Call, request: JsonCall, in_flight: InFlightTasks) -> None:
        call.caller.connection.codec = encoders.PROTOBUF_AND_CALLS
        try:
            inner = json_codec.decode(request.raw)
        except json_codec.BadFrame as bad:
            self._reply_call(call, bad.seq, bad.cmd, refusal_reply(ChatError(reasons.BAD_FRAME, sentence=str(bad))))
            return
        command = find_command(inner.cmd)
        pipelined = command is not None and command.pipelined
        await self._start(self._run_command(call, inner), in_flight, pipelined=pipelined)

    async def _run_command(self, call: Call, request: json_codec.Request) -> None:
        self._reply_call(call, request.seq, request.cmd, await dispatch(find_command(request.cmd), call, request.data))

    def _reply_call(self, call: Call, seq: str, cmd: str, result: Reply) -> None:
        code = result.code
        envelope = json_codec.encode(seq, cmd, code.number, code.text, result.data, reason=result.reason)
        frame = protobuf_codec.encode_call(code.number, code.text, envelope)
        call.caller.connection.reply(call.number, frame, awaits_event=call.awaits_event)

    # -- writing --------------------------------------------------------------------------------------------------

    def _refuse(self, call: Call, code: Code, client_id: int = 0) -> None:
        """Send the refusal at once, ahead of held replies: it has no position, and the client may retry."""
        frame = protobuf_codec.encode_refusal(code.number, code.text, client_id=client_id)
        call.caller.connection.reply_ahead(call.number, frame)

    def _writing(self, frames: list[Any]) -> None:
        self._unacknowledged.sent(frames)

    def _encode_frames(self, frames: list[Frame]) -> list[Frame]:
        return cast(list[Frame], protobuf_codec.batch_frames(cast(list[bytes], frames)))
