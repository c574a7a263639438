"""Resumable uploads: created, continued, completed, cancelled, and continued by two requests at once."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from accounts.actions import token_issue
from accounts.models import User
from chat.actions import upload_completion as actions
from chat.actions.upload import upload_of, upload_part_store
from chat.api.v1 import body_receivers
from chat.attachments import storage
from chat.attachments.spool import Spool
from chat.errors import ChatError
from chat.models import Attachment, UploadPart
from delivery.metrics import STORAGE_FAILURES
from tests.chat.api.v1.conftest import Caller, Reply
from tests.support.uploads import metadata, part_headers

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * 10


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_receivers, "PART_BYTES", 1000)


@pytest.fixture
def caller(alice: User) -> Caller:
    return Caller(f"Bearer {token_issue(user=alice)}")


def start(caller: Caller, size: int = len(CONTENT), **values: str) -> str:
    """Start an upload; return its path below `/api/v1/`."""
    headers = {"Upload_Length": str(size), "Tus_Resumable": "1.0.0"}
    made = caller("POST", "uploads/", b"", Upload_Metadata=metadata(**values), **headers)
    assert made.status == 201 and made.headers["Location"] == made.data["url"]
    return made.headers["Location"].removeprefix("/api/v1/")


def append(caller: Caller, path: str, offset: int, content: bytes) -> Reply:
    return caller("PATCH", path, content, **part_headers(offset))


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.data["reason"]


def stored(reply: Reply) -> bytes:
    with storage.open_file(Attachment.objects.get(key=reply.data["id"]).file) as file:
        return bytes(file.read())


def test_a_file_in_three_requests(caller: Caller) -> None:
    path = start(caller, filename="a.bin", filetype="x/y")
    assert caller("HEAD", path).headers["Upload-Offset"] == "0"

    first = append(caller, path, 0, CONTENT[:1500])
    assert (first.status, first.headers["Upload-Offset"], first.headers["Tus-Resumable"]) == (204, "1500", "1.0.0")
    asked = caller("HEAD", path).headers
    assert (asked["Upload-Offset"], asked["Upload-Length"]) == ("1500", "2560")
    assert "GMT" in asked["Upload-Expires"] and asked["Cache-Control"] == "no-store"
    assert append(caller, path, 1500, CONTENT[1500:1501]).headers["Upload-Offset"] == "1501"
    last = append(caller, path, 1501, CONTENT[1501:])

    assert (last.status, last.data["name"], last.data["size"]) == (200, "a.bin", len(CONTENT))
    assert last.data["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert (
        stored(last) == CONTENT
        and path.split("/")[1] not in storage.uploads_with_parts()
        and not UploadPart.objects.exists()
    )
    # Repeated by a client that has not received the answer.
    assert append(caller, path, len(CONTENT), b"").data == last.data == caller.get(path).data
    assert caller("HEAD", path).headers["Upload-Offset"] == str(len(CONTENT))
    assert not list(storage.spool_directory().glob("*"))


def test_a_wrong_offset_is_told_the_right_one(caller: Caller) -> None:
    path = start(caller)
    append(caller, path, 0, CONTENT[:10])
    for offset in (0, 9, 11):
        refused = append(caller, path, offset, b"x")
        assert refusal(refused) == (409, "upload_offset") and refused.data["offset"] == 10
    assert refusal(caller.get(path)) == (409, "upload_offset")


def test_of_two_requests_one_wins(alice: User, caller: Caller) -> None:
    path = start(caller)
    upload = upload_of(alice, path.split("/")[1])

    def part(content: bytes) -> Spool:
        made = Spool()
        made.write(content)
        return made

    assert upload_part_store(upload=upload, offset=0, part=part(b"first")) == 5
    with pytest.raises(ChatError, match="byte 5"):
        upload_part_store(upload=upload, offset=0, part=part(b"other"))
    assert len(storage.storage().listdir(f"parts/{upload.key}")[1]) == 1, "the loser's part is deleted"


def test_a_body_beyond_the_announced_length_is_refused(caller: Caller) -> None:
    path = start(caller, size=1500)
    assert refusal(append(caller, path, 0, b"x" * 2600)) == (413, "file_too_large")
    assert caller("HEAD", path).headers["Upload-Offset"] == "1000", "whole parts before the end are kept"
    assert append(caller, path, 1000, b"x" * 500).status == 200


def test_an_upload_has_a_limited_number_of_parts(caller: Caller, settings: Any) -> None:
    settings.IM_UPLOAD_MAX_PARTS = 3
    path = start(caller)
    assert append(caller, path, 0, CONTENT[:1001]).status == 204
    assert append(caller, path, 1001, CONTENT[1001:1002]).status == 204
    assert refusal(append(caller, path, 1002, CONTENT[1002:1003])) == (400, "upload_parts")
    key = path.split("/")[1]
    assert len(storage.storage().listdir(f"parts/{key}")[1]) == 3 == UploadPart.objects.count()


def test_a_cancelled_upload_is_gone(caller: Caller) -> None:
    path = start(caller)
    append(caller, path, 0, CONTENT[:10])
    assert caller("DELETE", path).status == 204
    assert path.split("/")[1] not in storage.uploads_with_parts()
    for reply in (caller.get(path), caller("DELETE", path), append(caller, path, 10, b"x")):
        assert reply.status == 404


def test_an_upload_of_another_user_does_not_exist(caller: Caller, bob: User) -> None:
    path = start(caller)
    other = Caller(f"Bearer {token_issue(user=bob)}")
    for reply in (other("DELETE", path), append(other, path, 0, b"x"), other.get(path)):
        assert reply.status == 404
    assert append(caller, path, 0, b"x").status == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": "1_0"}, 400),
        ({"Upload_Length": "0"}, 400),
        ({"Upload_Length": "9" * 30}, 400),
        ({"Upload_Length": str(10 * 2**30)}, 413),
        ({"Upload_Length": "10", "Upload_Metadata": "filename ###"}, 400),
        ({"Upload_Length": "10", "Tus_Resumable": "2.0.0"}, 412),
    ],
)
def test_an_upload_that_cannot_begin(caller: Caller, headers: dict[str, str], status: int) -> None:
    assert caller("POST", "uploads/", b"", **headers).status == status
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("odd", ["a\0b", "\u202e", "x" * 5000, "家", ""])
def test_odd_metadata_is_harmless(caller: Caller, odd: str) -> None:
    path = start(caller, size=1, filename=odd, filetype=odd, duration=odd)
    made = append(caller, path, 0, b"x").data
    assert made["type"] == "text/plain" and "duration" not in made


def test_the_server_describes_itself(caller: Caller) -> None:
    told = caller("OPTIONS", "uploads/")
    assert told.status == 204
    assert (told.headers["Tus-Version"], told.headers["Tus-Max-Size"]) == ("1.0.0", str(2**31))
    assert told.headers["Tus-Extension"] == "creation,expiration,termination"


@pytest.mark.parametrize("step", ["save", "delete_parts"])
def test_a_crash_while_an_upload_is_completed(caller: Caller, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The parts stay until the file is stored, so the same request again completes it, once."""
    path = start(caller)
    append(caller, path, 0, CONTENT[:-1])
    before = set(storage.all_files())

    def crash(*args: Any) -> None:
        if step == "save" and args[0].startswith("parts/"):
            return real(*args)
        raise KeyboardInterrupt

    real: Any = getattr(storage, step)
    monkeypatch.setattr(actions.storage, step, crash)
    with pytest.raises(KeyboardInterrupt):
        append(caller, path, len(CONTENT) - 1, CONTENT[-1:])
    monkeypatch.undo()

    again = append(caller, path, len(CONTENT), b"")
    assert again.status == 200 and stored(again) == CONTENT
    assert len(set(storage.all_files()) - before) == 1


def test_two_nodes_that_complete_an_upload_answer_with_its_file(
    caller: Caller, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = start(caller), storage.all_files()
    inspect = actions.inspect

    def inspect_late(*args: Any, **how: Any) -> Any:
        monkeypatch.setattr(actions, "inspect", inspect)
        # A node knows of its own requests only.
        monkeypatch.setattr(actions, "_completing", set())
        actions.upload_complete(upload=upload_of(alice, path.split("/")[1]))
        return inspect(*args, **how)

    monkeypatch.setattr(actions, "inspect", inspect_late)
    reply = append(caller, path, 0, CONTENT)
    assert reply.status == 200 and stored(reply) == CONTENT
    assert len(storage.all_files()) == len(before) + 1


def test_a_full_disk_is_a_passing_refusal(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    path, failures = start(caller), STORAGE_FAILURES.collect()[0].samples[0].value

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(actions.storage, "save", full)
    refused = append(caller, path, 0, CONTENT)
    assert refusal(refused) == (503, "storage_unavailable") and refused.headers["Retry-After"] == "30"
    assert STORAGE_FAILURES.collect()[0].samples[0].value == failures + 1
    monkeypatch.undo()
    assert append(caller, path, 0, CONTENT).status == 200
