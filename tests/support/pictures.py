"""Pictures for uploads: with metadata, turned, animated, and enormous by their header only."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

MARK = b"SECRET-PLACE"
"""Text that is hidden in the metadata of made pictures."""
ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825


def picture(form: str = "JPEG", size: tuple[int, int] = (60, 40), *, orientation: int = 1, **options: Any) -> bytes:
    """Return a picture, red on its left and blue on its right half, with MARK in its metadata."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[MAKER], exif[ORIENTATION] = MARK.decode(), orientation
    exif.get_ifd(GPS)[1] = "N"
    made = BytesIO()
    named = {"exif": exif} if form != "GIF" else {}
    image.save(made, form, **{**named, "comment": MARK, **options})
    return made.getvalue()


def animation(form: str) -> bytes:
    """Return an animation of three frames with MARK in its metadata."""
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    exif = Image.Exif()
    exif[MAKER] = MARK.decode()
    made = BytesIO()
    named = {"exif": exif} if form != "GIF" else {"comment": MARK}
    frames[0].save(made, form, save_all=True, append_images=frames[1:], duration=100, loop=0, **named)
    return made.getvalue()


def huge_png(side: int) -> bytes:
    """Return a small PNG file that states this many pixels on each side."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(b"\0" * 1000)),
            (b"IEND", b""),
        )
    )
