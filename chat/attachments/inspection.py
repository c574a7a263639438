"""Finds out what an uploaded file is, and prepares it for storing: its type, and for pictures a clean copy."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from chat import reasons
from chat.attachments import content_types
from chat.attachments.spool import Spool
from chat.errors import ChatError

logger = logging.getLogger(__name__)

_PROCESS_SECONDS = 40
_process_lock = threading.Lock()
"""One file is decoded at a time, because decoding even a small one can take hundreds of megabytes."""
_MAX_DURATION_MS = 2**31 - 1


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

    def discard(self) -> None:
        self.content.discard()
        if self.thumbnail is not None:
            self.thumbnail.discard()


def inspect(received: Spool, *, name: str, declared: str, duration: int | None = None) -> Inspected:
    """Return the finished upload as it is stored, which may be the same file or another.

    `declared` is the MIME type that the client gave, and `duration` (ms) counts if the content does not tell it. Raises
    ChatError FILE_TYPE_REFUSED, and PICTURE_REFUSED for a picture that cannot be decoded within the limits.
    """
    with received.path.open("rb") as file:
        head = file.read(content_types.HEAD_BYTES)
    found = content_types.content_type(head, name=name, declared=declared)
    if not content_types.is_allowed(found, settings.IM_ATTACHMENT_TYPES):
        raise ChatError(reasons.FILE_TYPE_REFUSED, type=found)
    kind = content_types.kind_of(found)
    if kind == "image":
        return _inspect_picture(received, found)
    made = Inspected(received, found, kind)
    if kind in ("video", "audio"):
        read = _run({"path": str(received.path), "kind": kind, "maxPixels": 0}) or {}
        made.duration = read.get("duration", duration)
        if made.duration is not None and made.duration > _MAX_DURATION_MS:
            made.duration = None
    return made


def _inspect_picture(received: Spool, found: str) -> Inspected:
    if received.size > settings.IM_PICTURE_MAX_BYTES:
        raise _picture_refused()
    output, thumbnail = _output_path(received, "clean"), _output_path(received, "small")
    try:
        read = _run(
            {
                "path": str(received.path),
                "kind": "image",
                "maxPixels": settings.IM_PICTURE_MAX_PIXELS,
                "output": str(output),
                "thumbnail": str(thumbnail),
            }
        )
        if read is None:
            raise _picture_refused()
        made = Inspected(_copied(output), found, "image", read["width"], read["height"], preview=read["preview"])
        if read["hasThumbnail"]:
            made.thumbnail = _copied(thumbnail)
        received.discard()
        return made
    finally:
        output.unlink(missing_ok=True)
        thumbnail.unlink(missing_ok=True)


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


def _run(request: dict[str, Any]) -> dict[str, Any] | None:
    """Return the answer of a process of `media_process`; None if it cannot read the file."""
    with _process_lock:
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
