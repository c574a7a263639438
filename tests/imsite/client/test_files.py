"""Uploads, downloads, reactions and threads of the client, against a scripted site."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from imsite.client import Attachment, OutgoingFile, Recipient, Refused, SyncClient, Unreachable, uploads
from imsite.client.files import FileSource, open_content
from tests.imsite.client.scripted_server import Server

pytestmark = pytest.mark.usefixtures("short_pauses")

FILE = {"id": "k1", "name": "a.txt", "type": "text/plain", "kind": "file", "size": 10, "url": "https://evil.example/"}
ALICE = Recipient.user("alice")


def started(key: str = "k1") -> httpx.Response:
    return httpx.Response(201, json={"id": key, "url": f"/api/v1/uploads/{key}/"})


def complete(**fields: Any) -> httpx.Response:
    return httpx.Response(200, json=FILE | fields)


def stored() -> httpx.Response:
    return httpx.Response(201, json={"messages": [{"target": "5", "id": "7", "seq": 1, "position": 9}]})


def moved(offset: int) -> httpx.Response:
    return httpx.Response(409, json={"code": 1009, "reason": "upload_offset", "detail": "No.", "offset": offset})


def steps(server: Server) -> list[tuple[str, str]]:
    return [(request.method, request.url.path.removeprefix("/api/v1/")) for request in server.asked]


def test_a_source_is_a_path_or_bytes_or_a_file_object(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"0123456789")
    with path.open("rb") as opened:
        opened.seek(4)
        sources: list[tuple[FileSource, tuple[str, str, int]]] = [
            (path, ("report.pdf", "application/pdf", 10)),
            (str(path), ("report.pdf", "application/pdf", 10)),
            (opened, ("report.pdf", "application/pdf", 6)),
            (b"123", ("file", "application/octet-stream", 3)),
            (BytesIO(b"123"), ("file", "application/octet-stream", 3)),
            (OutgoingFile(b"123", "a.png"), ("a.png", "image/png", 3)),
            (OutgoingFile(path, "x", "text/css"), ("x", "text/css", 10)),
        ]
        for source, known in sources:
            with open_content(source) as content:
                assert (content.name, content.content_type, content.size) == known
        with open_content(opened) as content:
            assert content.read(2, 100) == b"6789"
        assert opened.tell() == 4


async def test_a_message_is_sent_with_uploaded_files() -> None:
    server = Server(started(), complete(), started("k2"), complete(id="k2"), stored())
    async with server.client() as im:
        await im.send("", to=ALICE, files=[OutgoingFile(b"0123456789", "ä.txt"), b"1"])
    assert steps(server)[:2] == [("POST", "uploads/"), ("PATCH", "uploads/k1/")]
    start, part = server.asked[:2]
    assert start.headers["upload-length"] == "10"
    assert start.headers["upload-metadata"] == (
        f"filename {base64.b64encode('ä.txt'.encode()).decode()},filetype {base64.b64encode(b'text/plain').decode()}"
    )
    assert (part.content, part.headers["upload-offset"]) == (b"0123456789", "0")
    assert json.loads(server.asked[-1].content)["attachments"] == ["k1", "k2"]


async def test_an_interrupted_upload_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PART_BYTES", 4)
    cut = httpx.ReadTimeout("slow")
    server = Server(started(), httpx.Response(204), cut, moved(6), httpx.Response(423), cut, moved(10), complete())
    async with server.client() as im:
        assert (await im.upload(b"0123456789")).id == "k1"
    parts = [
        (request.headers["upload-offset"], request.content) for request in server.asked if request.method == "PATCH"
    ]
    assert parts == [("0", b"0123"), *[("4", b"4567")] * 2, *[("6", b"6789")] * 3]
    assert steps(server)[-1] == ("GET", "uploads/k1/")


async def test_a_refused_upload_is_raised() -> None:
    problem = {"code": 1001, "reason": "file_type_refused", "detail": "No.", "status": 415}
    server = Server(started(), httpx.Response(415, json=problem), started(), moved(0))
    async with server.client() as im:
        for reason in ("file_type_refused", "upload_offset"):
            with pytest.raises(Refused) as caught:
                await im.send("look", to=ALICE, files=[b"123"])
            assert caught.value.reason == reason


async def test_a_repeated_send_does_not_upload_again() -> None:
    lost = httpx.ReadTimeout("slow")
    server = Server(started(), complete(), started("k2"), lost, started("k2"), complete(id="k2"), lost, stored())
    async with server.client(retry_seconds=0) as im:
        for _ in range(3):
            try:
                await im.send("look", to=ALICE, files=[b"1", b"2"], idempotency_key="once")
            except Unreachable:
                continue
    assert [method for method, _ in steps(server)] == [
        "POST",
        "PATCH",
        "POST",
        "PATCH",
        "POST",
        "PATCH",
        "POST",
        "POST",
    ]
    assert server.asked[-1].content == server.asked[-2].content
    assert json.loads(server.asked[-1].content)["attachments"] == ["k1", "k2"]


async def test_a_finished_send_keeps_no_uploads() -> None:
    refused = httpx.Response(404, json={"code": 1005, "reason": "attachment_not_found", "detail": "No."})
    server = Server(started(), complete(), refused, *[started(), complete(), stored()] * 2)
    async with server.client() as im:
        with pytest.raises(Refused):
            await im.send("look", to=ALICE, files=[b"1"], idempotency_key="once")
        for _ in range(2):
            await im.send("look", to=ALICE, files=[b"1"], idempotency_key="once")
    assert [path for _, path in steps(server)].count("uploads/") == 3


class Cut(httpx.AsyncByteStream, httpx.SyncByteStream):
    """A body that ends in the middle."""

    def __iter__(self) -> Any:
        yield b"0123"
        raise httpx.ReadError("cut")

    async def __aiter__(self) -> Any:
        for piece in self.__iter__():
            yield piece


def cut(status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, stream=Cut(), headers=headers)


async def test_a_download_continues_where_it_was_cut() -> None:
    server = Server(httpx.Response(503), cut(ETag='"x"'), httpx.Response(206, content=b"456789"))
    async with server.client(token="secret") as im:
        assert await im.download(Attachment.from_json(FILE)) == b"0123456789"
    last = server.asked[-1]
    assert (last.headers["range"], last.headers["if-range"]) == ("bytes=4-", '"x"')
    assert {str(request.url) for request in server.asked} == {"http://im.example/files/k1/a.txt"}


async def test_a_download_begins_again_if_the_file_is_sent_whole() -> None:
    server = Server(cut(), httpx.Response(200, content=b"ABCDEF"))
    target = BytesIO(b"kept: ")
    target.seek(6)
    async with server.client() as im:
        await im.download_to(Attachment.from_json(FILE), target)
    assert target.getvalue() == b"kept: ABCDEF"


async def test_an_absent_file_is_refused() -> None:
    async with Server(httpx.Response(404, text="<html>")).client() as im:
        with pytest.raises(Refused) as caught:
            await im.download(Attachment("k9", "a/../b"))
    assert (caught.value.reason, caught.value.code) == ("attachment_not_found", 1005)


async def test_reactions_and_answers_in_threads() -> None:
    server = Server(
        httpx.Response(200, json={"count": 2}),
        httpx.ReadTimeout("slow"),
        httpx.Response(200, json={"count": 1}),
        stored(),
    )
    async with server.client() as im:
        assert await im.react("7", "👍") == 2
        assert await im.unreact("7", "👍", as_user="bob") == 1
        await im.send("answer", to=Recipient.channel("5"), thread="7", also_to_channel=True)
    assert [request.method for request in server.asked] == ["PUT", "DELETE", "DELETE", "POST"]
    assert server.asked[0].url.path == "/api/v1/messages/7/reactions/👍/"
    assert server.asked[1].url.query == b"as=bob"
    body = json.loads(server.asked[-1].content)
    assert (body["threadId"], body["alsoToChannel"]) == ("7", True)


def test_the_synchronous_client_makes_the_same_calls() -> None:
    counted = httpx.Response(200, json={"count": 1})
    server = Server(
        started(),
        complete(),
        stored(),
        cut(ETag='"x"'),
        httpx.Response(206, content=b"4"),
        counted,
        counted,
        httpx.Response(201, json={"id": "9"}),
        httpx.Response(200, json={"results": []}),
        httpx.Response(204),
        httpx.Response(200, json={}),
        httpx.Response(204),
        httpx.Response(200, json={"results": [], "next": None}),
    )
    with SyncClient("http://im.example/", transport=httpx.MockTransport(server)) as im:
        im.send("look", to=ALICE, files=[b"1"])
        assert im.download(Attachment.from_json(FILE)) == b"01234"
        assert im.react("7", "👍") == im.unreact("7", "👍") == 1
        at = datetime.fromtimestamp(1_800_000_000, UTC)
        assert im.schedule("later", to=ALICE, at=at, thread="7", idempotency_key="k") == "9"
        assert im.scheduled(cursor="MTI") == {"results": []}
        im.cancel_scheduled("9")
        im.save("7")
        im.unsave("7")
        assert im.saved(cursor="MTI")["results"] == []
    assert [(request.method, request.url.raw_path) for request in server.asked[-6:]] == [
        ("POST", b"/api/v1/scheduled/"),
        ("GET", b"/api/v1/scheduled/?limit=50&cursor=MTI"),
        ("DELETE", b"/api/v1/scheduled/9/"),
        ("PUT", b"/api/v1/messages/7/saved/"),
        ("DELETE", b"/api/v1/messages/7/saved/"),
        ("GET", b"/api/v1/saved/?limit=50&cursor=MTI"),
    ]
    assert json.loads(server.asked[-6].content) == {
        "to": {"user": "alice"}, "msg": "later", "at": 1_800_000_000_000, "clientMsgId": "k", "threadId": "7",
    }  # fmt: skip
    assert steps(server)[:3] == [("POST", "uploads/"), ("PATCH", "uploads/k1/"), ("POST", "messages/")]
