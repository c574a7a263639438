"""Avatars: re-encoded from uploads and stored under generated names.

Every stored picture is a square WebP of one size. Nothing else of the upload survives: no location, no other file
format hidden in it, no script.
"""

from __future__ import annotations

import os
import re
import secrets
import struct
import threading
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import errors
from accounts.errors import BadPicture

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SIDE_PIXELS = 256
CONTENT_TYPE = "image/webp"
URL_PREFIX = "/avatars/"
_MAX_PIXELS = {"JPEG": 40_000_000, "PNG": 16_000_000, "WEBP": 16_000_000, "GIF": 16_000_000}
"""By format. A JPEG is decoded at a reduced size; the other formats in full, at four bytes or more for each pixel."""
_MAX_SIDE_PIXELS = 16_000
_DECODE_WAIT_SECONDS = 5.0
"""Seconds that an upload waits for the decoder before it is refused."""
_FILE_NAME = re.compile(r"(\d{1,19})-[0-9a-f]{16}\.webp", re.ASCII)
_PART_DIGITS = 8
"""Hexadecimal digits of the random part of a file name, and of its signature."""
_DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    OverflowError,
    MemoryError,
    KeyError,
    IndexError,
    struct.error,
)
"""Exceptions that the decoders raise for malformed files."""
_decode_lock = threading.Lock()
"""One picture is decoded at a time, because decoding even a small file can take 200 MB."""


def normalize_picture(picture: bytes) -> bytes:
    """Return the picture as it is stored.

    Raises BadPicture for files that are not pictures, have too many bytes or pixels, or when too many uploads wait.
    """
    if len(picture) > settings.IM_AVATAR_MAX_BYTES:
        raise picture_too_large()
    from PIL import Image  # Only uploads need it.

    if not _decode_lock.acquire(timeout=_DECODE_WAIT_SECONDS):
        raise BadPicture(errors.AVATAR_BUSY)
    try:
        square = _square(picture)
    except (*_DECODE_ERRORS, Image.DecompressionBombError):
        raise BadPicture(errors.AVATAR_UNREADABLE) from None
    finally:
        _decode_lock.release()
    encoded = BytesIO()
    # A new image drops the file's metadata: location, colour profile, comments.
    clean = Image.new("RGBA", square.size)
    clean.paste(square)
    clean.save(encoded, "WEBP", quality=85, method=4)
    return encoded.getvalue()


def _square(picture: bytes) -> Picture:
    from PIL import Image, ImageOps

    with Image.open(BytesIO(picture), formats=tuple(_MAX_PIXELS)) as image:
        # The header states the size, so a picture that would not fit into memory is never decoded.
        width, height = image.size
        if width * height > _MAX_PIXELS[str(image.format)] or max(width, height) > _MAX_SIDE_PIXELS:
            raise BadPicture(errors.AVATAR_TOO_MANY_PIXELS)
        image.draft("RGB", (2 * SIDE_PIXELS, 2 * SIDE_PIXELS))
        # Reduce first, so that no later step copies the full-size picture.
        small = image.convert("RGBA") if image.mode not in ("RGB", "RGBA", "L") else image
        if (factor := min(small.size) // (2 * SIDE_PIXELS)) > 1:
            small = small.reduce(factor)
        upright = ImageOps.exif_transpose(small)
        return ImageOps.fit(upright.convert("RGBA"), (SIDE_PIXELS, SIDE_PIXELS), Image.Resampling.LANCZOS)


def picture_too_large() -> BadPicture:
    """Return the error for a file over IM_AVATAR_MAX_BYTES."""
    return BadPicture(errors.AVATAR_TOO_LARGE, limit=round(settings.IM_AVATAR_MAX_BYTES / 1e6, 1))


def store(user_id: int, picture: bytes) -> str:
    """Store a normalized picture and return its URL path."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{user_id}-{secrets.token_hex(_PART_DIGITS // 2)}"
    name = f"{stem}{_signature(stem)}.webp"
    temporary = folder / f".{name}"
    temporary.write_bytes(picture)
    os.replace(temporary, folder / name)
    return URL_PREFIX + name


def remove(address: str) -> None:
    """Delete the picture with this URL path. Does nothing for an empty or unknown one."""
    path = path_of(address.removeprefix(URL_PREFIX))
    if path is not None:
        path.unlink(missing_ok=True)


def path_of(name: str) -> Path | None:
    """Return the path of the stored picture with this file name; None if it does not exist.

    None also for names that `store` never makes.
    """
    path = _folder() / name
    return path if _FILE_NAME.fullmatch(name) and path.is_file() else None


def addresses_stored_before(moment: float) -> list[str]:
    """Return the URL paths of all pictures stored before this time (Unix seconds), whether or not they are used."""
    stored = (path for path in _folder().glob("*.webp") if _FILE_NAME.fullmatch(path.name))
    return sorted(URL_PREFIX + path.name for path in stored if path.stat().st_mtime < moment)


def owner_id(name: str) -> int | None:
    """Return the user id in a file name; None if `store` never makes such names."""
    match = _FILE_NAME.fullmatch(name)
    return int(match[1]) if match else None


def verified_owner_id(name: str) -> int | None:
    """Return the user id in a file name whose signature is valid; None otherwise.

    Without the signature, counting through user ids would reveal everyone's picture.
    """
    end = -len(".webp")
    stem, signature = name[: end - _PART_DIGITS], name[end - _PART_DIGITS : end]
    return owner_id(name) if constant_time_compare(signature, _signature(stem)) else None


def _signature(stem: str) -> str:
    return salted_hmac("accounts.avatars", stem).hexdigest()[:_PART_DIGITS]


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "media" / "avatars"
