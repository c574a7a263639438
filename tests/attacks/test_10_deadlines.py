"""Attack 10: taking one's time. A slow handshake, a slow body, no log-in, silence and not reading end by a deadline."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.bare_socket import PING, PONG, TEXT, BareSocket, frame
from tests.support.fixtures.sites import SiteFactory
from tests.support.site import Site

pytestmark = pytest.mark.each_database

PING_REQUEST = b'{"seq":"1","cmd":"ping"}'


@pytest.fixture(scope="module")
def impatient(site_factory: SiteFactory) -> Iterator[Site]:
    """Waits a second for a request, for a log-in and for the answer to a ping, but does not mind silence."""
    with site_factory(
        IM_LOGIN_TIMEOUT="1",
        IM_REQUEST_TIMEOUT="1",
        IM_PING_INTERVAL="1",
        IM_PRESENCE_GRACE="0.1",
        IM_REQUEST_BURST="1000000",
    ) as site:
        yield site


@pytest.fixture(scope="module")
def talkative(site_factory: SiteFactory) -> Iterator[Site]:
    """Closes who is silent for two seconds, and takes no large bodies."""
    options = {"IM_HEARTBEAT_TIMEOUT": "2", "IM_PING_INTERVAL": "0.5", "IM_PRESENCE_GRACE": "0.1"}
    with site_factory(**options, IM_MAX_BODY_BYTES="100000") as site:
        yield site


# -- before the log-in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /acc HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
        b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nusername=",
    ],
    ids=["nothing", "half a handshake", "half a body"],
)
def test_a_request_that_does_not_come_is_not_waited_for(impatient: Site, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=10) as link:
        link.sendall(said)

        while link.recv(65536):  # It may be answered before.
            pass


def test_a_request_that_comes_byte_by_byte_is_not_waited_for(impatient: Site) -> None:
    said = b"GET /acc HTTP/1.1\r\nHost: x\r\n" + b"X-Slow: 1\r\n" * 1000
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=10) as link:
        link.settimeout(0.05)
        for byte in said:
            with contextlib.suppress(TimeoutError):
                link.sendall(bytes([byte]))
                if link.recv(1) == b"":
                    return
    pytest.fail("the server took the whole of it")


@pytest.mark.parametrize(
    "headers",
    [
        {"Transfer-Encoding": "gzip"},
        {"Content-Length": "5"},
        {"X-Long": "x" * 8192},
        {f"X-{number}": "x" for number in range(200)},
        {"Bad Name": "x"},
        {"X-Bad": "\x7f"},
    ],
    ids=["encoded", "with a body", "a long header", "many headers", "no name", "no value"],
)
def test_what_is_no_handshake_is_refused_at_once(talkative: Site, headers: dict[str, str]) -> None:
    """Not left open: such sockets are counted by nobody."""
    with BareSocket(talkative, headers=headers) as nobody:
        assert nobody.status in (400, 431)
        assert nobody.next() is None


def test_a_handshake_for_an_endless_path_is_refused_at_once(talkative: Site) -> None:
    with BareSocket(talkative, query="?" + "x" * 20_000) as nobody:
        assert nobody.status in (400, 414)
        assert nobody.next() is None


@pytest.mark.parametrize("length", ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
def test_a_body_without_end_is_cut_off(talkative: Site, length: str) -> None:
    """Not at the deadline: by its size. It would fill the disk before."""
    head = f"POST /api/v1/messages/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}\r\n\r\n".encode()
    chunk = b"x" * 1000 if "Length" in length else b"3e8\r\n" + b"x" * 1000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", talkative.port), timeout=10) as link:
        link.sendall(head)
        with contextlib.suppress(ConnectionError):
            for _ in range(100_000):
                link.sendall(chunk)
            pytest.fail("the server took a hundred megabytes")


def test_who_never_logs_in_is_closed_with_4000(impatient: Site) -> None:
    with BareSocket(impatient) as nobody:
        assert nobody.close_code() == 4000


def test_talking_and_failing_to_log_in_does_not_put_it_off(impatient: Site) -> None:
    with BareSocket(impatient) as nobody:
        code = None
        while code is None:
            nobody.send(frame(TEXT, PING_REQUEST), frame(TEXT, b"garbage"))
            nobody.request("login", appId=101, serviceToken="wrong")
            got = nobody.next()
            assert got is not None
            if got[0] == 8:
                code = int.from_bytes(got[1][:2], "big")
            time.sleep(0.01)  # So that it is no flood.

        assert code == 4000


def test_who_has_logged_in_stays(impatient: Site) -> None:
    with BareSocket(impatient) as nobody, BareSocket(impatient) as guest:
        guest.login("patience")

        assert nobody.close_code() == 4000
        assert online(guest) == ["patience"]


# -- afterwards -------------------------------------------------------------------------------------------------------


def online(guest: BareSocket) -> list[str]:
    guest.request("presence.list", "who")
    while (got := guest.next()) is not None:
        if got[0] == PING:
            guest.send(frame(PONG, got[1]))
        elif got[0] == TEXT and (envelope := json.loads(got[1]))["seq"] == "who":
            return sorted(item["name"] for item in envelope["response"]["data"]["online"])
    raise AssertionError("the connection ended")


def wait_for(guest: BareSocket, names: list[str]) -> None:
    """Ask who is online until it is these. Bounded by the time-out of a test that hangs: 30 s."""
    deadline = time.monotonic() + 30
    while (found := online(guest)) != names:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_who_is_silent_is_closed_with_4002(talkative: Site) -> None:
    """Answering the server's pings is not talking: a page that hangs still does that."""
    with BareSocket(talkative) as guest:
        guest.login("silent")
        while (got := guest.next()) is not None and got[0] != 8:
            if got[0] == PING:
                guest.send(frame(PONG, got[1]))

        assert got is not None and int.from_bytes(got[1][:2], "big") == 4002


