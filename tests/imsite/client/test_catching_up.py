"""After a reconnect no push is missing or repeated, or the client gets a reset."""

from __future__ import annotations

import pytest

from imsite.client import Disconnected, Push
from tests.imsite.client.scripted_site import ScriptedConnection, ScriptedSite, take, wait_for_position

pytestmark = pytest.mark.usefixtures("short_pauses")


async def test_after_a_disconnect_no_push_is_missing_or_repeated() -> None:
    async def first(server: ScriptedConnection) -> None:
        await server.enter()
        await server.push(41, 42)
        await server.cut()

    async def second(server: ScriptedConnection) -> None:
        assert (await server.enter())["after"] == 40
        await server.push(46)
        assert await server.page(41, 42, 43, upto=43, has_more=True) == 40
        assert await server.page(44, 46, upto=46) == 43
        await server.push(47)
        await server.stay()

    async with ScriptedSite(first, second).connect() as connection:
        assert await take(connection, 6) == [41, 42, 43, 44, 46, 47]


async def test_a_restarted_program_continues_at_its_position() -> None:
    async def script(server: ScriptedConnection) -> None:
        assert (await server.enter())["after"] == 30
        await server.page(31, 32, upto=35)
        await server.stay()

    async with ScriptedSite(script).connect(after=30) as connection:
        assert await take(connection, 1) == [31]
        assert connection.position == 30, "what has been handed out is not done with yet"
        assert await take(connection, 1) == [32]
        await wait_for_position(connection, 35)


async def test_an_acknowledged_message_does_not_come_back_after_a_disconnect() -> None:
    async def first(server: ScriptedConnection) -> None:
        await server.enter()
        await server.answer(await server.asked("message.send"), {"target": "5", "id": "70", "seq": 3, "position": 41})
        await server.asked("ping")
        await server.cut()

    async def second(server: ScriptedConnection) -> None:
        await server.enter()
        await server.page(41, 42, upto=42)
        await server.stay()

    async with ScriptedSite(first, second).connect() as connection:
        await connection.send("hello", target="5")
        with pytest.raises(Disconnected):
            await connection.call("ping")
        assert await take(connection, 1) == [42]


async def test_a_heartbeat_moves_the_position() -> None:
    async def script(server: ScriptedConnection) -> None:
        await server.enter()
        await server.push(41)
        await server.answer(await server.asked("heartbeat"), {"position": 45})
        await server.push(46)
        await server.stay()

    async with ScriptedSite(script).connect(heartbeat_seconds=0.01) as connection:
        assert await take(connection, 2) == [41, 46]
        await wait_for_position(connection, 45)


async def test_a_client_too_far_behind_gets_a_reset() -> None:
    async def script(server: ScriptedConnection) -> None:
        await server.enter()
        await server.answer(await server.asked("sync"), {"reset": True, "position": 9000})
        await server.push(9001)
        await server.stay()

    async with ScriptedSite(script).connect(after=1) as connection:
        assert await anext(connection) == Push("reset", {"position": 9000})
        assert await take(connection, 1) == [9001]


async def test_too_many_unread_pushes_end_in_a_reset() -> None:
    async def script(server: ScriptedConnection) -> None:
        await server.enter()
        await server.push(41, 42, 43, 44)
        await server.answer(await server.asked("ping"), "pong")
        await server.push(45)
        await server.stay()

    async with ScriptedSite(script).connect(max_waiting_pushes=3) as connection:
        await connection.call("ping")
        assert (await anext(connection)).cmd == "reset"
        assert await take(connection, 1) == [45]
