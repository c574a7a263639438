"""Media are recognized by their first bytes."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_SCRIPT = """async (content) => {
  const { decodeBase64, detectMedia } = await import("/static/js/lib/media.js");
  const bytes = decodeBase64(content);
  return bytes && detectMedia(bytes);
}"""


async def detected(modules: Page, content: bytes) -> Any:
    return await modules.evaluate(_SCRIPT, base64.b64encode(content).decode())


def picture(format: str, **how: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (37, 21), (9, 9, 9)).save(made, format, **how)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "type"),
    [
        (picture("PNG"), "image/png"),
        (picture("GIF"), "image/gif"),
        (picture("JPEG"), "image/jpeg"),
        (picture("JPEG", progressive=True, exif=b"Exif\0\0" + b"x" * 500), "image/jpeg"),
        (picture("WEBP"), "image/webp"),
        (picture("WEBP", lossless=True), "image/webp"),
        (picture("WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"), "image/webp"),
    ],
)
async def test_the_size_of_a_picture_is_read(modules: Page, content: bytes, type: str) -> None:
    assert await detected(modules, content) == {"kind": "image", "type": type, "width": 37, "height": 21}


@pytest.mark.parametrize(
    ("content", "type"),
    [
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"OggS\0\2", "audio/ogg"),
        (b"fLaC\0\0", "audio/flac"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        (b"\x1a\x45\xdf\xa3", "audio/webm"),
        (b"ID3\4\0", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
    ],
)
async def test_a_voice_is_recognized_by_its_first_bytes(modules: Page, content: bytes, type: str) -> None:
    assert await detected(modules, content) == {"kind": "audio", "type": type}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"#!AMR\n",
    ],
)
async def test_other_content_is_rejected(modules: Page, content: bytes) -> None:
    assert await detected(modules, content) is None


async def test_a_picture_of_too_many_pixels_is_not_shown(modules: Page) -> None:
    bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (30_000).to_bytes(4, "big") * 2 + b"\x08\2\0\0\0"
    assert await detected(modules, bomb) is None


async def test_invalid_base64_is_rejected(modules: Page) -> None:
    assert await modules.evaluate(_SCRIPT, "???") is None


_LINE = """async ({ message, language }) => {
  const line = document.createElement("template");
  line.id = "template-unavailable-media";
  line.content.append(document.createElement("span"));
  line.content.firstChild.append(document.createElement("span"));
  line.content.firstChild.firstChild.setAttribute("data-part", "text");
  document.body.append(line);
  (await import("/static/js/lib/i18n.js")).language.choose(language);
  const { mediaElement } = await import("/static/js/widgets/message-media.js");
  return mediaElement({ name: "Bob", ...message }).textContent;
}"""
_NO_PICTURE = base64.b64encode(b"<svg/>").decode()


@pytest.mark.parametrize(
    ("message", "english", "chinese"),
    [
        ({"type": "picture", "content": ""}, "This picture has expired.", "这张图片已过保存期限。"),
        ({"type": "picture"}, "This picture has expired.", "这张图片已过保存期限。"),
        ({"type": "voice", "content": ""}, "This voice message has expired.", "这条语音已过保存期限。"),
        ({"type": "picture", "content": _NO_PICTURE}, "This picture cannot be displayed.", "这张图片无法显示。"),
        ({"type": "voice", "content": _NO_PICTURE}, "This voice message cannot be played.", "这条语音无法播放。"),
    ],
)
async def test_unavailable_media_shows_the_reason(
    modules: Page, message: dict[str, str], english: str, chinese: str
) -> None:
    for language, text in (("en", english), ("zh", chinese)):
        assert await modules.evaluate(_LINE, {"message": message, "language": language}) == text
