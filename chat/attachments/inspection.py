"""Finds out what an uploaded file is, and prepares it for storing: its type, and for pictures a clean copy.

It also makes small copies of pictures that were not uploaded.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

from chat import reasons, rules
from chat.attachments import content_types
from chat.attachments.spool import Spool
from chat.errors import ChatError
from chat.models import InlineMedia

logger = logging.getLogger(__name__)

_PROCESS_SECONDS = 40
_process_lock = threading.Lock()
"""One file is decoded at a time, because decoding even a small one can take hundreds of megabytes."""
_thumbnail_lock = threading.Lock()
"""Another one for pictures of foreign pages, so that uploads do not wait for them."""
_MAX_DURATION_MS = 2**31 - 1
_SMALL_PIXELS = 320
_THUMBNAIL_CPU_SECONDS = 5
_INLINE_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif"})


class Inline(NamedTuple):
    """The content of a file for clients of `/ws`: its `InlineMedia.Type`, and the bytes."""

    type: str
    content: bytes


@dataclass(slots=True)
class Inspected:
    """A file as it is stored: `content`, and its `thumbnail` if it has one. `discard` deletes both."""

    content: Spool
    content_type: str
    kind: str
    width: int | None = None
    height: int | None = None
    duration: int | None = None
    preview: str = ""
    thumbnail: Spool | None = None
    inline: Inline | None = None

    def discard(self) -> None:
        self.content.discard()
        if self.thumbnail is not None:
            self.thumbnail.discard()


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small WebP picture in a local file, which its owner stores or discards."""

    content: Spool
    width: int
    height: int


def make_thumbnail(picture: bytes) -> Thumbnail | None:
    """Return a small copy of a picture, of up to 320 pixels a side; None if it cannot be decoded within the limits."""
    received = Spool()
    small = _output_path(received, "small")
    try:
        received.write(picture)
        received.finish()
        request = {
            "path": str(received.path),
            "kind": "thumbnail",
            "maxPixels": settings.IM_PICTURE_MAX_PIXELS,
            "pixels": _SMALL_PIXELS,
            "cpuSeconds": _THUMBNAIL_CPU_SECONDS,
            "thumbnail": str(small),
        }
        read = run_media_process(request, _thumbnail_lock)
        return None if read is None else Thumbnail(_copied(small), read["width"], read["height"])
    finally:
        received.discard()
        small.unlink(missing_ok=True)


def inspect(
    received: Spool, *, name: str, declared: str, duration: int | None = None, inline: Inline | None = None
) -> Inspected:
    """Return the finished upload as it is stored, which may be the same file or another.

    `declared` is the MIME type that the client gave, and `duration` (ms) counts if the content does not tell it.
    `inline` is given for what a client of `/ws` has sent. Raises ChatError FILE_TYPE_REFUSED, and PICTURE_REFUSED for a
    picture that cannot be decoded within the limits; with `inline`, it is stored as a plain file instead.
    """
    with received.path.open("rb") as file:
        head = file.read(content_types.HEAD_BYTES)
    found = content_types.content_type(head, name=name, declared=declared)
    if not content_types.is_allowed(found, settings.IM_ATTACHMENT_TYPES):
        raise ChatError(reasons.FILE_TYPE_REFUSED, type=found)
    kind = content_types.kind_of(found)
    if kind == "image":
        try:
            return _inspect_picture(received, found, inline)
        except ChatError:
            if inline is None:
                raise
            return Inspected(received, content_types.UNKNOWN, "file", inline=inline)
    made = Inspected(received, found, kind, inline=inline)
    if inline is None and kind == "audio" and received.size <= inline_max_bytes():
        made.inline = Inline(InlineMedia.Type.VOICE, received.path.read_bytes())
    if kind in ("video", "audio"):
        read = run_media_process({"path": str(received.path), "kind": kind, "maxPixels": 0}) or {}
        made.duration = read.get("duration", duration)
        if made.duration is not None and made.duration > _MAX_DURATION_MS:
            made.duration = None
        if kind == "video":
            made.width, made.height = read.get("width"), read.get("height")
    return made


def inline_max_bytes() -> int:
    """Return the bytes that a picture or voice message of `/ws` can have."""
    return int(settings.IM_MESSAGE_MAX_LENGTH) * rules.MAX_BYTES_PER_CHARACTER


def _inspect_picture(received: Spool, found: str, inline: Inline | None) -> Inspected:
    if received.size > settings.IM_PICTURE_MAX_BYTES:
        raise _picture_refused()
    output, thumbnail, copy = (_output_path(received, suffix) for suffix in ("clean", "small", "copy"))
    try:
        read = run_media_process(
            {
                "path": str(received.path),
                "kind": "image",
                "maxPixels": settings.IM_PICTURE_MAX_PIXELS,
                "output": str(output),
                "thumbnail": str(thumbnail),
                "copy": str(copy),
                "copyBytes": 0 if inline is not None else inline_max_bytes(),
            }
        )
        if read is None:
            raise _picture_refused()
        made = Inspected(
            _copied(output), found, "image", read["width"], read["height"], preview=read["preview"], inline=inline
        )
        if inline is None:
            made.inline = _inline_picture(made, copy if read["hasCopy"] else None)
        if read["hasThumbnail"]:
            made.thumbnail = _copied(thumbnail)
        received.discard()
        return made
    finally:
        output.unlink(missing_ok=True)
        thumbnail.unlink(missing_ok=True)
        copy.unlink(missing_ok=True)


def _inline_picture(made: Inspected, copy: Path | None) -> Inline | None:
    """Return the picture itself if it is small and in a format that old clients show, else its copy, if it has one."""
    if copy is not None:
        return Inline(InlineMedia.Type.PICTURE, copy.read_bytes())
    if made.content_type in _INLINE_PICTURES and made.content.size <= inline_max_bytes():
        return Inline(InlineMedia.Type.PICTURE, made.content.path.read_bytes())
    return None


def _picture_refused() -> ChatError:
    return ChatError(reasons.PICTURE_REFUSED, limit=round(settings.IM_PICTURE_MAX_PIXELS / 1e6))


def _output_path(received: Spool, suffix: str) -> Path:
    return received.path.with_name(f"{received.path.name}.{suffix}")


def _copied(path: Path) -> Spool:
    spool = Spool()
    with path.open("rb") as file:
        while piece := file.read(2**20):
            spool.write(piece)
    spool.finish()
    return spool


def run_media_process(request: dict[str, Any], lock: threading.Lock = _process_lock) -> dict[str, Any] | None:
    """Return the answer of a process of `media_process`; None if it cannot read the file."""
    with lock:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "chat.attachments.media_process"],
                input=json.dumps(request),
                capture_output=True,
                text=True,
                timeout=_PROCESS_SECONDS,
                cwd=settings.BASE_DIR,
                env={},
            )
        except subprocess.TimeoutExpired:
            return None
    if done.returncode != 0:
        logger.info("media_unreadable", extra={"kind": request["kind"], "error": done.stderr[-200:]})
        return None
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
