"""Attack 6: an upload is not what it claims to be: script, a polyglot, enormous, with a path as its name, with a
location.

A profile picture is re-encoded, stored under a generated name and served with its true type; an unreadable file is
refused and nothing is stored (tests/accounts/test_avatars.py covers each case). A picture or voice on `/ws` becomes a
file of its message, whose content decides what it is; clients of `/ws` get the bytes that were sent.
"""

from __future__ import annotations

import http.client
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from tests.accounts.test_avatars import HTML, MARK, SVG, bomb
from tests.support.identity_provider import picture
from tests.support.protobuf_client import ProtobufClient
from tests.support.rest import Service
from tests.support.shared_site import Account, Clients, SharedSite
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.each_database

FORM = "/accounts/profile/picture/"
NAMES = {
    "a path": "../../../static/evil.html",
    "a path of Windows": "..\\..\\evil.svg",
    "from the root": "/etc/passwd",
    "NUL": "evil.html\0.png",
    "read from the right": "evil\u202egnp.html",
    "long": "x" * 500 + ".png",
    "script": "<script>alert(1)</script>.png",
}
NO_PICTURES = {
    "svg": SVG,
    "html": HTML,
    "bomb": bomb(20_000),
    "head": picture()[:40],
    "empty": b"",
    "zip": b"PK\3\4" * 9,
}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(shared_site: SharedSite, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
    with closing(http.client.HTTPConnection("127.0.0.1", shared_site.site.port, timeout=TIMEOUT_SECONDS)) as link:
        link.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = link.getresponse()
        return Reply(answer.status, answer.headers, answer.read())


def upload(
    shared_site: SharedSite, account: Account, content: bytes, name: str = "me.png", type: str = "image/png"
) -> Reply:
    """Submit the form with the attacker's file name and type and return the page that follows."""
    cookie, proof = account.cookie, "x" * 32
    head = (
        f'--b\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{proof}\r\n'
        f'--b\r\nContent-Disposition: form-data; name="avatar"; filename="{name}"\r\nContent-Type: {type}\r\n\r\n'
    )
    body = head.encode() + content + b"\r\n--b--\r\n"
    proven = f"{cookie}; csrftoken={proof}"
    sent = ask(shared_site, "POST", FORM, body, Cookie=proven, Content_Type="multipart/form-data; boundary=b")
    return ask(shared_site, "GET", "/accounts/profile/", Cookie=cookie) if sent.status == 302 else sent


def files(shared_site: SharedSite, account: Account) -> list[Path]:
    """Return the stored files of the account's pictures."""
    return sorted((shared_site.site.data / "media").rglob(f"{account.id}-*"))


def all_files(shared_site: SharedSite) -> set[Path]:
    """Return every file of the site except its database and its log."""
    return {path for path in shared_site.site.data.rglob("*") if path.suffix != ".log" and "sqlite" not in path.name}


async def avatar_url(clients: Clients, account: Account) -> str:
    """Return the URL of the account's picture, as other users get it."""
    [bob] = await clients("bob")
    channel = await bob.call("channel.create", kind="private", members=[account.name])
    return str(channel["peer"]["avatar"])


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_the_name_and_the_type_of_an_upload_are_ignored(
    clients: Clients, shared_site: SharedSite, name: str
) -> None:
    account, before = shared_site.account("carol"), all_files(shared_site)

    assert upload(shared_site, account, picture(), name, "text/html").status == 200

    [kept] = files(shared_site, account)
    assert all_files(shared_site) - before - {kept.parent, kept.parent.parent} == {kept}
    url = await avatar_url(clients, account)
    assert url == f"/avatars/{kept.name}"
    shown = ask(shared_site, "GET", url)
    assert shown.status == 200 and shown.headers["Content-Type"] == "image/webp"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]


async def test_only_the_re_encoded_picture_is_stored(clients: Clients, shared_site: SharedSite) -> None:
    """The location, the camera, the maker's notes and a second file format are all removed."""
    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "Maker", MARK.decode()
    exif.get_ifd(0x8825)[1] = "N"
    taken = picture(form="JPEG", exif=exif, comment=MARK) + HTML + SVG
    assert MARK in taken
    account = shared_site.account("carol")

    upload(shared_site, account, taken, "photo.jpg", "image/jpeg")

    shown = ask(shared_site, "GET", await avatar_url(clients, account)).body
    assert [path.read_bytes() for path in files(shared_site, account)] == [shown]
    assert not [trace for trace in (MARK, b"Maker", b"EXIF", b"Exif", b"script", b"svg") if trace in shown]
    with Image.open(BytesIO(shown)) as made:
        assert (made.format, made.size, dict(made.getexif())) == ("WEBP", (256, 256), {})


