"""The consumer of `/acc`: the JSON protocol over the shared commands."""

from __future__ import annotations

from typing import Any, cast

from chat import reasons
from chat.commands.dispatch import Reply, dispatch, find_command, refusal_reply
from chat.commands.registry import Call, Caller
from chat.consumers.base import Consumer, InFlightTasks, Query
from chat.errors import ChatError
from chat.node.lifecycle import Node
from chat.wire import json_codec
from delivery.hub.segments import Frame
from delivery.request_id import set_request_id


class JsonConsumer(Consumer):
    """One connection of the JSON protocol."""

    codec = "json"

    def _opened(self, node: Node, caller: Caller, query: Query) -> None:
        self._batch = query.get("batch") == ["1"]
        self._encoding = "json arrays" if self._batch else "json"

    async def _request(self, caller: Caller, event: dict[str, Any], in_flight: InFlightTasks) -> None:
        connection = caller.connection
        call = Call(caller, connection.open_reply())
        set_request_id(call.origin)
        allowed = connection.request_limit.take()
        try:
            request = json_codec.decode(event.get("text") or event.get("bytes") or "")
        except json_codec.BadFrame as bad:
            if allowed:
                self._reply(call, bad.seq, bad.cmd, refusal_reply(ChatError(reasons.BAD_FRAME, sentence=str(bad))))
            else:
                self._refuse_flood(call, bad.seq, bad.cmd)
            return
        if not allowed:
            self._refuse_flood(call, request.seq, request.cmd)
            return
        command = find_command(request.cmd)
        pipelined = command is not None and command.pipelined
        await self._start(self._run_command(call, request), in_flight, pipelined=pipelined)

    def _refuse_flood(self, call: Call, seq: str, cmd: str) -> None:
        self._reply(call, seq, cmd, refusal_reply(self._flood_refusal(call.caller.connection)))
        self._end_flood(call.caller.connection)

    async def _run_command(self, call: Call, request: json_codec.Request) -> None:
        result = await dispatch(find_command(request.cmd), call, request.data)
        self._reply(call, request.seq, request.cmd, result)

    def _reply(self, call: Call, seq: str, cmd: str, result: Reply) -> None:
        code = result.code
        frame = json_codec.encode(seq, cmd, code.number, code.text, result.data, reason=result.reason)
        call.caller.connection.reply(call.number, frame, awaits_event=call.awaits_event)

    def _encode_frames(self, frames: list[Frame]) -> list[Frame]:
        # The JSON codec encodes to text only.
        return [json_codec.join_frames(cast(list[str], frames))] if self._batch else frames
