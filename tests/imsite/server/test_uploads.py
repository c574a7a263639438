"""A running server receives and sends files: in bounded memory, from slow clients, across a crash."""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.file_caller import FileCaller
from tests.support.fixtures.sites import SiteFactory
from tests.support.pictures import huge_png
from tests.support.site import Site
from tests.support.uploads import FORM, form, part_headers
from tests.support.websocket_server import wait_for

pytestmark = pytest.mark.each_database

MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def caller(site_factory: SiteFactory) -> Iterator[FileCaller]:
    with site_factory(IM_HTTP_CONCURRENCY="2") as site:
        yield FileCaller(site)


@contextlib.contextmanager
def impatient(site: Site) -> Iterator[None]:
    """Let the site cut clients that send or take nothing for a second. It is restarted before and after."""
    site.options["IM_UPLOAD_SECONDS_WITHOUT_PROGRESS"] = "1"
    site.restart()
    try:
        yield
    finally:
        del site.options["IM_UPLOAD_SECONDS_WITHOUT_PROGRESS"]
        site.restart()


def send_until_cut(link: socket.socket) -> int:
    """Send without an end; return the bytes that the server took before it closed the connection."""
    for sent in range(2000):
        try:
            link.sendall(b"x" * MEBIBYTE)
        except OSError:
            return sent * MEBIBYTE
    raise AssertionError("The server took everything.")


