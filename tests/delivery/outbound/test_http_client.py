"""A request to another system goes to the checked address only."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest
from django.conf import Settings

from delivery import tracing
from delivery.outbound import address_race, http_client, ssrf_guard
from delivery.outbound.address_race import ATTEMPT_DELAY_SECONDS, alternate_families
from delivery.outbound.http_client import HttpResult
from tests.support.certificates import CertificateAuthority
from tests.support.receiver import Receiver
from tests.support.traces import Spans, is_below
from tests.support.waiting import TIMEOUT_SECONDS


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


async def _post(url: str, timeout: float = TIMEOUT_SECONDS, tls: ssl.SSLContext | None = None) -> HttpResult:
    headers = {"Content-Type": "application/json"}
    return await http_client.post(url, b'{"events":[]}', headers, timeout=timeout, tls=tls)


class Names:
    """A name server that gives its answers in turn and then repeats the last."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.asked = 0
        self._answers = answers
        monkeypatch.setattr(ssrf_guard.socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, *args: Any, **kwargs: Any) -> list[Any]:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [(0, 0, 0, "", (address, 0)) for address in answer]


async def test_a_post_arrives_with_its_host_and_body(receiver: Receiver) -> None:
    answer = await _post(receiver.url)
    assert answer.ok and answer.status == 204
    path, headers, body = receiver.requests[0]
    assert path == "/in?key=our-own-secret" and body == b'{"events":[]}'
    assert headers["Host"] == f"127.0.0.1:{receiver.port}" and headers["Content-Type"] == "application/json"


async def test_a_host_name_is_resolved_once_and_the_connection_goes_to_that_address(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """A name server that first gives a harmless address and later another cannot redirect the request."""
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ("127.0.0.1/32",)  # type: ignore[attr-defined]
    names = Names(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    answer = await _post(f"http://books.test:{receiver.port}/in")
    assert answer.ok and names.asked == 1
    assert receiver.requests[0][1]["Host"] == f"books.test:{receiver.port}"


async def test_an_address_that_refuses_connections_is_skipped(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, ["127.0.0.3", "127.0.0.1"])
    assert (await _post(f"http://books.test:{receiver.port}/in")).ok


@pytest.mark.parametrize("dead", [["127.0.0.3"], ["::1", "::2", "::3", "::4", "::5", "::6", "::7", "::8", "::9"]])
async def test_an_address_that_does_not_answer_costs_a_fraction_of_a_second(
    dead: list[str], receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ("127.0.0.0/8", "::/8")  # type: ignore[attr-defined]
    given_up = []
    connect = httpcore.AnyIOBackend.connect_tcp

    async def swallow(backend: httpcore.AnyIOBackend, host: str, *args: Any) -> httpcore.AsyncNetworkStream:
        if host not in dead:
            return await connect(backend, host, *args)
        # The next address has as long as it needs on a busy machine.
        monkeypatch.setattr(address_race, "ATTEMPT_DELAY_SECONDS", TIMEOUT_SECONDS)
        try:
            await asyncio.Event().wait()
        finally:
            given_up.append(host)
        raise AssertionError

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", swallow)
    Names(monkeypatch, [*dead, "127.0.0.1"])
    answer = await _post(f"http://books.test:{receiver.port}/in")
    assert answer.ok and given_up == dead[:1] and len(receiver.requests) == 1
    assert answer.milliseconds >= ATTEMPT_DELAY_SECONDS * 1000


async def test_a_host_without_a_living_address_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    async def swallow(*args: Any) -> httpcore.AsyncNetworkStream:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", swallow)
    Names(monkeypatch, ["127.0.0.1", "127.0.0.2"])
    answer = await _post("http://books.test/in", timeout=0.1)
    assert (answer.status, answer.timed_out, answer.error) == (None, False, "No connection within 0.1 s.")


def test_address_families_take_turns() -> None:
    texts = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"]
    turns = alternate_families([ip_address(text) for text in texts])
    assert [str(address) for address in turns] == [texts[0], texts[3], texts[1], texts[4], texts[2]]
    assert alternate_families([]) == []


async def test_a_proxy_from_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert (await _post(receiver.url)).ok
        assert proxy.requests == [] and len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, ""), (204, ""), (299, ""), (404, "It answered 404."), (500, "It answered 500."),
        (302, "It answered 302; redirects are not followed."), (304, "It answered 304; redirects are not followed."),
    ],
)  # fmt: skip
async def test_only_a_2xx_is_a_success(receiver: Receiver, status: int, error: str) -> None:
    receiver.status, receiver.location = status, "http://127.0.0.1:1/" if status == 302 else ""
    answer = await _post(receiver.url)
    assert (answer.status, answer.error, answer.ok) == (status, error, not error)


