"""Downloads of attachments, continued where they were cut. Pure: the client reads the responses."""

from __future__ import annotations

from typing import BinaryIO
from urllib.parse import quote

import httpx

from .calls import Call
from .errors import NO_DATA, Refused, Unreachable
from .types import Attachment

_PARTIAL = 206


class Download:
    """Writes one file into `target`, over as many responses as necessary."""

    def __init__(self, attachment: Attachment, target: BinaryIO) -> None:
        # The address is made here, because the token must not go to an address that a message contains.
        self._path = f"{quote(attachment.id, safe='')}/{quote(attachment.name, safe='') or 'file'}"
        self._target = target
        self._received = 0
        self._etag = ""

    def next_call(self) -> Call:
        """Return the call for the bytes that are missing."""
        headers = {"Accept-Encoding": "identity"}
        if self._received and self._etag:
            headers |= {"Range": f"bytes={self._received}-", "If-Range": self._etag}
        return Call("GET", self._path, True, headers=headers, prefix="/files/")

    def begin_response(self, response: httpx.Response) -> None:
        """Check the head of a response. Raises Refused if the file does not exist for this user, and Unreachable."""
        status = response.status_code
        if status == 404:
            raise Refused(
                NO_DATA,
                "This file does not exist, or you may not read it.",
                reason="attachment_not_found",
                status=status,
            )
        if not response.is_success:
            raise Unreachable(f"HTTP {status} for a file")
        if self._received and status != _PARTIAL:
            self._target.seek(-self._received, 1)
            self._target.truncate()
            self._received = 0
        self._etag = response.headers.get("ETag", "")

    def write(self, piece: bytes) -> None:
        """Write bytes of the response."""
        self._target.write(piece)
        self._received += len(piece)
