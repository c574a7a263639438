"""Prepares the uploaded picture of a custom emoji: small, without metadata, as WebP."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings

from chat import reasons
from chat.attachments.inspection import run_media_process
from chat.attachments.spool import Spool
from chat.errors import ChatError

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_MAX_PIXELS = 4_000_000
"""Pixels of a frame of the uploaded picture."""


@dataclass(frozen=True, slots=True)
class EmojiPicture:
    """The picture of an emoji as it is stored: WebP, of up to IM_CUSTOM_EMOJI_MAX_BYTES."""

    content: bytes
    width: int
    height: int

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def make_emoji_picture(pieces: Iterable[bytes]) -> EmojiPicture:
    """Return the picture of an upload, which is decoded in a process of its own. It may take seconds.

    Raise ChatError EMOJI_PICTURE_REFUSED for a file that is too large or cannot be decoded within the limits.
    """
    limit = settings.IM_CUSTOM_EMOJI_MAX_BYTES
    received = Spool()
    output = received.path.with_name(f"{received.path.name}.emoji")
    try:
        for piece in pieces:
            if received.size + len(piece) > limit:
                raise _refused(limit)
            received.write(piece)
        received.finish()
        request = {
            "path": str(received.path),
            "kind": "emoji",
            "maxPixels": _MAX_PIXELS,
            "formats": _FORMATS,
            "output": str(output),
        }
        read = run_media_process(request)
        if read is None or output.stat().st_size > limit:
            raise _refused(limit)
        return EmojiPicture(output.read_bytes(), read["width"], read["height"])
    finally:
        received.discard()
        output.unlink(missing_ok=True)


def _refused(limit: int) -> ChatError:
    return ChatError(reasons.EMOJI_PICTURE_REFUSED, limit=limit // 1024)
