"""Uploaded pictures are re-encoded, stored and served safely."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image
from pytest_django.fixtures import Settings

from accounts import avatars
from accounts.actions import avatar_remove, avatar_set, guest_create
from accounts.errors import BadPicture, NoSuchUser
from accounts.models import User
from tests.support.identity_provider import picture
from tests.support.refusals import refused_for

Commit = Callable[..., AbstractContextManager[object]]
MARK = b"GPS-secret-place"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _separate_data_dir(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def bomb(side: int) -> bytes:
    """Return a PNG of a few bytes that claims enormous dimensions."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _opened(made: bytes) -> Image.Image:
    return Image.open(BytesIO(made))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(1, 1), (300, 200), (3000, 10)])
def test_a_picture_becomes_a_square_webp(form: str, size: tuple[int, int]) -> None:
    made = _opened(avatars.normalize_picture(picture(size, form)))
    assert (made.format, made.size) == ("WEBP", (256, 256))


def test_the_metadata_of_a_photo_is_removed() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "Maker", MARK.decode()
    exif.get_ifd(0x8825)[1] = "N"
    came = picture(form="JPEG", exif=exif, comment=MARK)
    assert MARK in came
    made = avatars.normalize_picture(came)
    assert MARK not in made and b"EXIF" not in made and b"ICCP" not in made
    assert not _opened(made).getexif()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("side", [200, 1800])
