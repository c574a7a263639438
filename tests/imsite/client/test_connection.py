"""Connections of the client library log in, send requests, reconnect and end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidURI

from imsite.client import Client, Closed, Disconnected, Refused
from imsite.client import connection as connection_module
from tests.imsite.client.scripted_site import LOGIN, ScriptedConnection, ScriptedSite, envelope, take
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.usefixtures("short_pauses")


async def test_a_client_logs_in_with_its_token_and_gets_pushes() -> None:
    async def script(server: ScriptedConnection) -> None:
        assert server.socket.request is not None
        assert server.socket.request.path == "/acc?batch=1"
        assert await server.enter() == {"appId": 102, "serviceToken": "secret"}
        await server.socket.send(json.dumps([envelope(41), envelope(42)]))
        await server.stay()

    async with ScriptedSite(script).connect(app=102) as connection:
        assert (connection.user.user_id, connection.user.global_channel) == ("bot", "1")
        assert await take(connection, 2) == [41, 42]


async def test_a_message_is_sent_again_under_one_key_until_acknowledged() -> None:
    keys = []

    async def lose(server: ScriptedConnection) -> None:
        await server.enter()
        keys.append((await server.asked("message.send"))["data"]["clientMsgId"])
        await server.cut()

    async def accept(server: ScriptedConnection) -> None:
        await server.enter()
        await server.page(41, upto=41)
        request = await server.asked("message.send")
        keys.append(request["data"]["clientMsgId"])
        await server.answer(request, {"retryAfter": 0.1}, code=1011)
        request = await server.asked("message.send")
        keys.append(request["data"]["clientMsgId"])
        await server.answer(request, {"target": "5", "id": "70", "seq": 3, "position": 41, "time": 1})
        await server.stay()

    async with ScriptedSite(lose, accept).connect() as connection:
        sent = await connection.send("hello", target="5")
        assert (sent.id, sent.seq, sent.position) == ("70", 3, 41)
    assert len(keys) == 3
    assert len(set(keys)) == 1


async def test_only_harmless_requests_are_repeated() -> None:
    async def first(server: ScriptedConnection) -> None:
        await server.enter()
        await server.asked("channel.list")
        await server.cut()

    async def second(server: ScriptedConnection) -> None:
        await server.enter()
        await server.page(upto=40)
        await server.answer(await server.asked("channel.list"), {"channels": []})
        await server.asked("channel.create")
        await server.cut()

    async def third(server: ScriptedConnection) -> None:
        await server.enter()
        await server.page(upto=40)
        await server.stay()

    async with ScriptedSite(first, second, third).connect() as connection:
        assert await connection.call("channel.list", retry=True) == {"channels": []}
        with pytest.raises(Disconnected):
            await connection.call("channel.create", kind="public", name="Painters")


async def test_a_connection_without_replies_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(server: ScriptedConnection) -> None:
        await server.enter()
        await server.asked("ping")
        # The replies to the other requests have as much time as a busy machine takes.
        monkeypatch.setattr(connection_module, "REPLY_TIMEOUT_SECONDS", TIMEOUT_SECONDS)
        await server.stay()

    async def answers(server: ScriptedConnection) -> None:
        await server.enter()
        await server.page(upto=40)
        await server.answer(await server.asked("ping"), "pong")
        await server.stay()

    async with ScriptedSite(silent, answers).connect() as connection:
        monkeypatch.setattr(connection_module, "REPLY_TIMEOUT_SECONDS", 0.2)
        assert await connection.call("ping", retry=True) == "pong"


@pytest.mark.parametrize("code", [4001, 4003])
async def test_a_final_close_code_fails_all_waiting_calls(code: int) -> None:
    async def script(server: ScriptedConnection) -> None:
        await server.enter()
        await server.asked("message.send")
        await server.socket.close(code, "signed out")

    stage = ScriptedSite(script)
    async with stage.connect() as connection:
        sending = asyncio.create_task(connection.send("hello"))
        with pytest.raises(Closed, match="signed out") as caught:
            await anext(connection)
        assert caught.value.code == code
        with pytest.raises(Closed):
            await sending
    assert stage.connections == 1


@pytest.mark.parametrize("code", [1012, 4002, 4008, 4029])
async def test_the_client_reconnects_after_any_other_close_code(code: int) -> None:
    async def first(server: ScriptedConnection) -> None:
        await server.enter()
        await server.socket.close(code, "retry in 0.5s" if code == 1012 else "")

    async def second(server: ScriptedConnection) -> None:
        await server.enter()
        await server.page(41, upto=41)
        await server.stay()

    async with ScriptedSite(first, second).connect() as connection:
        assert await take(connection, 1) == [41]


async def test_a_refused_log_in_raises() -> None:
    async def script(server: ScriptedConnection) -> None:
        await server.answer(await server.asked("login"), {"error": "This token is not valid."}, code=1003)
        await server.stay()

    with pytest.raises(Refused, match="not valid"):
        async with ScriptedSite(script).connect():
            pass


async def test_the_client_retries_after_a_server_fault_at_log_in() -> None:
    async def fault(server: ScriptedConnection) -> None:
        await server.answer(await server.asked("login"), {"error": "A fault here."}, code=1004)
        await server.stay()

    async def well(server: ScriptedConnection) -> None:
        await server.enter()
        await server.stay()

    async with ScriptedSite(fault, well).connect() as connection:
        assert connection.user.id == "7"


async def test_the_client_retries_a_full_site_but_not_a_refusal() -> None:
    async def script(server: ScriptedConnection) -> None:
        await server.enter()
        await server.stay()

    stage = ScriptedSite(script)
    stage.statuses = [503, 503]
    async with stage.connect() as connection:
        assert connection.user.id == "7"
    stage = ScriptedSite(script)
    stage.statuses = [403]
    with pytest.raises(Refused):
        async with stage.connect():
            pass


async def test_a_guest_reconnects_as_the_same_guest() -> None:
    async def first(server: ScriptedConnection) -> None:
        request = await server.asked("login")
        assert request["data"] == {"appId": 101, "userId": "夏圭？"}
        await server.answer(request, LOGIN | {"serviceToken": "made", "kind": "guest"})
        await server.cut()

    async def second(server: ScriptedConnection) -> None:
        assert await server.enter() == {"appId": 101, "serviceToken": "made", "after": 40}
        await server.page(41, upto=41)
        await server.stay()

    async with ScriptedSite(first, second).connect(token="", name="夏圭？") as connection:
        assert await take(connection, 1) == [41]
        assert connection.token == "made"


async def test_closing_the_connection_ends_the_loop() -> None:
    async def script(server: ScriptedConnection) -> None:
        await server.enter()
        await server.push(41)
        await server.stay()

    heard = []
    async with ScriptedSite(script).connect() as connection:
        async for push in connection:
            heard.append(push.position)
            await connection.close()
    assert heard == [41]


async def test_a_connection_closes_although_the_site_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT_SECONDS", 0.1)
    is_closed = asyncio.Event()

    async def script(server: ScriptedConnection) -> None:
        await server.enter()
        server.socket.transport.pause_reading()
        await is_closed.wait()
        await server.cut()

    async with ScriptedSite(script).connect() as connection:
        # More than the buffers of both ends take.
        sending = asyncio.create_task(connection.call("echo", text="x" * 32 * 2**20))
        await asyncio.sleep(0)
        await connection.close()
        is_closed.set()
        with pytest.raises((Disconnected, Closed)):
            await sending


async def test_the_client_returns_after_a_reset_before_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(server: ScriptedConnection) -> None:
        await server.enter()
        await server.stay()

    connect, resets = connection_module.connect, [ConnectionClosedError(None, None)]

    def connect_at_second_try(*args: Any, **options: Any) -> Any:
        if resets:
            raise resets.pop()
        return connect(*args, **options)

    monkeypatch.setattr(connection_module, "connect", connect_at_second_try)
    async with ScriptedSite(script).connect() as connection:
        assert connection.user.user_id == "bot"
    assert not resets


async def test_an_unexpected_exception_reaches_the_program() -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS), Client("im.example", token="secret") as im:
        with pytest.raises(InvalidURI):
            await im.listen().__aenter__()


async def test_a_dead_address_of_the_site_costs_a_fraction_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(server: ScriptedConnection) -> None:
        await server.enter()
        await server.stay()

    loop, given = asyncio.get_running_loop(), []
    connect = loop.create_connection

    async def create_connection(*args: Any, **options: Any) -> Any:
        given.append(options)
        return await connect(*args, **options)

    monkeypatch.setattr(loop, "create_connection", create_connection)
    async with ScriptedSite(script).connect():
        assert given[0]["happy_eyeballs_delay"] == 0.25