@pytest.mark.parametrize("content", NO_PICTURES.values(), ids=NO_PICTURES)
async def test_a_file_that_is_no_picture_is_refused_and_not_stored(
    clients: Clients, shared_site: SharedSite, content: bytes
) -> None:
    account, before = shared_site.account("carol"), all_files(shared_site)

    page = upload(shared_site, account, content)

    assert page.status == 200 and ("picture" in page.body.decode()) and b"alert(1)" not in page.body
    assert files(shared_site, account) == [] and all_files(shared_site) == before
    assert await avatar_url(clients, account) == ""


# -- pictures and voices of /ws ---------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def phone(shared_site: SharedSite) -> AsyncIterator[ProtobufClient]:
    """Return Mallory's connection on `/ws`."""
    account = shared_site.account("dave")
    client = await ProtobufClient.connect(shared_site.site.acc.replace("/acc", "/ws"), int(account.id))
    assert (await client.login(account.token, sync=0)).code == 200
    yield client
    await client.close()


@pytest.mark.parametrize("type", ["picture", "voice"])
@pytest.mark.parametrize(
    "content", [SVG, HTML, bomb(20_000), picture(form="GIF") + HTML], ids=["svg", "html", "bomb", "two"]
)
async def test_a_fake_picture_or_voice_is_a_harmless_file_for_its_readers_only(
    clients: Clients, shared_site: SharedSite, phone: ProtobufClient, type: str, content: bytes
) -> None:
    alice, bob = await clients("alice", "bob")
    assert alice.account and bob.account

    assert (await phone.send("single", int(alice.id), content, type=type)).code == 200

    [file] = (await alice.push("msg", type="file")).data["attachments"]
    assert file["name"].startswith(type) and "script" not in file["name"]
    page = ask(shared_site, "GET", file["url"], Cookie=alice.account.cookie)
    assert page.status == 200 and page.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Type"] not in ("text/html", "image/svg+xml", "application/xhtml+xml")
    # Only a picture that was decoded, and rid of what follows it, is shown inside a page.
    assert page.headers["Content-Disposition"].startswith("attachment") or b"script" not in page.body
    assert ask(shared_site, "GET", file["url"], Cookie=bob.account.cookie).status == 404
    assert ask(shared_site, "GET", file["url"]).status == 404


async def test_a_picture_of_a_phone_has_no_other_url(
    clients: Clients, shared_site: SharedSite, phone: ProtobufClient
) -> None:
    [alice] = await clients("alice")
    await phone.send("single", int(alice.id), HTML, type="picture")
    heard = (await alice.push("msg", type="file")).data
    reader = Service.make(shared_site, "view_message")

    paths = [f"/{folder}/{heard['id']}" for folder in ("media", "avatars", "files", "messages", "static")]
    cookie = alice.account.cookie if alice.account else ""
    assert [ask(shared_site, "GET", path, Cookie=cookie).status for path in paths] == [404] * len(paths)
    # A call does not serve it either: it answers JSON, and only to readers of the channel.
    answer = ask(shared_site, "GET", f"/api/v1/messages/{heard['id']}/", Authorization=f"Bearer {reader.token}")
    assert answer.status == 404 and b"script" not in answer.body
    mine = ask(shared_site, "GET", f"/api/v1/messages/{heard['id']}/", Authorization=f"Bearer {alice.token}")
    assert mine.headers["X-Content-Type-Options"] == "nosniff" and "json" in mine.headers["Content-Type"]
    assert b"<script" not in mine.body


async def test_a_picture_over_the_size_limit_is_refused(clients: Clients, phone: ProtobufClient) -> None:
    [alice] = await clients("alice")
    for content, code in ((b"", 1001), (b"x" * 32_001, 1011)):
        assert (await phone.send("single", int(alice.id), content, type="picture")).code == code
    assert [push.cmd for push in await alice.settle() if push.cmd == "msg"] == []
