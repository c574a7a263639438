"""Pictures of people: made anew from whatever was uploaded, kept under names of our own.

What is stored is a square of one size in one format, so nothing of the file that came survives: no position, no
second meaning, no script.
"""

from __future__ import annotations

import os
import re
import secrets
import struct
import threading
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_noop as _
from PIL import Image, ImageOps

from accounts.errors import BadPicture

SIDE = 256
"""Pixels of each side."""
CONTENT_TYPE = "image/webp"
PREFIX = "/avatars/"
_MOST_PIXELS = {"JPEG": 40_000_000, "PNG": 16_000_000, "WEBP": 16_000_000, "GIF": 16_000_000}
"""By format. Of a JPEG only as many are decoded as are needed; of the others all, at four bytes and more each."""
_LONGEST_SIDE = 16_000
_PATIENCE = 5.0
"""Seconds that a picture waits for its turn."""
_NAME = re.compile(r"(\d{1,19})-[0-9a-f]{16}\.webp", re.ASCII)
_HALF = 8
"""Hexadecimal digits of a name that are random, and as many that show that it is one of ours."""
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, OverflowError, MemoryError, KeyError, IndexError, struct.error)
"""What the decoders raise for files that are not what they seem."""


_turn = threading.Lock()
"""One picture is decoded at a time: a small file may need 200 MB for a moment."""


def made_anew(picture: bytes) -> bytes:
    """The picture as it is kept. BadPicture for what is none, too many bytes or too many pixels; when many come."""
    if len(picture) > settings.IM_AVATAR_MAX_BYTES:
        raise too_large()
    if not _turn.acquire(timeout=_PATIENCE):
        raise BadPicture(_("Many pictures are coming in just now. Try again in a while."))
    try:
        square = _square(picture)
    except (*_BROKEN, Image.DecompressionBombError):
        raise BadPicture(_("This is no picture that can be read. JPEG, PNG, WebP and GIF can.")) from None
    finally:
        _turn.release()
    made = BytesIO()
    # A fresh image: what came with the file (position, colour profile, comments) is not copied.
    fresh = Image.new("RGBA", square.size)
    fresh.paste(square)
    fresh.save(made, "WEBP", quality=85, method=4)
    return made.getvalue()


def _square(picture: bytes) -> Image.Image:
    with Image.open(BytesIO(picture), formats=tuple(_MOST_PIXELS)) as image:
        # The size stands in the head of the file: what would not fit into memory is never decoded.
        width, height = image.size
        if width * height > _MOST_PIXELS[str(image.format)] or max(width, height) > _LONGEST_SIDE:
            raise BadPicture(_("This picture has too many pixels."))
        image.draft("RGB", (2 * SIDE, 2 * SIDE))
        # Made smaller first, so that no step after it copies all of it.
        small = image.convert("RGBA") if image.mode not in ("RGB", "RGBA", "L") else image
        if (factor := min(small.size) // (2 * SIDE)) > 1:
            small = small.reduce(factor)
        upright = ImageOps.exif_transpose(small)
        return ImageOps.fit(upright.convert("RGBA"), (SIDE, SIDE), Image.Resampling.LANCZOS)


def too_large() -> BadPicture:
    return BadPicture(_("A picture has at most %(limit)s MB."), limit=round(settings.IM_AVATAR_MAX_BYTES / 1e6, 1))


def store(user_id: int, made: bytes) -> str:
    """Keep a picture that was made anew; returns the address by which it is shown."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    picture = f"{user_id}-{secrets.token_hex(_HALF // 2)}"
    name = f"{picture}{_proof(picture)}.webp"
    unfinished = folder / f".{name}"
    unfinished.write_bytes(made)
    os.replace(unfinished, folder / name)
    return PREFIX + name


def remove(address: str) -> None:
    """Delete the picture behind an address; nothing for an empty one."""
    path = file(address.removeprefix(PREFIX))
    if path is not None:
        path.unlink(missing_ok=True)


def file(name: str) -> Path | None:
    """The file of that name, if there is one; None for a name that we would not have given."""
    path = _folder() / name
    return path if _NAME.fullmatch(name) and path.is_file() else None


def stored_before(moment: float) -> list[str]:
    """The addresses of all pictures stored before this time (Unix seconds), used or not."""
    kept = (path for path in _folder().glob("*.webp") if _NAME.fullmatch(path.name))
    return sorted(PREFIX + path.name for path in kept if path.stat().st_mtime < moment)


def owner(name: str) -> int | None:
    """Whose picture a file of that name is, or was."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def owner_once(name: str) -> int | None:
    """Whose picture was kept under that name; None for one that was never given to anybody.

    Else whoever counts through the numbers would be led to everybody's picture.
    """
    picture, proof = name[: -len(".webp") - _HALF], name[-len(".webp") - _HALF : -len(".webp")]
    return owner(name) if constant_time_compare(proof, _proof(picture)) else None


def _proof(picture: str) -> str:
    return salted_hmac("accounts.avatars", picture).hexdigest()[:_HALF]


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "media" / "avatars"
