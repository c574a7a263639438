"""Attack 6, files of messages: an attachment is not what it claims to be, or is asked for without the right to it.

A file that is refused is answered like one that does not exist. No stored file runs as a script of the site.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.accounts.test_avatars import HTML, SVG
from tests.support.pictures import MARK, picture
from tests.support.shared_site import Clients, SharedSite, UserClient
from tests.support.uploads import FORM, form, metadata, part_headers
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.each_database


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    @property
    def shown(self) -> tuple[int, bytes, list[str]]:
        """Return everything by which answers could be told apart, except their time."""
        return self.status, self.body, sorted(name for name in self.headers if name != "Date")


Ask = Callable[..., Reply]


@pytest.fixture
def ask(shared_site: SharedSite) -> Ask:
    def call(who: UserClient | None, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            given["Authorization"] = f"Bearer {who.token}"
        with closing(http.client.HTTPConnection("127.0.0.1", shared_site.site.port, timeout=TIMEOUT_SECONDS)) as link:
            link.request(method, path, body, given)
            answer = link.getresponse()
            return Reply(answer.status, answer.headers, answer.read())

    return call


def upload(ask: Ask, who: UserClient, content: bytes, name: str = "a.txt", type: str = "text/plain") -> dict[str, Any]:
    reply = ask(who, "POST", "/api/v1/attachments/", form(content, name, type), Content_Type=FORM)
    assert reply.status == 201, reply.body
    made: dict[str, Any] = reply.data
    return made


async def sent(ask: Ask, who: UserClient, target: str, content: bytes = b"hello") -> tuple[str, dict[str, Any]]:
    """Send a file; return its path and the reply to the send."""
    made = upload(ask, who, content)
    return made["url"], await who.call("message.send", target=target, type="text", msg="", attachments=[made["id"]])


FOR_ALL = ("recall", "removal of the file", "retention", "retention of files")
ENDINGS = ("leaves", "is removed", "is banned from the group", "is banned from the site", "account deletion", *FOR_ALL)


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_right_that_has_ended(clients: Clients, shared_site: SharedSite, ask: Ask, ending: str) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, join="closed")
    path, said = await sent(ask, alice, group)
    absent = ask(bob, "GET", f"/files/{'x' * 22}/a.txt")
    assert (ask(bob, "GET", path).body, absent.status) == (b"hello", 404)
    assert ask(carol, "GET", path).shown == absent.shown, "a stranger"
    assert ask(None, "GET", path).status == 404, "without a sign-in"

    if ending == "leaves":
        await bob.call("channel.leave", target=group)
    elif ending == "is removed":
        await alice.call("channel.remove", target=group, member=bob.name)
    elif ending == "is banned from the group":
        await alice.call("channel.restrict", target=group, member=bob.name, kind="ban")
    elif ending == "is banned from the site":
        shared_site.shell(
            "from accounts.models import User\nfrom chat.actions.moderation import user_ban\n"
            "operator, _ = User.objects.get_or_create(username='boss', is_superuser=True)\n"
            f"user_ban(operator=operator, user_id={bob.id})"
        )
    elif ending == "account deletion":
        shared_site.shell(f"from chat.actions.account_deletion import account_delete\naccount_delete(user_id={bob.id})")
    elif ending == "recall":
        await alice.call("message.recall", target=group, id=said["id"])
    elif ending == "removal of the file":
        await alice.call("attachment.remove", target=group, id=said["id"], attachment=path.split("/")[2])
    elif ending == "retention of files":
        shared_site.shell(
            "from django.conf import settings\nfrom chat.actions.retention import files_delete_expired\n"
            "from chat.models import Message\nsettings.IM_FILE_RETENTION_DAYS = 1\n"
            f"Message.objects.filter(pk={said['id']}).update(time=0)\nfiles_delete_expired(limit=1)\n"
            "settings.IM_FILE_RETENTION_DAYS = 0"
        )
    else:
        shared_site.shell(
            "from chat.actions.retention import channel_delete_expired\n"
            f"channel_delete_expired(channel_id={group}, before=2**60)"
        )

    for method in ("GET", "HEAD"):
        assert ask(bob, method, path).status == 404
    assert ask(bob, "GET", path).body == absent.body
    assert ask(alice, "GET", path).status == (404 if ending in FOR_ALL else 200)


async def test_a_new_member_of_a_closed_group_gets_no_earlier_file(clients: Clients, ask: Ask) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    group = await alice.group(bob, join="closed")
    path, _ = await sent(ask, alice, group)
    await alice.call("channel.invite", target=group, members=[carol.name])
    later, _ = await sent(ask, alice, group, b"later")
    assert [ask(carol, "GET", one).status for one in (path, later)] == [404, 200]


async def test_guests_get_files_of_their_global_channel_only(clients: Clients, ask: Ask) -> None:
    [alice] = await clients("alice")
    guest = await clients.guest()
    group = await alice.group()
    private, _ = await sent(ask, alice, group)
    public, _ = await sent(ask, alice, alice.room)
    assert [ask(guest, "GET", one).status for one in (private, public)] == [404, 200]
    refused = ask(guest, "POST", "/api/v1/attachments/", form(b"x"), Content_Type=FORM)
    assert (refused.status, refused.data["reason"]) == (403, "uploads_not_allowed")


async def test_uploads_of_others_are_neither_read_nor_sent_nor_changed(clients: Clients, ask: Ask) -> None:
    alice, bob = await clients("alice", "bob")
    made = upload(ask, alice, b"hello")
    group = await bob.group(alice)
    assert ask(bob, "GET", made["url"]).status == 404
    for key in (made["id"], "x" * 22, "a\0b", "家", "x" * 5000):
        assert await bob.refusal("message.send", target=group, type="text", msg="", attachments=[key]) == (
            1005,
            "attachment_not_found",
        )
    for key in (made["id"], "x" * 22, "a%00b"):
        for method in ("GET", "HEAD", "DELETE", "PATCH"):
            assert ask(bob, method, f"/api/v1/uploads/{key}/", b"x", **part_headers(0)).status == 404
    assert ask(alice, "GET", made["url"]).body == b"hello"


SCRIPTS = {
    "html": HTML,
    "svg": SVG,
    "xhtml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    "pdf": b"%PDF-1.4\n1 0 obj <</S/JavaScript/JS(app.alert(1))>>",
    "script": b"alert(1)",
    "mhtml": b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n<script>alert(1)</script>",
    "flash": b"CWS\x0a" + b"\0" * 40,
}


@pytest.mark.parametrize("content", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize(("name", "type"), [("a.png", "image/png"), ("a.html", "text/html")])
async def test_a_script_is_never_shown_in_place(
    clients: Clients, ask: Ask, content: bytes, name: str, type: str
) -> None:
    [alice] = await clients("alice")
    shown = ask(alice, "GET", upload(ask, alice, content, name, type)["url"])
    assert shown.body == content
    assert shown.headers["Content-Type"] == "application/octet-stream"
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    policy = shown.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and policy.endswith("; sandbox") and "script" not in policy


@pytest.mark.parametrize("form_name", ["JPEG", "PNG", "GIF", "WEBP"])
async def test_a_polyglot_loses_its_second_half(clients: Clients, ask: Ask, form_name: str) -> None:
    [alice] = await clients("alice")
    two = picture(form_name) + HTML + SVG + b"PK\3\4" + MARK
    shown = ask(alice, "GET", upload(ask, alice, two, "a.html", "text/html")["url"])
    assert shown.headers["Content-Type"] == f"image/{form_name.lower()}"
    assert not [trace for trace in (MARK, b"script", b"<svg", b"PK\3\4") if trace in shown.body]


NAMES = {
    "a path": "../../../static/evil.html",
    "a path of Windows": "..\\\\..\\\\evil.svg",
    "NUL": "evil.html\0.png",
    "read from the right": "evil\u202egnp.html",
    "a header": "a\r\nSet-Cookie: sessionid=evil\r\n\r\n<script>",
    "quotes": 'a\\"; filename=\\"evil.html',
    "script": "<script>alert(1)</script>.png",
    "long": "x" * 500 + ".png",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_a_name_changes_no_path_and_no_header(
    clients: Clients, shared_site: SharedSite, ask: Ask, name: str
) -> None:
    [alice] = await clients("alice")
    folder = shared_site.site.data / "attachments"
    before = set(_stored(folder))
    headers = {"Upload_Length": "5", "Upload_Metadata": metadata(filename=name)}
    started = ask(alice, "POST", "/api/v1/uploads/", **headers)
    made = ask(alice, "PATCH", started.headers["Location"], b"hello", **part_headers(0)).data
    shown = ask(alice, "GET", made["url"])

    assert shown.status == 200 and "Set-Cookie" not in shown.headers
    assert shown.headers["Content-Disposition"].startswith("attachment; filename")
    assert not set(made["name"]) & set("\0\r\n\u202e/") and len(made["name"]) <= 200
    [new] = set(_stored(folder)) - before
    assert all(part.isalnum() for part in new.relative_to(folder).parts)


def _stored(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


async def test_many_ranges_are_one_answer(clients: Clients, ask: Ask) -> None:
    """The file is sent once, however many times a request names its bytes."""
    [alice] = await clients("alice")
    url = upload(ask, alice, b"x" * 10_000)["url"]
    for ranges in ("bytes=" + ",".join(["0-"] * 1000), "bytes=0-0,-1", "bytes=5-1", "bytes=" + "9" * 5000 + "-"):
        shown = ask(alice, "GET", url, Range=ranges)
        assert (shown.status, len(shown.body)) == (200, 10_000)
    assert ask(alice, "GET", url, Range="bytes=20000-").status == 416


async def test_odd_paths_find_nothing(clients: Clients, ask: Ask) -> None:
    [alice] = await clients("alice")
    for key in ("..%2f..%2fsecret_key", "%00", "%ff%fe", "x" * 5000, "..", "１"):
        path = key if key.isascii() else "%EF%BC%91"
        for url in (f"/files/{path}/a", f"/thumbnails/{path}.webp"):
            assert ask(alice, "GET", url).status in (400, 404)


async def test_another_site_cannot_upload_with_a_session(clients: Clients, ask: Ask) -> None:
    [alice] = await clients("alice")
    assert alice.account is not None
    cookie = f"{alice.account.cookie}; csrftoken={'x' * 32}"
    body = form(b"hello")
    refused = ask(None, "POST", "/api/v1/attachments/", body, Content_Type=FORM, Cookie=cookie)
    assert refused.status == 403
    foreign = ask(
        None, "POST", "/api/v1/attachments/", body,
        Content_Type=FORM, Cookie=cookie, X_CSRFToken="x" * 32, Origin="https://evil.example",
    )  # fmt: skip
    assert foreign.status == 403
    own = ask(None, "POST", "/api/v1/attachments/", body, Content_Type=FORM, Cookie=cookie, X_CSRFToken="x" * 32)
    assert own.status == 201
    assert ask(None, "GET", own.data["url"], Cookie=alice.account.cookie).body == b"hello"
