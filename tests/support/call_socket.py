"""The JSON protocol carried by Calls of `/ws`: the part of a socket that `Client` needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from chat.wire import im_pb2 as im
from tests.support.shared_site import Account, Clients, UserClient
from tests.support.waiting import TIMEOUT_SECONDS

both_codecs = pytest.mark.parametrize("codec", ["acc", "ws"], indirect=True)
"""Marks a test that runs over `/acc` and, by Calls, over `/ws`."""


class CallSocket:
    """A logged-in connection of `/ws`. Pushes of type Message are left out."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.transport = socket.transport

    @classmethod
    async def login(cls, url: str, token: str) -> CallSocket:
        """Connect, log in with the token, and send a Sync that returns nothing."""
        socket = await connect(
            url, compression=None, max_size=None, proxy=None, open_timeout=TIMEOUT_SECONDS, ping_interval=None
        )
        made = cls(socket)
        await made._post(im.CT_LOGIN, im.LoginMsg(token=token.encode()).SerializeToString())
        await made._post(im.CT_SYNC, im.SyncInputMsg(seq=2**63 - 1).SerializeToString())
        for expected in (im.CT_ACK, im.CT_SYNC):
            (output,) = made._outputs(await made._socket.recv())
            assert (output.type, output.code) == (expected, 200), output
        return made

    async def _post(self, type: im.CmdType, data: bytes) -> None:
        await self._socket.send(im.Input(type=type, data=data).SerializeToString())

    def _outputs(self, frame: str | bytes) -> list[im.Output]:
        assert isinstance(frame, bytes)
        return [im.Output.FromString(output) for output in im.OutputBatch.FromString(frame).outputs]

    async def send(self, frame: str | bytes) -> None:
        await self._post(im.CT_CALL, frame.encode() if isinstance(frame, str) else frame)

    async def __aiter__(self) -> AsyncIterator[str]:
        async for frame in self._socket:
            for output in self._outputs(frame):
                if output.type == im.CT_CALL:
                    yield output.data.decode()

    async def close(self) -> None:
        await self._socket.close()

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code

    @property
    def close_reason(self) -> str | None:
        return self._socket.close_reason


class ClientsOfBothProtocols(Clients):
    """Connects users with an account by `/ws`, where they send by Calls what others send by `/acc`."""

    async def login(
        self, account: Account, *, app: int = 101, after: int | None = None, activity: bool = False, **how: Any
    ) -> UserClient:
        if after is not None or how:
            return await super().login(account, app=app, after=after, activity=activity, **how)
        url = f"{self.shared_site.site.acc.removesuffix('/acc')}/ws?app={app}&global=1&activity={int(activity)}"
        person = UserClient(await CallSocket.login(url, account.token))  # type: ignore[arg-type]
        self.clients.append(person)
        person.account, person.token, person.app = account, account.token, app
        person.name, person.id, person.nickname = account.name, account.id, account.nickname
        person.room = (await person.call("channel.list"))["channels"][0]["target"]
        return person

    async def again(self, person: UserClient, **how: Any) -> UserClient:
        if person.account is None or how.keys() - {"app"}:
            return await super().again(person, **how)
        return await self.login(person.account, app=how.get("app", person.app))