def resident(site: Site) -> int:
    lines = Path(f"/proc/{site.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def threads(site: Site) -> int:
    return len(list(Path(f"/proc/{site.pid}/task").iterdir()))


def readers(site: Site) -> int:
    """Return the number of open files of the storage."""
    opened = 0
    for path in Path(f"/proc/{site.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            opened += "/attachments/" in os.readlink(path)
    return opened


def stored_files(site: Site) -> set[Path]:
    return {path for path in (site.data / "attachments").rglob("*") if path.is_file()}


def test_a_file_comes_back_whole_and_in_parts(caller: FileCaller) -> None:
    content = bytes(range(256)) * 4000
    status, made, _ = caller("POST", "/api/v1/attachments/", form(content, "a.bin"), Content_Type=FORM)
    assert status == 201 and made["sha256"] == hashlib.sha256(content).hexdigest()

    status, got, headers = caller("GET", made["url"])
    assert (status, got == content, headers["Content-Length"]) == (200, True, str(len(content)))
    assert headers["Content-Security-Policy"].endswith("sandbox") and "X-Imsite-File" not in headers
    status, part, headers = caller("GET", made["url"], Range="bytes=1000-1999")
    assert (status, part == content[1000:2000], headers["Content-Range"]) == (
        206,
        True,
        f"bytes 1000-1999/{len(content)}",
    )
    status, nothing, headers = caller("HEAD", made["url"])
    assert (status, nothing, headers["Content-Length"]) == (200, b"", str(len(content)))
    assert caller("GET", made["url"], If_None_Match=headers["ETag"])[0] == 304


def test_an_upload_continues_after_a_crash(caller: FileCaller) -> None:
    """At most one part of 8 MiB is lost. Memory does not grow with the file."""
    size = 20 * MEBIBYTE
    content = hashlib.sha256(b"x").digest() * (size // 32)
    path = caller.start(size)
    before = resident(caller.site)
    with closing(caller.open_body("PATCH", path, size, **part_headers(0))) as link:
        link.sendall(content[: 18 * MEBIBYTE])
        wait_for(lambda: caller.offset(path) == 16 * MEBIBYTE)
        assert resident(caller.site) - before < 16 * MEBIBYTE
        caller.site.kill()
    caller.site.start()

    offset = caller.offset(path)
    assert offset == 16 * MEBIBYTE
    status, made, _ = caller("PATCH", path, content[offset:], **part_headers(offset))
    assert (status, made["size"], made["sha256"]) == (200, size, hashlib.sha256(content).hexdigest())
    assert caller("GET", made["url"])[1] == content
    assert not list((caller.site.data / "attachments" / "parts").rglob("*"))


def test_a_full_disk_is_a_passing_refusal(caller: FileCaller) -> None:
    """The disk has no room for a whole part. Once it has, the upload goes on behind the bytes that were stored."""
    content = bytes(range(256)) * (4096 * 12)
    body, path, files = form(content, "a.bin"), caller.start(len(content)), stored_files(caller.site)
    full = (6 * MEBIBYTE, resource.RLIM_INFINITY)
    before = resource.prlimit(caller.site.pid, resource.RLIMIT_FSIZE, full)
    try:
        for method, address, sent, headers in (
            ("PATCH", path, content, part_headers(0)),
            ("POST", "/api/v1/attachments/", body, {"Content-Type": FORM}),
        ):
            status, refused, answered = caller(method, address, sent, **headers)
            assert (status, refused["reason"], answered["Retry-After"]) == (503, "storage_unavailable", "30")
        assert len(stored_files(caller.site) - files) == 1, "the first bytes of the upload"
    finally:
        resource.prlimit(caller.site.pid, resource.RLIMIT_FSIZE, before)

    offset = caller.offset(path)
    status, made, _ = caller("PATCH", path, content[offset:], **part_headers(offset))
    assert (status, made["sha256"]) == (200, hashlib.sha256(content).hexdigest())
    assert caller("POST", "/api/v1/attachments/", body, Content_Type=FORM)[0] == 201
    assert len(stored_files(caller.site) - files) == 2


def test_slow_uploads_hold_no_request_slot(caller: FileCaller) -> None:
    """Ten slow clients, and two slots: others are answered meanwhile."""
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            path = caller.start(1000)
            link = stack.enter_context(closing(caller.open_body("PATCH", path, 1000, **part_headers(0))))
            link.sendall(b"x")
        assert caller("GET", "/api/v1/users/alice/")[0] in (200, 403)


def test_slow_uploads_are_cut(caller: FileCaller) -> None:
    paths = [caller.start(1000) for _ in range(10)]
    with impatient(caller.site):
        links = [caller.open_body("PATCH", path, 1000, **part_headers(0)) for path in paths]
        for link in links:
            link.sendall(b"x")
        for link in links:
            assert link.recv(100) == b"", "cut without an answer"
            link.close()
        wait_for(lambda: all(caller.offset(path) == 1 for path in paths))


def test_an_endless_body_is_cut_and_leaves_nothing(caller: FileCaller) -> None:
    path = caller.start(MEBIBYTE)
    before, files = resident(caller.site), stored_files(caller.site)
    with closing(caller.open_body("PATCH", path, 10**15, **part_headers(0))) as link:
        sent = send_until_cut(link)
    assert sent < 40 * MEBIBYTE
    assert resident(caller.site) - before < 16 * MEBIBYTE
    wait_for(lambda: stored_files(caller.site) == files)


def test_a_huge_file_is_refused_at_its_first_bytes(caller: FileCaller) -> None:
    length = 10 * 2**30
    status, body, _ = caller("POST", "/api/v1/uploads/", Upload_Length=str(length))
    assert (status, body["reason"]) == (413, "file_too_large")
    with closing(caller.open_body("POST", "/api/v1/attachments/", length, **{"Content-Type": FORM})) as link:
        assert link.recv(100).startswith(b"HTTP/1.1 413")


def test_another_host_is_refused_without_reading(caller: FileCaller) -> None:
    path = caller.start(1000)
    with closing(caller.open_body("PATCH", path, 10**15, **part_headers(0) | {"Host": "evil.example"})) as link:
        assert link.recv(100).startswith(b"HTTP/1.1 400")


def test_a_form_that_ends_early_leaves_nothing(caller: FileCaller) -> None:
    files = stored_files(caller.site)
    body = form(b"x" * MEBIBYTE)
    with closing(caller.open_body("POST", "/api/v1/attachments/", len(body), **{"Content-Type": FORM})) as link:
        link.sendall(body[: len(body) // 2])
        wait_for(lambda: stored_files(caller.site) != files)
    wait_for(lambda: stored_files(caller.site) == files)


def test_a_huge_picture_is_refused_without_being_decoded(caller: FileCaller) -> None:
    before = resident(caller.site)
    status, body, _ = caller("POST", "/api/v1/attachments/", form(huge_png(30_000), "a.png"), Content_Type=FORM)
    assert (status, body["reason"]) == (422, "picture_refused")
    assert resident(caller.site) - before < 16 * MEBIBYTE


def test_a_reader_who_takes_nothing_is_cut(caller: FileCaller) -> None:
    """Many of them hold no thread, so others download at once."""
    content = b"x" * (24 * MEBIBYTE)
    made = caller("POST", "/api/v1/attachments/", form(content, "a.bin"), Content_Type=FORM)[1]
    with impatient(caller.site):
        before = threads(caller.site)
        links = [caller.open_body("GET", made["url"], 0) for _ in range(60)]
        for link in links:
            assert link.recv(10)
        assert threads(caller.site) - before < 40, "no thread for each reader"
        assert caller("GET", made["url"], Range="bytes=0-9")[1] == b"x" * 10
        wait_for(lambda: not readers(caller.site))
        for link in links:
            received = 0
            while piece := link.recv(MEBIBYTE):
                received += len(piece)
            assert received < len(content), "cut before the end"
            link.close()
