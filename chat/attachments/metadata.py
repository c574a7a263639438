"""Removes metadata from pictures without decoding them: location, camera, comments, and whatever follows the picture.

Each format lists the parts that it keeps; everything else goes. Animations stay animations, and no pixel changes. Pure,
with the standard library only. Raises ValueError for a file that does not have the format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_JPEG_STANDALONE = frozenset(range(0xD0, 0xD8)) | {0x01}
"""Markers without a segment: restart markers and TEM."""
_JPEG_TABLES = frozenset(range(0xC0, 0xD0)) | {0xDB, 0xDC, 0xDD, 0xDE, 0xDF}
"""Frames, Huffman and quantization tables, restart interval."""
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP sBIT bKGD pHYs acTL fcTL fdAT".split())
_GIF_ANIMATION = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_WEBP_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_WEBP_FRAME_HEADER_BYTES = 16
_WEBP_METADATA_FLAGS = 0x08 | 0x04
"""EXIF and XMP, in the first byte of VP8X."""


def strip_metadata(picture: bytes, form: str) -> bytes:
    """Return the picture without metadata. `form` is the name that Pillow gives the format."""
    strip = {"JPEG": _jpeg, "PNG": _png, "GIF": _gif, "WEBP": _webp}[form]
    try:
        return b"".join(strip(picture))
    except (IndexError, struct.error) as error:
        raise ValueError("The picture ends early.") from error


def _jpeg(picture: bytes) -> Iterator[bytes]:
    if picture[:2] != b"\xff\xd8":
        raise ValueError("no JPEG")
    yield b"\xff\xd8"
    at = 2
    while True:
        if picture[at] != 0xFF:
            raise ValueError("no marker")
        marker = picture[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_STANDALONE:
            at += 2
        elif marker == 0xD9:
            yield b"\xff\xd9"
            return
        else:
            end = at + 2 + struct.unpack_from(">H", picture, at + 2)[0]
            yield _jpeg_segment(marker, picture[at + 4 : end])
            at = end
            if marker == 0xDA:
                at = _end_of_scan(picture, end)
                yield picture[end:at]


def _jpeg_segment(marker: int, data: bytes) -> bytes:
    if marker == 0xE0 and data.startswith(b"JFIF\0"):
        # Without its thumbnail.
        data = data[:12] + b"\0\0"
    elif not (
        marker == 0xDA
        or marker in _JPEG_TABLES
        or (marker == 0xE2 and data.startswith(b"ICC_PROFILE\0"))
        or (marker == 0xEE and data.startswith(b"Adobe"))
    ):
        return b""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _end_of_scan(picture: bytes, at: int) -> int:
    """Return the index of the next marker after the data of a scan."""
    while True:
        at = picture.index(b"\xff", at)
        if picture[at + 1] != 0 and picture[at + 1] not in _JPEG_STANDALONE:
            return at
        at += 2


def _png(picture: bytes) -> Iterator[bytes]:
    if not picture.startswith(_PNG_SIGNATURE):
        raise ValueError("no PNG")
    yield _PNG_SIGNATURE
    at = len(_PNG_SIGNATURE)
    while True:
        length, kind = struct.unpack_from(">I4s", picture, at)
        end = at + 12 + length
        if end > len(picture):
            raise ValueError("The picture ends early.")
        if kind in _PNG_CHUNKS:
            yield picture[at:end]
        if kind == b"IEND":
            return
        at = end


def _gif(picture: bytes) -> Iterator[bytes]:
    if picture[:6] not in (b"GIF87a", b"GIF89a"):
        raise ValueError("no GIF")
    at = 13 + _colour_table_bytes(picture[10])
    yield picture[:at]
    while True:
        block = picture[at]
        if block == 0x3B:
            yield b";"
            return
        if block == 0x21:
            end = _end_of_sub_blocks(picture, at + 2)
            is_animation = picture[at + 1] == 0xFF and picture[at + 3 : at + 14] in _GIF_ANIMATION
            if picture[at + 1] == 0xF9 or is_animation:
                yield picture[at:end]
        elif block == 0x2C:
            end = _end_of_sub_blocks(picture, at + 11 + _colour_table_bytes(picture[at + 9]))
            yield picture[at:end]
        else:
            raise ValueError("unknown block")
        at = end


def _colour_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_sub_blocks(picture: bytes, at: int) -> int:
    while picture[at]:
        at += picture[at] + 1
    return at + 1


def _webp(picture: bytes) -> Iterator[bytes]:
    if picture[:4] != b"RIFF" or picture[8:12] != b"WEBP":
        raise ValueError("no WebP")
    end = min(len(picture), 8 + struct.unpack_from("<I", picture, 4)[0])
    body = b"".join(_webp_chunks(picture[12:end]))
    yield b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _webp_chunks(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        content = data[at + 8 : at + 8 + length]
        if len(content) < length:
            raise ValueError("The picture ends early.")
        at += 8 + length + length % 2
        if kind not in _WEBP_CHUNKS:
            continue
        if kind == b"VP8X":
            content = bytes([content[0] & ~_WEBP_METADATA_FLAGS]) + content[1:]
        elif kind == b"ANMF":
            header = content[:_WEBP_FRAME_HEADER_BYTES]
            content = header + b"".join(_webp_chunks(content[_WEBP_FRAME_HEADER_BYTES:]))
        yield struct.pack("<4sI", kind, len(content)) + content + b"\0" * (len(content) % 2)
