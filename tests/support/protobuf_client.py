"""A client of the protobuf protocol, for tests: `await alice.send("single", bob, "hi")`, `await bob.message("hi")`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from chat.wire import im_pb2 as im
from tests.support import log_secrets
from tests.support.client import Closed
from tests.support.waiting import TIMEOUT_SECONDS

_SESSIONS = {"single": im.ST_SINGLE, "group": im.ST_GROUP}
_TYPES = {"text": im.MT_TEXT, "picture": im.MT_PICTURE, "voice": im.MT_VOICE}


class Ack:
    """An Output of type ACK."""

    def __init__(self, output: im.Output) -> None:
        ack = im.ACKMsg.FromString(output.data)
        self.code, self.type, self.client_id, self.seq = output.code, ack.type, ack.clientId, ack.seq


class ProtobufClient:
    """One connection. `outputs` has everything received; `acks` and `messages` are parts of it."""

    def __init__(self, socket: Any, user: int = 0) -> None:
        self.socket = socket
        self.user = user
        self.outputs: list[im.Output] = []
        self.sizes: list[int] = []
        """Number of Outputs in each received frame."""
        self._count = 0
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, url: str, user: int = 0) -> ProtobufClient:
        socket = await connect(
            url, compression=None, max_size=None, proxy=None, open_timeout=TIMEOUT_SECONDS, ping_interval=None
        )
        return cls(socket, user)

    async def _read(self) -> None:
        try:
            async for frame in self.socket:
                items = im.OutputBatch.FromString(frame).outputs
                self.sizes.append(len(items))
                self.outputs += [im.Output.FromString(item) for item in items]
                self._news.set()
        except ConnectionClosed:
            pass
        finally:
            self._news.set()

    # -- up -------------------------------------------------------------------------------------------------------

    async def post(self, type: im.CmdType | int, data: bytes = b"") -> None:
        await self.socket.send(im.Input(type=type, data=data).SerializeToString())  # type: ignore[arg-type]

    async def login(self, token: str, *, sync: int | None = None) -> Ack:
        """Log in. With `sync`, also fetch all messages after that position."""
        log_secrets.note(token)
        await self.post(im.CT_LOGIN, im.LoginMsg(token=token.encode()).SerializeToString())
        ack = await self.ack(lambda ack: ack.type == im.AT_LOGIN or ack.code != 200)
        if sync is not None:
            await self.fetch(sync)
        return ack

    async def put(
        self,
        session: str,
        receiver: int,
        content: bytes | str = "hello",
        *,
        number: int | None = None,
        type: str = "text",
        sender: int | None = None,
        key: str = "",
    ) -> int:
        """Send a message without waiting; return its client number."""
        if number is None:
            self._count += 1
            number = self._count
        message = im.Message(
            session_type=_SESSIONS[session],
            receiver_id=receiver,
            sender_id=self.user if sender is None else sender,
            message_type=_TYPES[type],
            content=content.encode() if isinstance(content, str) else content,
        )
        up = im.UpMsg(msg=message, clientId=number, clientMsgId=key)
        await self.post(im.CT_MESSAGE, up.SerializeToString())
        return number

    async def send(self, session: str, receiver: int, content: bytes | str = "hello", **how: Any) -> Ack:
        """Send a message and wait for its acknowledgement or refusal."""
        before = len(self.acks)
        number = await self.put(session, receiver, content, **how)
        await self.until(lambda: any(ack.client_id == number for ack in self.acks[before:]))
        return next(ack for ack in self.acks[before:] if ack.client_id == number)

    async def sync(self, seq: int) -> im.SyncOutputMsg:
        """Send Sync and return one page."""
        before = len(self._of(im.CT_SYNC))
        await self.post(im.CT_SYNC, im.SyncInputMsg(seq=seq).SerializeToString())
        await self.until(lambda: len(self._of(im.CT_SYNC)) > before)
        return im.SyncOutputMsg.FromString(self._of(im.CT_SYNC)[before].data)

    async def fetch(self, seq: int) -> list[im.Message]:
        """Return the messages of all pages after that position."""
        messages: list[im.Message] = []
        more = True
        while more:
            page = await self.sync(seq)
            assert page.messages or not page.has_more
            messages += page.messages
            seq, more = messages[-1].seq if messages else seq, page.has_more
        return messages

    async def acknowledge(self, seq: int) -> None:
        """Acknowledge all pushes up to that position."""
        await self.post(im.CT_ACK, im.ACKMsg(type=im.AT_PUSH, seq=seq).SerializeToString())

    async def call(self, cmd: str, **data: Any) -> Any:
        """Send a command of the JSON protocol and return its response."""
        seq = f"c{len(self.outputs)}{cmd}"
        await self.post(im.CT_CALL, json.dumps({"seq": seq, "cmd": cmd, "data": data}).encode())
        await self.until(lambda: any(one["seq"] == seq for one in self.calls))
        return next(one["response"] for one in self.calls if one["seq"] == seq)

    # -- down -----------------------------------------------------------------------------------------------------

    def _of(self, type: im.CmdType | int) -> list[im.Output]:
        return [output for output in self.outputs if output.type == type]

    @property
    def acks(self) -> list[Ack]:
        return [Ack(output) for output in self._of(im.CT_ACK)]

    @property
    def messages(self) -> list[im.Message]:
        """Return the pushed messages."""
        return [im.PushMsg.FromString(output.data).msg for output in self._of(im.CT_MESSAGE)]

    @property
    def texts(self) -> list[str]:
        return [message.content.decode() for message in self.messages]

    @property
    def fetched(self) -> list[im.Message]:
        """Messages returned by Sync."""
        return [
            message for output in self._of(im.CT_SYNC) for message in im.SyncOutputMsg.FromString(output.data).messages
        ]

    @property
    def greatest(self) -> int:
        """Return the greatest number received in any message or acknowledgement, for the client's next Sync."""
        told = [ack.seq for ack in self.acks] + [message.seq for message in (*self.messages, *self.fetched)]
        return max(told, default=0)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Return the replies and pushes of the JSON protocol."""
        return [json.loads(output.data) for output in self._of(im.CT_CALL)]

    async def ack(self, fits: Callable[[Ack], bool]) -> Ack:
        """Wait for the first acknowledgement or refusal for which `fits` is true."""
        await self.until(lambda: any(map(fits, self.acks)))
        return next(filter(fits, self.acks))

    async def message(self, text: str) -> im.Message:
        """Wait for the push with this text."""
        await self.until(lambda: text in self.texts)
        return next(message for message in self.messages if message.content == text.encode())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not condition():
                if self._reader.done():
                    raise Closed(self.socket.close_code, self.socket.close_reason or "")
                self._news.clear()
                await self._news.wait()

    async def closed(self) -> int | None:
        await asyncio.wait_for(asyncio.shield(self._reader), TIMEOUT_SECONDS)
        code: int | None = self.socket.close_code
        return code

    async def settle(self) -> None:
        """Wait until all frames sent so far have arrived. Sends an unknown command, whose refusal comes after them."""
        before = len([ack for ack in self.acks if ack.code == 1010])
        await self.post(99)
        await self.until(lambda: len([ack for ack in self.acks if ack.code == 1010]) > before)

    async def close(self) -> None:
        await self.socket.close()
        await self._reader
