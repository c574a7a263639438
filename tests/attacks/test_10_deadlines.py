"""Attack 10: slow clients. A slow handshake, a slow body, no login, silence and unread data end at a deadline."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.bare_socket import CLOSE, PING, PONG, TEXT, BareSocket, frame
from tests.support.fixtures.sites import SiteFactory
from tests.support.monitoring import get
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS
from tests.support.websocket_server import wait_for

pytestmark = pytest.mark.each_database

PING_REQUEST = b'{"seq":"1","cmd":"ping"}'


@pytest.fixture(scope="module")
def deadline_site(site_factory: SiteFactory) -> Iterator[Site]:
    """Run a site with deadlines of a second for requests and logins."""
    with site_factory(IM_LOGIN_TIMEOUT="1", IM_REQUEST_TIMEOUT="1", IM_REQUEST_BURST="1000000") as site:
        yield site


@pytest.fixture(scope="module")
def ping_site(site_factory: SiteFactory) -> Iterator[Site]:
    """Run a site with a deadline of a second for pongs."""
    with site_factory(IM_PING_INTERVAL="1") as site:
        yield site


@pytest.fixture(scope="module")
def silence_site(site_factory: SiteFactory) -> Iterator[Site]:
    """Run a site that closes clients after two silent seconds and accepts no large bodies."""
    with site_factory(IM_HEARTBEAT_TIMEOUT="2", IM_MAX_BODY_BYTES="100000") as site:
        yield site


# -- before the login -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /acc HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
        b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nusername=",
    ],
    ids=["nothing", "half a handshake", "half a body"],
)
def test_a_connection_without_a_request_is_closed(deadline_site: Site, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", deadline_site.port), timeout=TIMEOUT_SECONDS) as link:
        link.sendall(said)

        with contextlib.suppress(ConnectionError):
            while link.recv(65536):  # The server may answer earlier.
                pass


def test_a_request_sent_byte_by_byte_is_cut_off(deadline_site: Site) -> None:
    said = b"GET /acc HTTP/1.1\r\nHost: x\r\n" + b"X-Slow: 1\r\n" * 1000
    with socket.create_connection(("127.0.0.1", deadline_site.port), timeout=TIMEOUT_SECONDS) as link:
        link.settimeout(0.05)
        for byte in said:
            try:
                link.sendall(bytes([byte]))
                if link.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return  # It has closed the connection before it read the last byte.
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
def test_an_invalid_handshake_is_refused_at_once(silence_site: Site, headers: dict[str, str]) -> None:
    """A socket that remained open would be in no connection count."""
    with BareSocket(silence_site, headers=headers) as nobody:
        assert nobody.status in (400, 431)
        assert nobody.next() is None


def test_a_handshake_for_an_endless_path_is_refused_at_once(silence_site: Site) -> None:
    with BareSocket(silence_site, query="?" + "x" * 20_000) as nobody:
        assert nobody.status in (400, 414)
        assert nobody.next() is None


@pytest.mark.parametrize("length", ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
def test_an_endless_body_is_cut_off(silence_site: Site, length: str) -> None:
    """The size limit cuts it off; until the deadline it would fill the disk."""
    head = f"POST /api/v1/messages/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}\r\n\r\n".encode()
    chunk = b"x" * 1000 if "Length" in length else b"3e8\r\n" + b"x" * 1000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", silence_site.port), timeout=TIMEOUT_SECONDS) as link:
        link.sendall(head)
        with contextlib.suppress(ConnectionError):
            for _ in range(100_000):
                link.sendall(chunk)
            pytest.fail("the server took a hundred megabytes")


def test_a_connection_without_login_is_closed_with_4000(deadline_site: Site) -> None:
    with BareSocket(deadline_site) as nobody:
        assert nobody.close_code() == 4000


def test_failed_logins_do_not_extend_the_login_deadline(deadline_site: Site) -> None:
    with BareSocket(deadline_site) as nobody:
        code = None
        while code is None:
            nobody.send(frame(TEXT, PING_REQUEST), frame(TEXT, b"garbage"))
            nobody.request("login", appId=101, serviceToken="wrong")
            got = nobody.next()
            assert got is not None
            if got[0] == CLOSE:
                code = int.from_bytes(got[1][:2], "big")
            time.sleep(0.01)  # This stays below the flood limit.

        assert code == 4000


def test_a_logged_in_connection_has_no_login_deadline(deadline_site: Site) -> None:
    while True:
        with BareSocket(deadline_site) as guest:
            guest.request("login", appId=101, userId="patience")
            if (answer := guest.next()) is None or answer[0] == CLOSE:
                continue  # On a busy machine the log-in may come too late.
            with BareSocket(deadline_site) as nobody:
                assert nobody.close_code() == 4000
            guest.request("heartbeat", "beat")
            assert guest.reply("beat")["response"]["code"] == 200
            return


# -- after the login --------------------------------------------------------------------------------------------------


def test_a_silent_client_is_closed_with_4002(silence_site: Site) -> None:
    """Pongs do not count as activity: the browser of a hanging page still sends them."""
    with BareSocket(silence_site) as guest:
        guest.login("silent")
        guest.link.settimeout(0.3)
        got = None
        while got is None or got[0] != CLOSE:
            guest.send(frame(PONG))
            with contextlib.suppress(TimeoutError):
                got = guest.next()
                assert got is not None

        assert int.from_bytes(got[1][:2], "big") == 4002


def test_a_client_that_sends_heartbeats_remains_connected(silence_site: Site) -> None:
    for _ in range(30):
        with BareSocket(silence_site) as silent, BareSocket(silence_site) as guest:
            silent.login("silent")
            guest.login("alive")
            silent.link.settimeout(0.1)
            last, longest_pause, code = time.monotonic(), 0.0, None
            while code is None:
                guest.request("heartbeat", "beat")
                last, longest_pause = time.monotonic(), max(longest_pause, time.monotonic() - last)
                with contextlib.suppress(TimeoutError):
                    code = silent.close_code()
            assert code == 4002
            # On a busy machine the guest itself may be silent for too long.
            if longest_pause < 1:
                guest.request("ping", "still here")
                assert guest.reply("still here")["response"]["code"] == 200
                return
    pytest.fail("this machine is too slow to send a heartbeat each second")


def online(site: Site) -> set[str]:
    """Return the names of the users who are online."""
    return set(json.loads(get(f"{site.url}/user/list?appID=101").text)["data"]["userList"])


def test_a_client_that_answers_no_pings_is_disconnected(ping_site: Site) -> None:
    with BareSocket(ping_site) as dead:
        dead.login("dead")
        wait_for(lambda: not online(ping_site))


def test_a_client_that_reads_nothing_is_disconnected_without_a_close_frame(ping_site: Site) -> None:
    with BareSocket(ping_site, buffer=4096) as stuck:
        stuck.login("stuck")
        stuck.link.settimeout(0.5)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while True:  # Until the answers fill every buffer on the path.
                stuck.link.sendall(frame(TEXT, b'{"seq":"1","cmd":"app.list"}') * 100)

        wait_for(lambda: not online(ping_site))


def test_a_client_with_a_full_transport_only_is_disconnected(ping_site: Site) -> None:
    """Only the transport is full, with pongs. The close frame for the missed ping can never be written."""
    with BareSocket(ping_site, buffer=4096) as stuck:
        stuck.login("stuck")
        for _ in range(20):
            stuck.send(frame(PING, b"x" * 125) * 8000)

        wait_for(lambda: not online(ping_site))


def test_the_server_stops_despite_a_client_that_reads_nothing(site_factory: SiteFactory) -> None:
    site = site_factory()
    with site, BareSocket(site, buffer=4096) as stuck:
        stuck.login("stuck")
        stuck.link.settimeout(0.5)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while True:
                stuck.link.sendall(frame(TEXT, b'{"seq":"1","cmd":"app.list"}') * 100)

        assert site.stop() in (0, -15)
