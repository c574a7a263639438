"""Connections without asyncio work on a thread of their own, which ends with them."""

from __future__ import annotations

import asyncio
import threading

import pytest

from imsite.client import Refused, SyncClient, SyncConnection
from tests.imsite.client.scripted_site import LOGIN, ScriptedConnection, ScriptedSite

pytestmark = pytest.mark.usefixtures("short_pauses")


def _threads() -> int:
    return sum(thread.name == "connection" for thread in threading.enumerate())


async def test_pushes_and_replies_come_through_a_reconnect_until_the_connection_is_closed() -> None:
    async def first(server: ScriptedConnection) -> None:
        await server.enter()
        await server.push(41)
        await server.cut()

    async def second(server: ScriptedConnection) -> None:
        await server.enter()
        await server.page(41, 42, upto=42)
        request = await server.asked("message.react")
        await server.answer(request, {"count": 3})
        await server.stay()

    def talk(url: str) -> tuple[list[int | None], int, int | None]:
        with SyncClient(url, token="secret") as im, im.listen() as connection:
            heard = [next(connection).position, next(connection).position]
            count = connection.react("7", "\N{PARTY POPPER}", target="1")
            assert connection.user.user_id == LOGIN["userId"]
            connection.close()
            heard += [push.position for push in connection]
            return heard, count, connection.position

    async with ScriptedSite(first, second).serve() as url:
        assert await asyncio.to_thread(talk, url) == ([41, 42], 3, 42)
    assert _threads() == 0


async def test_a_refused_login_raises_and_leaves_no_thread() -> None:
    async def refuse(server: ScriptedConnection) -> None:
        await server.answer(await server.asked("login"), None, code=1003)
        await server.stay()

    def enter(url: str) -> SyncConnection:
        with SyncClient(url, token="wrong") as im, im.listen() as connection:
            return connection

    async with ScriptedSite(refuse).serve() as url:
        with pytest.raises(Refused):
            await asyncio.to_thread(enter, url)
    assert _threads() == 0
