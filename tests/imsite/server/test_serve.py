"""`manage.py serve` and `runserver` start as processes, report errors, and stop gracefully."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.fixtures.sites import Connect, SiteFactory
from tests.support.site import Site

pytestmark = pytest.mark.slow

SERVICE_RESTART, GOING_AWAY = 1012, 1001


_IGNORED = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, id="SIGTERM"),
        pytest.param(
            signal.SIGHUP,
            id="terminal closed",
            marks=pytest.mark.skipif(_IGNORED, reason="SIGHUP is ignored here, as under nohup"),
        ),
    ],
)
async def test_connected_clients_are_told_to_reconnect(site: Site, connect: Connect, number: signal.Signals) -> None:
    alice: Client = await connect(site.acc)
    await alice.login_guest("Alice")
    stranger: Client = await connect(site.acc)

    code = await asyncio.to_thread(site.stop, number)

    assert await alice.closed() in {SERVICE_RESTART, GOING_AWAY}
    assert await stranger.closed() in {SERVICE_RESTART, GOING_AWAY}
    # uvicorn ends by the signal it received, which service managers take for a clean end.
    assert code in {0, -number}, site.log.read_text()
    assert "Traceback" not in site.log.read_text()


async def test_a_silent_peer_does_not_prevent_shutdown(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port)) as silent, socket.socket() as half:
        silent.sendall(
            b"GET /acc HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert silent.recv(1000).startswith(b"HTTP/1.1 101")
        half.connect(("127.0.0.1", site.port))
        half.sendall(b"GET / HT")

        await asyncio.to_thread(site.stop)


async def test_messages_sent_just_before_the_end_are_answered_or_not_stored(site: Site, connect: Connect) -> None:
    alice: Client = await connect(site.acc)
    token = (await alice.login_guest("Alice"))["serviceToken"]
    sends = [await alice.post("message.send", type="text", msg=f"m{n}", clientMsgId=f"m{n}") for n in range(200)]
    await sends[0]

    await asyncio.to_thread(site.stop)
    answers = await asyncio.gather(*sends, return_exceptions=True)
    told = {f"m{n}": reply.data["id"] for n, reply in enumerate(answers) if not isinstance(reply, BaseException)}
    site.start()
    alice = await connect(site.acc)
    room = (await alice.login_token(token))["target"]
    for n in range(200):
        reply = await alice.call("message.send", type="text", msg=f"m{n}", clientMsgId=f"m{n}")
        assert told.setdefault(f"m{n}", reply["id"]) == reply["id"]

    stored = []
    for before in (101, 201):
        page = await alice.call("message.history", target=room, before=before, limit=100)
        stored += [(message["msg"], message["id"]) for message in page["messages"]]
    assert sorted(stored) == sorted(told.items())


async def test_users_chat_on_runserver_too(site_factory: SiteFactory, connect: Connect) -> None:
    with site_factory(command=("runserver", "--noreload", "127.0.0.1:{port}")) as site:
        alice, bob = await connect(site.acc), await connect(site.acc)
        await alice.login_guest("Alice")
        await bob.login_guest("Bob")

        await alice.call("message.send", type="text", msg="Hello")

        assert (await bob.push("msg")).data["msg"] == "Hello"


def test_the_error_names_a_port_in_use(site_factory: SiteFactory) -> None:
    site = site_factory()
    with socket.socket() as other:
        other.bind(("127.0.0.1", site.port))
        other.listen()

        with pytest.raises(RuntimeError, match=rf"(?s)ended with .*{site.port}"):
            site.start()


def test_without_its_tables_the_server_does_not_start_and_names_the_command(tmp_path: Path) -> None:
    site = Site(tmp_path)

    with pytest.raises(RuntimeError, match=r"(?s)ended with 1:.*is not ready.*manage.py setup"):
        site.start()


def test_an_unreadable_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "imsite.sqlite3").write_bytes(b"no database at all " * 100)

    with pytest.raises(RuntimeError, match=r"(?s)ended with 1:.*cannot be read: file is not a database"):
        Site(tmp_path).start()


def test_production_does_not_start_with_a_generated_secret_key(tmp_path: Path) -> None:
    site = Site(tmp_path, options={"IM_ENV": "production"})

    with pytest.raises(RuntimeError, match="SECRET_KEY"):
        site.manage("check")

    assert not (tmp_path / "secret_key").exists()
