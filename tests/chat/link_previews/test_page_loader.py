"""Pages are loaded under the SSRF guard, in little time and memory, whatever their servers do."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import pytest_asyncio

from chat.link_previews.page_loader import PageLoader
from delivery.outbound import ssrf_guard
from tests.support.page_server import Answer, PageServer
from tests.support.pictures import huge_png, picture

PAGE = Answer("<title>Storm</title>")


@pytest_asyncio.fixture
async def loader(pages: PageServer) -> AsyncIterator[PageLoader]:
    made = PageLoader()
    yield made
    made.close()


def redirect(location: str) -> Answer:
    return Answer(status=302, headers={"Location": location})


async def title(loader: PageLoader, address: str) -> str:
    return (await loader.load(address)).description.title


async def test_a_page_and_its_picture(loader: PageLoader, pages: PageServer) -> None:
    pages.pages["/"] = Answer('<title>Storm</title><meta property="og:image" content="/big.jpg">')
    pages.pages["/big.jpg"] = Answer(picture(size=(900, 600), orientation=6), "image/jpeg")
    loaded = await loader.load(pages.url())
    assert loaded.description.title == "Storm" and loaded.thumbnail is not None
    small = loaded.thumbnail
    content = small.content.path.read_bytes()
    small.content.discard()
    assert (small.width, small.height) == (213, 320) and content[8:12] == b"WEBP" and b"SECRET-PLACE" not in content
    assert all("imsite" in headers["User-Agent"] and "Cookie" not in headers for _, headers in pages.requests)


async def test_a_link_to_a_picture(loader: PageLoader, pages: PageServer) -> None:
    pages.pages["/a%20storm.png"] = Answer(picture("PNG"), "image/png")
    loaded = await loader.load(pages.url("/a%20storm.png"))
    assert loaded.description.title == "a storm.png" and loaded.thumbnail is not None
    loaded.thumbnail.content.discard()


@pytest.mark.parametrize("content", [b"<svg/>", huge_png(30_000), picture()[:400], b""])
async def test_a_broken_picture_is_left_out(loader: PageLoader, pages: PageServer, content: bytes) -> None:
    pages.pages["/"] = Answer('<title>Storm</title><meta property="og:image" content="/x.png">')
    pages.pages["/x.png"] = Answer(content, "image/png")
    loaded = await loader.load(pages.url())
    assert loaded.description.title == "Storm" and loaded.thumbnail is None


async def test_redirects_are_followed_a_few_times(loader: PageLoader, pages: PageServer) -> None:
    pages.pages |= {"/": redirect("/there#part"), "/there": PAGE}
    assert await title(loader, pages.url()) == "Storm"
    pages.pages |= {f"/{number}": redirect(f"/{number + 1}") for number in range(30)}
    pages.requests.clear()
    assert await title(loader, pages.url("/0")) == ""
    assert len(pages.requests) == 6


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.2/", "http://169.254.169.254/latest/", "http://[::1]/", "http://localhost./", "file:///etc/passwd",
     "http://127.0.0.1:1/", "//[", "http://2130706433/", "http://0x7f.1/"],
)  # fmt: skip
async def test_a_redirect_is_checked_like_the_first_address(
    loader: PageLoader, pages: PageServer, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssrf_guard.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("127.0.0.2", 0))])
    pages.pages["/"] = redirect(location)
    assert await title(loader, pages.url()) == ""
    assert pages.paths() == ["/"]


async def test_a_name_that_changes_its_address_reaches_the_checked_one(
    loader: PageLoader, pages: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    monkeypatch.setattr(
        ssrf_guard.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (each, 0)) for each in answers.pop(0)]
    )
    pages.pages["/"] = PAGE
    address = f"http://rebinding.test:{pages.port}/"
    assert await title(loader, address) == "Storm" and len(answers) == 1
    assert await title(loader, address) == "" and len(pages.requests) == 1


async def test_ports_that_are_not_allowed(loader: PageLoader, pages: PageServer, settings: Any) -> None:
    settings.IM_LINK_PREVIEW_PORTS = ("80", "443")
    pages.pages["/"] = PAGE
    assert await title(loader, pages.url()) == "" and not pages.requests


async def test_private_networks_of_webhooks_are_not_those_of_previews(
    loader: PageLoader, pages: PageServer, settings: Any
) -> None:
    settings.IM_LINK_PREVIEW_PRIVATE_NETWORKS, settings.IM_WEBHOOK_PRIVATE_NETWORKS = (), ("127.0.0.1/32",)
    pages.pages["/"] = PAGE
    assert await title(loader, pages.url()) == "" and not pages.requests


@pytest.mark.parametrize(
    "answer",
    [
        Answer('{"title": "Storm"}', "application/json"),
        Answer("<title>Storm</title>", "application/octet-stream"),
        Answer("<title>Storm</title>", status=500),
        Answer(b"\x00garbage", headers={"Content-Encoding": "gzip"}),
        Answer("<title>Storm</title>", headers={"Content-Encoding": "br"}),
        Answer(status=302, headers={"Location": ""}),
    ],
)
async def test_other_answers_give_no_preview(loader: PageLoader, pages: PageServer, answer: Answer) -> None:
    pages.pages["/"] = answer
    assert await title(loader, pages.url()) == ""


async def test_a_gzip_bomb_is_unpacked_up_to_the_limit(loader: PageLoader, pages: PageServer) -> None:
    bomb = gzip.compress(b"<title>Storm</title>" + b"\0" * 20_000_000, 9)
    pages.pages["/"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    began = time.thread_time()
    page = await loader._read(pages.url(), 10_000, lambda _: True)
    assert len(page.body) == 10_000 and not page.is_complete
    assert time.thread_time() - began < 1


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "text/html")
    request.end_headers()
    request.wfile.write(b"<title>Storm</title>")
    while True:
        request.wfile.write(b"x" * 65536)


async def test_an_endless_page_is_read_up_to_the_limit(loader: PageLoader, pages: PageServer) -> None:
    pages.pages["/"] = endless
    assert await title(loader, pages.url()) == "Storm"


@pytest.mark.parametrize("where", ["before", "header", "body"])
async def test_a_slow_page_is_given_up(loader: PageLoader, pages: PageServer, settings: Any, where: str) -> None:
    settings.IM_LINK_PREVIEW_TIMEOUT = 0.2

    def slow(request: BaseHTTPRequestHandler) -> None:
        text = {"before": b"", "header": b"HTTP/1.1 200 OK\r\nX: ", "body": b"HTTP/1.1 200 OK\r\n\r\n<title>"}[where]
        request.connection.send(text)
        pages.ended.wait()

    pages.pages["/"] = slow
    assert await title(loader, pages.url()) == ""


async def test_a_host_gets_one_request_at_a_time(pages: PageServer, settings: Any) -> None:
    settings.IM_LINK_PREVIEW_HOST_INTERVAL = 0.05
    loader = PageLoader()
    pages.pages["/"] = PAGE
    began = time.monotonic()
    assert await asyncio.gather(*(title(loader, pages.url()) for _ in range(4))) == ["Storm"] * 4
    assert time.monotonic() - began >= 0.15
    loader.close()