async def test_a_receiver_that_does_not_answer_times_out(receiver: Receiver) -> None:
    receiver.answering.clear()
    for timeout in (0.2, 2.0, 20.0):
        answer = await _post(receiver.url, timeout=timeout)
        # On a busy machine the connection alone may take longer than the shortest one.
        if answer.timed_out:
            break
    assert (answer.error, answer.timed_out) == (f"No answer within {timeout:g} s.", True)


async def test_an_endless_response_is_not_read() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

        def endless() -> None:
            taken, _ = listener.accept()
            with taken:
                taken.recv(65536)
                taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
                try:
                    while True:
                        taken.sendall(b"x" * 65536)
                except OSError:
                    ended.set()

        ended = threading.Event()
        threading.Thread(target=endless, daemon=True).start()
        answer = await _post(url)
        assert answer.ok
        assert ended.wait(TIMEOUT_SECONDS)


async def test_each_kind_of_connection_failure_has_its_own_error(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.stop()
    assert (await _post(receiver.url)).error == "It does not accept connections."
    assert (await _post("http://books.invalid./")).status is None

    def not_found(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror("not known")

    monkeypatch.setattr(ssrf_guard.socket, "getaddrinfo", not_found)
    assert (await _post("http://books.test/")).error == "The host name cannot be resolved."


async def test_no_error_contains_the_url(receiver: Receiver, settings: Settings) -> None:
    receiver.stop()
    seen = [await _post(url) for url in (receiver.url, "http://nobody.invalid/our-own-secret", "ftp://our-own-secret")]
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ()  # type: ignore[attr-defined]
    seen.append(await _post(receiver.url))
    assert all(answer.error and "our-own-secret" not in answer.error for answer in seen)


async def test_a_certificate_is_checked_against_the_host_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Names(monkeypatch, ["127.0.0.1"])
    authority = CertificateAuthority()
    trusting = ssl.create_default_context(cadata=authority.certificate.decode())
    receiver = Receiver()
    receiver.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate, key = authority.issue("books.test")
    (tmp_path / "both.pem").write_bytes(certificate + key)
    receiver.tls.load_cert_chain(tmp_path / "both.pem")
    with receiver:
        assert (await _post(f"https://books.test:{receiver.port}/in", tls=trusting)).ok
        for host in ("other.test", "127.0.0.1"):
            wrong = await _post(f"https://{host}:{receiver.port}/in", tls=trusting)
            assert wrong.status is None and wrong.error.startswith("No TLS connection: ")
        unknown = await _post(f"https://books.test:{receiver.port}/in")
        assert unknown.error.startswith("No TLS connection: ")
    assert len(receiver.requests) == 1


async def test_a_request_continues_the_trace_and_shows_only_the_host(receiver: Receiver, spans: Spans) -> None:
    with tracing.span("command"):
        result = await _post(receiver.url)

    sent = spans.one("POST")
    assert result.ok and is_below(sent, spans.one("command")) and sent.context is not None
    _, headers, _ = receiver.requests[0]
    given = {name.lower(): value for name, value in headers.items()}["traceparent"]
    assert given.startswith(f"00-{sent.context.trace_id:032x}-{sent.context.span_id:016x}-")
    assert dict(sent.attributes or {}) == {"server.address": "127.0.0.1", "http.response.status_code": 204}
    assert "our-own-secret" not in spans.shown()
