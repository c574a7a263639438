"""A running site keeps its files in a bucket: uploads, downloads, a crash, and an outage of the storage."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.file_caller import FileCaller
from tests.support.fixtures.sites import SiteFactory
from tests.support.object_storage import ObjectStorage
from tests.support.pictures import picture
from tests.support.uploads import FORM, form, part_headers

pytestmark = pytest.mark.each_database

MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def caller(site_factory: SiteFactory, object_storage: ObjectStorage) -> Iterator[FileCaller]:
    with site_factory(**object_storage.environment()) as site:
        yield FileCaller(site)


def followed(headers: Any, **sent: str) -> tuple[int, bytes, Any]:
    """Get what a browser gets that follows the redirect, without the site's credentials."""
    parts = urlsplit(headers["Location"])
    with closing(http.client.HTTPConnection(parts.netloc)) as link:
        link.request("GET", f"{parts.path}?{parts.query}", headers=sent)
        answer = link.getresponse()
        return answer.status, answer.read(), answer.headers


def test_browsers_are_redirected_and_programs_are_not(caller: FileCaller, object_storage: ObjectStorage) -> None:
    status, made, _ = caller(
        "POST", "/api/v1/attachments/", form(picture(size=(900, 600)), "a.jpg", "image/jpeg"), Content_Type=FORM
    )
    assert status == 201 and made["kind"] == "image"
    for url, type in ((made["url"], "image/jpeg"), (made["thumbnail"], "image/webp")):
        status, content, headers = caller("GET", url)
        assert (status, headers["Content-Type"]) == (200, type)
        status, part, headers = caller("GET", url, Range="bytes=10-19")
        assert (status, part) == (206, content[10:20])
        assert caller("HEAD", url)[2]["Content-Length"] == str(len(content))

        status, nothing, headers = caller("GET", url, Sec_Fetch_Dest="image")
        assert (status, nothing, headers["Cache-Control"]) == (302, b"", "private, no-store")
        status, got, headers = followed(headers)
        assert (status, got == content, headers["Content-Type"]) == (200, True, type)
    assert headers["Content-Disposition"] == "inline"

    for player in ("video", "audio", "empty"):
        assert caller("GET", made["url"], Sec_Fetch_Dest=player)[0] == 200, "it asks for parts later"
    token, caller.token = caller.token, "x" * 64
    assert caller("GET", made["url"], Sec_Fetch_Dest="image")[0] == 404
    caller.token = token
    policy = caller("GET", "/")[2]["Content-Security-Policy"]
    assert f"img-src 'self' data: blob: {object_storage.url};" in policy


def test_a_page_is_a_download_wherever_it_is(caller: FileCaller) -> None:
    body = form(b"<!doctype html><script>alert(1)</script>", "a.html", "text/html")
    made = caller("POST", "/api/v1/attachments/", body, Content_Type=FORM)[1]
    _, _, headers = followed(caller("GET", made["url"], Sec_Fetch_Dest="document")[2])
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == 'attachment; filename="a.html"'


def test_an_upload_goes_on_after_a_crash_and_an_outage(caller: FileCaller, object_storage: ObjectStorage) -> None:
    """Each part of 8 MiB is an object, so any node can go on. An unfinished one leaves nothing on the disk."""
    size = 20 * MEBIBYTE
    content = hashlib.sha256(b"x").digest() * (size // 32)
    before = object_storage.files()
    path = caller.start(size)
    assert caller("PATCH", path, content[: 10 * MEBIBYTE], **part_headers(0))[0] == 204
    caller.site.kill()
    caller.site.start()
    assert caller.offset(path) == 10 * MEBIBYTE

    object_storage.kill()
    status, refused, headers = caller("PATCH", path, content[10 * MEBIBYTE :], **part_headers(10 * MEBIBYTE))
    assert (status, refused["reason"], headers["Retry-After"]) == (503, "storage_unavailable", "30")
    status, refused, _ = caller("POST", "/api/v1/attachments/", form(b"x"), Content_Type=FORM)
    assert (status, refused["reason"]) == (503, "storage_unavailable")
    object_storage.start()

    offset = caller.offset(path)
    status, made, _ = caller("PATCH", path, content[offset:], **part_headers(offset))
    assert (status, made["sha256"]) == (200, hashlib.sha256(content).hexdigest())
    assert caller("GET", made["url"])[1] == content
    assert len(object_storage.files() - before) == 1, "the parts are deleted"
    assert not list((caller.site.data / "spool").glob("*"))

    object_storage.kill()
    status, _, headers = caller("GET", made["url"])
    assert (status, headers["Retry-After"]) == (503, "30")
    assert caller("DELETE", path)[0] == 204, "the file goes with the next clean-up"
    object_storage.start()
    assert "0 attachments without a file" in caller.site.manage("attachments")
    assert object_storage.files() == before