def test_who_sends_heartbeats_stays(talkative: Site) -> None:
    with BareSocket(talkative) as silent, BareSocket(talkative) as guest:
        silent.login("silent")
        guest.login("alive")
        while "silent" in online(guest):
            time.sleep(0.1)

        guest.request("heartbeat", "beat")
        assert guest.reply("beat")["response"]["code"] == 200


def test_who_does_not_answer_pings_is_gone(impatient: Site) -> None:
    with BareSocket(impatient) as dead, BareSocket(impatient) as guest:
        dead.login("dead")
        guest.login("alive")

        wait_for(guest, ["alive"])


def test_who_reads_nothing_is_gone_even_if_the_goodbye_cannot_be_written(impatient: Site) -> None:
    with BareSocket(impatient, buffer=4096) as stuck, BareSocket(impatient) as guest:
        stuck.login("stuck")
        guest.login("alive")
        stuck.link.settimeout(0.5)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while True:  # Until the answers fill every buffer on the way.
                stuck.link.sendall(frame(TEXT, b'{"seq":"1","cmd":"app.list"}') * 100)

        wait_for(guest, ["alive"])


def test_who_reads_nothing_is_gone_though_nothing_waits_for_them(impatient: Site) -> None:
    """Only the transport is full: of answers to pings. The goodbye of the missed ping can never be written."""
    with BareSocket(impatient, buffer=4096) as stuck:
        stuck.login("stuck")
        for _ in range(20):
            stuck.send(frame(PING, b"x" * 125) * 8000)

        # Not before: who answers no ping while the others are written would be gone as well.
        with BareSocket(impatient) as guest:
            guest.login("alive")
            wait_for(guest, ["alive"])


def test_the_server_ends_though_somebody_reads_nothing(site_factory: SiteFactory) -> None:
    site = site_factory()
    with site, BareSocket(site, buffer=4096) as stuck:
        stuck.login("stuck")
        stuck.link.settimeout(0.5)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while True:
                stuck.link.sendall(frame(TEXT, b'{"seq":"1","cmd":"app.list"}') * 100)

        assert site.stop() in (0, -15)
