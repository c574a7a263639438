"""Only readers of the message get a file, with headers that keep it harmless, and in parts if they ask for them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test import Client

from accounts.actions import token_issue
from accounts.models import User
from chat.attachments import storage
from chat.models import Attachment, Channel, Message
from chat.views.byte_range import NotSatisfiable, requested_range
from delivery import log
from tests.support.in_process import say

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", None),
        ("bytes=0-", range(10)),
        ("bytes=2-4", range(2, 5)),
        ("bytes=2-400", range(2, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-300", range(10)),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("bytes=" + ",".join(["0-"] * 2000), None),
        ("lines=1-2", None),
        ("bytes=" + "9" * 30 + "-", None),
        ("bytes=１-２", None),
    ],
)
def test_one_range_is_read(header: str, wanted: range | None) -> None:
    assert requested_range(header, 10) == wanted


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=400-", "bytes=11-12", "bytes=-0"])
def test_a_range_beyond_the_end(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        requested_range(header, 10)


@pytest.fixture
def ready(alice: User) -> Attachment:
    return make(alice)


def make(user: User, **fields: Any) -> Attachment:
    name = storage.new_name()
    storage.save(name, ContentFile(b"0123456789"))
    given = {"name": "photo.jpg", "content_type": "image/jpeg", "kind": "image", "state": "ready", **fields}
    return Attachment.objects.create(
        uploader=user, size=10, received=10, sha256="a" * 64, file=name, created_at=log.now_ms(), **given
    )


def get(user: User, row: Attachment, **headers: str) -> HttpResponse:
    client = Client(headers={"Authorization": f"Bearer {token_issue(user=user)}"})
    return client.get(f"/files/{row.key}/any", headers=headers)  # type: ignore[return-value]


def test_a_storage_that_does_not_answer_is_a_passing_refusal(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make(alice, thumbnail="aa/bb/c")

    def fail(name: str) -> int:
        raise OSError(5, "away")

    monkeypatch.setattr(storage, "file_size", fail)
    client = Client(headers={"Authorization": f"Bearer {token_issue(user=alice)}"})
    answer = client.get(f"/thumbnails/{row.key}.webp")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    monkeypatch.undo()
    assert client.get(f"/thumbnails/{row.key}.webp").status_code == 404, "the file is absent"


def staff(name: str, *rights: str, **fields: Any) -> User:
    user = User.objects.create_user(name, **{"is_staff": True, **fields})
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def test_the_uploader_gets_an_unsent_file(alice: User, bob: User, ready: Attachment) -> None:
    answer = get(alice, ready)
    assert answer.status_code == 200
    assert answer["X-Imsite-File"] == f"{ready.file} 0 10" and answer["Content-Length"] == "10"
    assert (answer["Content-Type"], answer["Content-Disposition"]) == ("image/jpeg", 'inline; filename="photo.jpg"')
    assert answer["Cache-Control"] == "private, no-cache" and answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].endswith("sandbox") and "script" not in answer["Content-Security-Policy"]
    assert get(bob, ready).status_code == 404
    assert Client().get(f"/files/{ready.key}/any").status_code == 404


@pytest.mark.parametrize("state", ["uploading", "held", "removed"])
def test_only_a_ready_file_is_sent(alice: User, state: str) -> None:
    assert get(alice, make(alice, state=state)).status_code == 404


@pytest.mark.parametrize(
    "type", ["text/html", "image/svg+xml", "application/pdf", "application/xhtml+xml", "image/bmp"]
)
def test_what_could_run_is_downloaded(alice: User, type: str) -> None:
    answer = get(alice, make(alice, content_type=type, name='x";\\ 家.html'))
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''x%22%3B%5C%20")


def test_parts_and_conditions(alice: User, ready: Attachment) -> None:
    etag = get(alice, ready)["ETag"]
    part = get(alice, ready, Range="bytes=2-4")
    assert (part.status_code, part["Content-Range"], part["Content-Length"]) == (206, "bytes 2-4/10", "3")
    assert part["X-Imsite-File"] == f"{ready.file} 2 3"
    beyond = get(alice, ready, Range="bytes=10-")
    assert (beyond.status_code, beyond["Content-Range"], "X-Imsite-File" in beyond) == (416, "bytes */10", False)
    assert get(alice, ready, **{"If-None-Match": etag}).status_code == 304
    assert get(alice, ready, Range="bytes=2-4", **{"If-Range": etag}).status_code == 206
    assert get(alice, ready, Range="bytes=2-4", **{"If-Range": '"old"'}).status_code == 200


def test_nginx_sends_the_file_if_it_is_told_to(alice: User, ready: Attachment, settings: Any) -> None:
    settings.IM_ACCEL_REDIRECT = "/stored-files/"
    answer = get(alice, ready, Range="bytes=2-4")
    assert answer.status_code == 200 and answer["X-Accel-Redirect"] == f"/stored-files/{ready.file}"
    assert "X-Imsite-File" not in answer and answer["Content-Security-Policy"].endswith("sandbox")


def test_a_thumbnail(alice: User, ready: Attachment) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_issue(user=alice)}"})
    assert client.get(f"/thumbnails/{ready.key}.webp").status_code == 404
    ready.thumbnail = ready.file
    ready.save()
    answer = client.get(f"/thumbnails/{ready.key}.webp")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")


def test_members_of_the_channel_get_a_sent_file(group: Channel, alice: User, bob: User, carol: User) -> None:
    row = make(alice)
    say(alice, group, attachments=(row.key,))
    assert [get(user, row).status_code for user in (alice, bob, carol)] == [200, 200, 404]


def test_operators_who_view_messages_get_their_files(alice: User, group: Channel) -> None:
    row, unsent = make(alice), make(alice)
    say(alice, group, attachments=(row.key,))
    operator = staff("stan", "view_message")
    assert get(operator, row).status_code == 200
    assert get(operator, unsent).status_code == 404
    Attachment.objects.filter(pk=row.pk).update(state=Attachment.State.HELD)
    assert get(operator, row).status_code == 404


@pytest.mark.parametrize(
    ("rights", "fields"),
    [
        ((), {}),
        (("view_attachment", "view_channel", "change_message"), {}),
        (("view_message",), {"is_staff": False}),
        (("view_message",), {"is_staff": False, "kind": User.Kind.SERVICE}),
        (("view_message",), {"kind": User.Kind.SERVICE}),
    ],
)
def test_others_get_no_files_of_foreign_channels(
    alice: User, group: Channel, rights: tuple[str, ...], fields: dict[str, Any]
) -> None:
    row = make(alice)
    say(alice, group, attachments=(row.key,))
    assert get(staff("stan", *rights, **fields), row).status_code == 404


def test_operators_get_no_file_of_a_recalled_message(alice: User, group: Channel) -> None:
    row = make(alice)
    sent = say(alice, group, attachments=(row.key,))
    Message.objects.filter(pk=sent.id).update(recalled_at=1)
    assert get(staff("stan", "view_message"), row).status_code == 404
