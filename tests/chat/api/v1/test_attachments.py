"""Files that are uploaded by a form are stored clean, or refused without a trace."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from accounts.actions import guest_create, token_issue
from accounts.models import User
from chat.attachments import storage
from chat.models import Attachment
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller, Reply
from tests.support.media import mp4, wav, webm
from tests.support.pictures import MARK, animation, huge_png, picture
from tests.support.uploads import FORM, form

pytestmark = pytest.mark.django_db

Upload = Callable[..., Reply]


@pytest.fixture
def caller(alice: User) -> Caller:
    return Caller(f"Bearer {token_issue(user=alice)}")


@pytest.fixture
def upload(caller: Caller) -> Upload:
    def post(content: bytes, name: str = "notes.txt", type: str = "text/plain", **fields: str) -> Reply:
        return caller("POST", "attachments/", form(content, name, type, **fields), Content_Type=FORM)

    return post


def stored(reply: Reply) -> bytes:
    with storage.open_file(Attachment.objects.get(key=reply.data["id"]).file) as file:
        return bytes(file.read())


def spooled() -> list[Any]:
    return list(storage.spool_directory().glob("*"))


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.data["reason"]


def test_a_text_is_stored_as_it_is(upload: Upload) -> None:
    reply = upload(b"hello", "notes.txt")

    key = reply.data["id"]
    assert (reply.status, reply.data) == (
        201,
        {
            "id": key,
            "name": "notes.txt",
            "type": "text/plain",
            "kind": "file",
            "size": 5,
            "sha256": hashlib.sha256(b"hello").hexdigest(),
            "url": f"/files/{key}/notes.txt",
        },
    )
    assert stored(reply) == b"hello" and not spooled()


@pytest.mark.parametrize("form_name", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_upright_and_without_metadata(upload: Upload, form_name: str) -> None:
    reply = upload(picture(form_name, orientation=6), "photo", "application/x-lie")

    assert (reply.data["kind"], reply.data["type"]) == ("image", f"image/{form_name.lower()}")
    assert (reply.data["width"], reply.data["height"]) == (40, 60)
    content = stored(reply)
    assert MARK not in content and reply.data["sha256"] == hashlib.sha256(content).hexdigest()
    assert reply.data["size"] == len(content)
    with Image.open(BytesIO(content)) as image:
        assert image.size == (40, 60) and not image.getexif()
        top, bottom = image.convert("RGB").getpixel((20, 10)), image.convert("RGB").getpixel((20, 50))
        assert isinstance(top, tuple) and isinstance(bottom, tuple)
        assert top[0] > 200 > bottom[0] and top[2] < 50 < bottom[2], "its left side is up"
    assert "thumbnail" not in reply.data and len(reply.data["preview"]) < 500


def test_a_large_picture_has_a_thumbnail(upload: Upload) -> None:
    reply = upload(picture(size=(2400, 1200)), "photo.jpg")

    row = Attachment.objects.get(key=reply.data["id"])
    assert reply.data["thumbnail"] == f"/thumbnails/{row.key}.webp"
    with storage.open_file(row.thumbnail) as file, Image.open(file) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("WEBP", (800, 400), {})


@pytest.mark.parametrize("form_name", ["GIF", "PNG", "WEBP"])
def test_an_animation_stays_one(upload: Upload, form_name: str) -> None:
    content = stored(upload(animation(form_name), "dance"))
    assert MARK not in content
    with Image.open(BytesIO(content)) as image:
        assert getattr(image, "n_frames", 1) == 3


def test_a_recorded_voice_is_sound_and_keeps_its_duration(upload: Upload) -> None:
    webm = (
        bytes.fromhex("1A45DFA3")
        + b"\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"
        + b"\0" * 40
    )
    reply = upload(webm, "voice.webm", "audio/webm;codecs=opus", duration="2100")
    assert (reply.data["type"], reply.data["kind"], reply.data["duration"]) == ("audio/webm", "audio", 2100)


@pytest.mark.parametrize(
    ("content", "type", "told"),
    [
        (wav(1500), "audio/wav", {"duration": 1500}),
        (webm(320, 180, 2500), "video/webm", {"width": 320, "height": 180, "duration": 2500}),
        (webm(320, 180, None), "video/webm", {"width": 320, "height": 180}),
        (mp4(640, 360, 4000), "video/mp4", {"width": 640, "height": 360, "duration": 4000}),
        (mp4(640, 360, 4000, is_turned=True), "video/mp4", {"width": 360, "height": 640, "duration": 4000}),
        (webm(320, 180, 2500)[:60], "video/webm", {}),
        (webm(2**31, 2**31, 2**40), "video/webm", {}),
    ],
    ids=["sound", "webm", "recorded", "mp4", "turned", "cut", "enormous"],
)
def test_sounds_and_videos_tell_their_length_and_size(
    upload: Upload, content: bytes, type: str, told: dict[str, int]
) -> None:
    data = upload(content, "a", type).data
    assert data["type"] == type
    assert {name: data[name] for name in ("width", "height", "duration") if name in data} == told


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", (400, "file_empty")),
        (huge_png(30_000), (422, "picture_refused")),
        (picture()[:400], (422, "picture_refused")),
        (b"GIF89a/*<html><script>*/", (422, "picture_refused")),
    ],
    ids=["empty", "bomb", "truncated", "polyglot"],
)
def test_what_is_refused_leaves_nothing(upload: Upload, content: bytes, reason: tuple[int, str]) -> None:
    before = storage.all_files()
    assert refusal(upload(content, "x.png", "image/png")) == reason
    assert storage.all_files() == before and not spooled()
    assert list(Attachment.objects.values_list("state", flat=True)) == ["removed"]


def test_a_refused_file_counts_in_the_quota_of_the_day(upload: Upload, settings: Any) -> None:
    settings.IM_UPLOAD_BYTES_PER_DAY = 700
    truncated = picture()[:400]
    assert refusal(upload(truncated, "x.png", "image/png")) == (422, "picture_refused")
    assert refusal(upload(truncated, "x.png", "image/png")) == (429, "upload_quota")


def test_a_form_has_little_beside_its_file(upload: Upload) -> None:
    assert upload(b"hello", comment="x" * 60_000).status == 201
    assert refusal(upload(b"hello", comment="x" * 70_000)) == (400, "bad_request")


def test_limits_of_size_and_type(upload: Upload, settings: Any) -> None:
    settings.IM_ATTACHMENT_TYPES = ("image/*", "text/plain")
    settings.IM_ATTACHMENT_MAX_BYTES = 5
    assert upload(b"hello").status == 201
    assert refusal(upload(b"hello!")) == (413, "file_too_large")
    assert refusal(upload(b"x" * 100_000)) == (413, "file_too_large")
    assert refusal(upload(b"%PDF-")) == (415, "file_type_refused")


@pytest.mark.parametrize(
    "body",
    [b"", form(b"hello")[:-20], form(b"hello").replace(b'name="file"', b'name="other"'), b"--" + b"x" * 3000],
    ids=["empty", "cut", "another field", "garbage"],
)
def test_a_form_without_a_whole_file_is_refused(caller: Caller, body: bytes) -> None:
    assert caller("POST", "attachments/", body, Content_Type=FORM).status == 400
    assert not spooled()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\evil\\\\a.txt", "a.txt"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a\x00b\x1b.txt", "ab.txt"),
        ("\u200b", "file"),
        ("..", "file"),
        ("x" * 500 + ".png", "x" * 196 + ".png"),
        ("家庭 👨‍👩‍👧.txt", "家庭 👨‍👩‍👧.txt"),
    ],
)
def test_a_name_is_only_shown(upload: Upload, given: str, shown: str) -> None:
    reply = upload(b"hello", given)
    assert reply.data["name"] == shown
    assert Attachment.objects.get(key=reply.data["id"]).file.isascii()


def test_guests_and_services_need_to_be_allowed(shop: User, grant: Grant, settings: Any) -> None:
    body = form(b"hello")
    guest = Caller(f"Bearer {token_issue(user=guest_create(name='visitor'))}")
    assert refusal(guest("POST", "attachments/", body, Content_Type=FORM)) == (403, "uploads_not_allowed")
    settings.IM_GUEST_UPLOADS = True
    assert guest("POST", "attachments/", body, Content_Type=FORM).status == 201
    assert Caller(grant(shop))("POST", "attachments/", body, Content_Type=FORM).status == 403
    assert Caller(grant(shop, "use_gateway"))("POST", "attachments/", body, Content_Type=FORM).status == 201
    assert Caller(None)("POST", "attachments/", body, Content_Type=FORM).status == 401


def test_a_session_needs_the_csrf_token(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    browser.cookies["csrftoken"] = "x" * 32

    def post(**headers: str) -> int:
        return browser.generic("POST", "/api/v1/attachments/", form(b"hello"), FORM, headers=headers).status_code

    assert post() == 403
    assert post(**{"X-CSRFToken": "y" * 32}) == 403
    assert post(**{"X-CSRFToken": "x" * 32}) == 201


def test_quotas_count_unfinished_and_refused_uploads(upload: Upload, caller: Caller, settings: Any) -> None:
    settings.IM_UPLOAD_BYTES_PER_DAY = 20_000
    assert caller("POST", "uploads/", b"", Upload_Length="19000").status == 201
    refused = upload(b"x" * 2000)
    assert refusal(refused) == (429, "upload_quota") and 86_000 < refused.data["retryAfter"] <= 86_400
    assert refusal(upload(b"x" * 30_000)) == (413, "upload_quota")

    settings.IM_UPLOAD_BYTES_PER_DAY, settings.IM_STORAGE_BYTES_PER_USER = 0, 20_000
    assert refusal(upload(b"x" * 2000)) == (413, "upload_quota")
