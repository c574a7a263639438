"""A request to another system: made to the address that was checked, never to where somebody leads it."""

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
from delivery.outbound.http_client import Answer
from tests.support.certificates import Authority
from tests.support.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest_asyncio.fixture
async def sender() -> AsyncIterator[httpx.AsyncClient]:
    async with http_client.client() as made:
        yield made


async def _post(sender: httpx.AsyncClient, url: str, timeout: float = 5.0) -> Answer:
    return await http_client.post(sender, url, b'{"events":[]}', {"Content-Type": "application/json"}, timeout=timeout)


class Names:
    """A name server of which each answer is the next of a list."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.asked = 0
        self._answers = answers
        monkeypatch.setattr(ssrf_guard.socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, *args: Any, **kwargs: Any) -> list[Any]:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [(0, 0, 0, "", (address, 0)) for address in answer]


async def test_it_arrives_with_its_host_and_body(sender: httpx.AsyncClient, receiver: Receiver) -> None:
    answer = await _post(sender, receiver.url)
    assert answer.ok and answer.status == 204
    path, headers, body = receiver.requests[0]
    assert path == "/in?key=our-own-secret" and body == b'{"events":[]}'
    assert headers["Host"] == f"127.0.0.1:{receiver.port}" and headers["Content-Type"] == "application/json"


async def test_a_name_is_looked_up_once_and_the_connection_goes_there(
    sender: httpx.AsyncClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """A name server that gives a harmless address first, and another when asked again, leads nowhere else."""
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ("127.0.0.1/32",)  # type: ignore[attr-defined]
    names = Names(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    answer = await _post(sender, f"http://books.test:{receiver.port}/in")
    assert answer.ok and names.asked == 1
    assert receiver.requests[0][1]["Host"] == f"books.test:{receiver.port}"


async def test_an_address_that_takes_no_connection_is_passed_over(
    sender: httpx.AsyncClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, ["127.0.0.3", "127.0.0.1"])
    assert (await _post(sender, f"http://books.test:{receiver.port}/in")).ok


async def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with http_client.client() as sender:
            assert (await _post(sender, receiver.url)).ok
        assert proxy.requests == [] and len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, ""), (204, ""), (299, ""), (404, "It answered 404."), (500, "It answered 500."),
        (302, "It answered 302; redirects are not followed."), (304, "It answered 304; redirects are not followed."),
    ],
)  # fmt: skip
async def test_only_a_2xx_is_a_success(sender: httpx.AsyncClient, receiver: Receiver, status: int, error: str) -> None:
    receiver.status, receiver.location = status, "http://127.0.0.1:1/" if status == 302 else ""
    answer = await _post(sender, receiver.url)
    assert (answer.status, answer.error, answer.ok) == (status, error, not error)


async def test_who_does_not_answer_is_given_up(sender: httpx.AsyncClient, receiver: Receiver) -> None:
    receiver.answering.clear()
    assert (await _post(sender, receiver.url, timeout=0.2)).error == "No answer within 0.2 s."


async def test_an_answer_without_end_is_not_read(sender: httpx.AsyncClient) -> None:
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
        answer = await _post(sender, url)
        assert answer.ok
        assert ended.wait(10)


async def test_who_is_not_there_is_told_apart(
    sender: httpx.AsyncClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.stop()
    assert (await _post(sender, receiver.url)).error == "It takes no connection."
    assert (await _post(sender, "http://books.invalid./")).status is None

    def nobody(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror("not known")

    monkeypatch.setattr(ssrf_guard.socket, "getaddrinfo", nobody)
    assert (await _post(sender, "http://books.test/")).error == "Its name has no address."


async def test_no_error_names_the_url(sender: httpx.AsyncClient, receiver: Receiver, settings: Settings) -> None:
    receiver.stop()
    seen = [
        await _post(sender, url)
        for url in (receiver.url, "http://nobody.invalid/our-own-secret", "ftp://our-own-secret")
    ]
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ()  # type: ignore[attr-defined]
    seen.append(await _post(sender, receiver.url))
    assert all(answer.error and "our-own-secret" not in answer.error for answer in seen)


async def test_a_certificate_is_checked_by_the_name_and_not_by_the_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Names(monkeypatch, ["127.0.0.1"])
    authority = Authority()
    trusting = ssl.create_default_context(cadata=authority.certificate.decode())
    receiver = Receiver()
    receiver.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate, key = authority.issue("books.test")
    (tmp_path / "both.pem").write_bytes(certificate + key)
    receiver.tls.load_cert_chain(tmp_path / "both.pem")
    with receiver:
        async with httpx.AsyncClient(trust_env=False, verify=trusting) as sender:
            assert (await _post(sender, f"https://books.test:{receiver.port}/in")).ok
            for host in ("other.test", "127.0.0.1"):
                wrong = await _post(sender, f"https://{host}:{receiver.port}/in")
                assert wrong.status is None and wrong.error.startswith("No TLS connection: ")
        async with http_client.client() as sender:
            unknown = await _post(sender, f"https://books.test:{receiver.port}/in")
            assert unknown.error.startswith("No TLS connection: ")
    assert len(receiver.requests) == 1
