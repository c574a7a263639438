"""The MIME type of a file, found in its content. The type that a client declares never makes a file more than it is."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import puremagic

HEAD_BYTES = 8192
"""Bytes at the start of a file by which its type is found."""
UNKNOWN = "application/octet-stream"
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""Types that are decoded and stripped of metadata. Other pictures are kept as plain files."""
VIDEOS = frozenset({"video/mp4", "video/webm", "video/ogg", "video/quicktime"})
AUDIOS = frozenset({"audio/mpeg", "audio/mp4", "audio/webm", "audio/ogg", "audio/wav", "audio/flac", "audio/aac"})
INLINE = PICTURES | VIDEOS | AUDIOS
"""Types that a browser may show in place. It runs no script in any of them."""
_SYNONYMS = {
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "application/x-gzip": "application/gzip",
    "image/x-ms-bmp": "image/bmp",
    "video/avi": "video/x-msvideo",
}
_BRANDS = {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"3g": "video/3gpp"}
"""Types of ISO base media files by the start of their brand. Those that are no pictures and not here are MP4."""
_PICTURE_BRANDS = (b"hei", b"hev", b"mif", b"msf", b"avi", b"cr")
_MIN_CONFIDENCE = 0.2
_utf8_decoder = codecs.getincrementaldecoder("utf-8")


def content_type(head: bytes, *, name: str = "", declared: str = "") -> str:
    """Return the MIME type of a file with this start.

    The extension of `name` decides only between formats that share a start, such as those of Office. `declared` decides
    only whether a container of sound and video (MP4, WebM, Ogg) is sound.
    """
    found = _container(head) or _by_magic(head, Path(name).suffix.lower()) or _text_type(head)
    main, _, subtype = found.partition("/")
    sound = f"audio/{subtype}"
    return sound if main == "video" and sound in AUDIOS and declared.lower().startswith("audio/") else found


def kind_of(found: str) -> str:
    """Return `Attachment.Kind` of a type: image, video, audio, or file for what browsers do not show."""
    kinds = {"image": PICTURES, "video": VIDEOS, "audio": AUDIOS}
    return next((kind for kind, types in kinds.items() if found in types), "file")


def is_allowed(found: str, patterns: Sequence[str]) -> bool:
    """Return whether the type matches one of the patterns, such as `image/*`. No patterns allow all types."""
    return not patterns or any(fnmatchcase(found, pattern.lower()) for pattern in patterns)


def _container(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand.lower().startswith(_PICTURE_BRANDS):
            return "image/avif" if brand.startswith(b"avi") else "image/heif"
        return next((found for start, found in _BRANDS.items() if brand.startswith(start)), "video/mp4")
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head.startswith(b"OggS"):
        return "video/ogg" if b"theora" in head[:256] else "audio/ogg"
    return ""


def _by_magic(head: bytes, extension: str) -> str:
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return ""
    typed = [match for match in matches if match.mime_type and match.confidence >= _MIN_CONFIDENCE]
    if head.startswith(b"PK\3\4"):
        # Its first guess for every archive is a Word document.
        found = next((match.mime_type for match in typed if match.extension == extension), "application/zip")
    else:
        found = typed[0].mime_type if typed else ""
    return _SYNONYMS.get(found, found)


def _text_type(head: bytes) -> str:
    try:
        # The head of a longer file may end within a character.
        text = _utf8_decoder().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return UNKNOWN
    has_controls = any(ord(char) < 32 and char not in "\t\n\r\f\x1b" for char in text)
    return UNKNOWN if has_controls or not text else "text/plain"