def test_the_exif_orientation_is_applied(form: str, side: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    came = Image.new("RGB", (side, side), "white")
    came.paste("black", (0, 0, side, side * 3 // 10))
    file = BytesIO()
    came.save(file, form, exif=exif)
    made = _opened(avatars.normalize_picture(file.getvalue())).convert("L")
    right, left = made.getpixel((240, 128)), made.getpixel((10, 128))
    assert isinstance(right, int) and right < 60
    assert isinstance(left, int) and left > 200


@pytest.mark.parametrize(
    "file",
    [
        b"",
        SVG,
        HTML,
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        picture()[:60],
        b"BM" + b"\0" * 60,
        b"%PDF-1.7",
        b"\0",
    ],
    ids=["empty", "svg", "html", "gif-head", "png-head", "cut", "bmp", "pdf", "nul"],
)
def test_a_file_of_another_type_is_refused(file: bytes) -> None:
    with pytest.raises(BadPicture):
        avatars.normalize_picture(file)


def test_a_polyglot_file_keeps_its_picture_only() -> None:
    made = avatars.normalize_picture(picture(form="GIF") + HTML + SVG)
    assert b"script" not in made


def test_a_palette_picture_is_scaled_like_any_other() -> None:
    """Palette indexes cannot be averaged."""
    came = Image.new("RGB", (2000, 2000), "#ff0000").quantize(8)
    file = BytesIO()
    came.save(file, "PNG")
    red, green, blue, _ = _opened(avatars.normalize_picture(file.getvalue())).convert("RGBA").getpixel((128, 128))  # type: ignore[misc]
    assert red > 240 and green < 15 and blue < 15


def test_one_picture_is_decoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avatars, "_DECODE_WAIT_SECONDS", 0)
    with avatars._decode_lock, refused_for(BadPicture, "avatar_busy"):
        avatars.normalize_picture(picture())
    with refused_for(BadPicture, "avatar_unreadable"):
        avatars.normalize_picture(b"x")
    assert avatars.normalize_picture(picture()), "a refused one holds nobody up"


@pytest.mark.parametrize("side", [4_001, 7_000, 20_000, 2**31 - 1])
def test_a_decompression_bomb_is_not_decoded(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("this must not be decoded")

    monkeypatch.setattr(Image.Image, "load", refuse)
    with pytest.raises(BadPicture):
        avatars.normalize_picture(bomb(side))


def test_a_file_over_the_size_limit_is_not_decoded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.IM_AVATAR_MAX_BYTES = 100
    monkeypatch.setattr(Image, "open", None)
    with refused_for(BadPicture, "avatar_too_large"):
        avatars.normalize_picture(b"x" * 101)


@pytest.mark.parametrize(
    "name",
    [
        "../secret_key",
        "1-0123456789abcdef.webp/../../secret_key",
        "..",
        "",
        "1-0123456789abcdef.webp\0",
        "1-0123456789abcdef.webp\n",
        "1-0123456789abcdef.html",
        "１-0123456789abcdef.webp",
        "\u202e1-0123456789abcdef.webp",
    ],
)
def test_only_generated_names_resolve_to_files(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("secret")
    assert avatars.path_of(name) is None
    assert avatars.owner_id(name) is None


def test_a_picture_is_served_with_safe_headers(alice: User, client: Client) -> None:
    user = avatar_set(user_id=alice.pk, picture=picture())
    answer = client.get(user.avatar)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"] and "default-src 'none'" in answer["Content-Security-Policy"]
    assert _opened(answer.content).size == (256, 256)


def test_an_earlier_url_redirects_to_the_present_picture(
    alice: User, client: Client, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        before = avatar_set(user_id=alice.pk, picture=picture()).avatar
        after = avatar_set(user_id=alice.pk, picture=picture(colour="#123456")).avatar
    assert before != after
    assert client.get(before)["Location"] == after
    with django_capture_on_commit_callbacks(execute=True):
        avatar_remove(user_id=alice.pk)
    assert client.get(before).status_code == client.get(after).status_code == 404


def test_a_replaced_picture_is_deleted_from_the_disk(transactional_db: None, tmp_path: Path) -> None:
    user = User.objects.create_user("carol")
    avatar_set(user_id=user.pk, picture=picture())
    avatar_set(user_id=user.pk, picture=picture(colour="#123456"))
    assert len(list((tmp_path / "media" / "avatars").iterdir())) == 1
    avatar_remove(user_id=user.pk)
    assert not list((tmp_path / "media" / "avatars").iterdir())


def test_a_picture_for_an_unknown_user_leaves_no_file(db: None, tmp_path: Path) -> None:
    with refused_for(NoSuchUser, "account_not_found"):
        avatar_set(user_id=2**40, picture=picture())
    assert not list((tmp_path / "media" / "avatars").iterdir())


def _upload(browser: Client, content: bytes, name: str = "me.png", kind: str = "image/png") -> str:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile(name, content, kind)
    return browser.post("/accounts/profile/picture/", {"avatar": file}, follow=True).content.decode()


@pytest.mark.parametrize("name", ["../../evil.html", "a\0b.png", "gnp.\u202eexe", "x" * 300 + ".svg", "<b>.png"])
def test_the_file_name_of_an_upload_is_ignored(browser: Client, alice: User, tmp_path: Path, name: str) -> None:
    _upload(browser, picture(), name)
    alice.refresh_from_db()
    stored = list((tmp_path / "media" / "avatars").iterdir())
    assert [f"/avatars/{path.name}" for path in stored] == [alice.avatar]


@pytest.mark.parametrize("content", [SVG, HTML, b""])
def test_an_upload_that_is_no_picture_shows_an_error(browser: Client, alice: User, content: bytes) -> None:
    page = _upload(browser, content)
    assert "cannot be read" in page
    alice.refresh_from_db()
    assert alice.avatar == ""


def test_the_content_type_of_an_upload_is_ignored(browser: Client, alice: User) -> None:
    _upload(browser, picture(), "page.html", "text/html")
    alice.refresh_from_db()
    assert browser.get(alice.avatar)["Content-Type"] == "image/webp"


def test_anonymous_visitors_and_guests_cannot_upload(client: Client, db: None) -> None:
    assert client.post("/accounts/profile/picture/")["Location"].startswith("/accounts/login/")
    guest = guest_create(name="Guest")
    client.force_login(guest, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/accounts/profile/picture/")["Location"] == "/accounts/register/"
