"""A request to another system goes to the checked address only."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from django.conf import Settings

from delivery.outbound import http_client, ssrf_guard
from delivery.outbound.http_client import HttpResult
from tests.support.certificates import CertificateAuthority
from tests.support.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client.open_client() as made:
        yield made


async def _post(client: httpx.AsyncClient, url: str, timeout: float = 5.0) -> HttpResult:
    return await http_client.post(client, url, b'{"events":[]}', {"Content-Type": "application/json"}, timeout=timeout)


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


async def test_a_post_arrives_with_its_host_and_body(client: httpx.AsyncClient, receiver: Receiver) -> None:
    answer = await _post(client, receiver.url)
    assert answer.ok and answer.status == 204
    path, headers, body = receiver.requests[0]
    assert path == "/in?key=our-own-secret" and body == b'{"events":[]}'
    assert headers["Host"] == f"127.0.0.1:{receiver.port}" and headers["Content-Type"] == "application/json"


async def test_a_host_name_is_resolved_once_and_the_connection_goes_to_that_address(
    client: httpx.AsyncClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """A name server that first gives a harmless address and later another cannot redirect the request."""
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ("127.0.0.1/32",)  # type: ignore[attr-defined]
    names = Names(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    answer = await _post(client, f"http://books.test:{receiver.port}/in")
    assert answer.ok and names.asked == 1
    assert receiver.requests[0][1]["Host"] == f"books.test:{receiver.port}"


async def test_an_address_that_refuses_connections_is_skipped(
    client: httpx.AsyncClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, ["127.0.0.3", "127.0.0.1"])
    assert (await _post(client, f"http://books.test:{receiver.port}/in")).ok


async def test_a_proxy_from_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with http_client.open_client() as client:
            assert (await _post(client, receiver.url)).ok
        assert proxy.requests == [] and len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, ""), (204, ""), (299, ""), (404, "It answered 404."), (500, "It answered 500."),
        (302, "It answered 302; redirects are not followed."), (304, "It answered 304; redirects are not followed."),
    ],
)  # fmt: skip
async def test_only_a_2xx_is_a_success(client: httpx.AsyncClient, receiver: Receiver, status: int, error: str) -> None:
    receiver.status, receiver.location = status, "http://127.0.0.1:1/" if status == 302 else ""
    answer = await _post(client, receiver.url)
    assert (answer.status, answer.error, answer.ok) == (status, error, not error)


async def test_a_receiver_that_does_not_answer_times_out(client: httpx.AsyncClient, receiver: Receiver) -> None:
    receiver.answering.clear()
    assert (await _post(client, receiver.url, timeout=0.2)).error == "No answer within 0.2 s."


async def test_an_endless_response_is_not_read(client: httpx.AsyncClient) -> None:
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
        answer = await _post(client, url)
        assert answer.ok
        assert ended.wait(10)


async def test_each_kind_of_connection_failure_has_its_own_error(
    client: httpx.AsyncClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.stop()
    assert (await _post(client, receiver.url)).error == "It does not accept connections."
    assert (await _post(client, "http://books.invalid./")).status is None

    def not_found(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror("not known")

    monkeypatch.setattr(ssrf_guard.socket, "getaddrinfo", not_found)
    assert (await _post(client, "http://books.test/")).error == "The host name cannot be resolved."


async def test_no_error_contains_the_url(client: httpx.AsyncClient, receiver: Receiver, settings: Settings) -> None:
    receiver.stop()
    seen = [
        await _post(client, url)
        for url in (receiver.url, "http://nobody.invalid/our-own-secret", "ftp://our-own-secret")
    ]
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ()  # type: ignore[attr-defined]
    seen.append(await _post(client, receiver.url))
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
        async with httpx.AsyncClient(trust_env=False, verify=trusting) as client:
            assert (await _post(client, f"https://books.test:{receiver.port}/in")).ok
            for host in ("other.test", "127.0.0.1"):
                wrong = await _post(client, f"https://{host}:{receiver.port}/in")
                assert wrong.status is None and wrong.error.startswith("No TLS connection: ")
        async with http_client.open_client() as client:
            unknown = await _post(client, f"https://books.test:{receiver.port}/in")
            assert unknown.error.startswith("No TLS connection: ")
    assert len(receiver.requests) == 1
