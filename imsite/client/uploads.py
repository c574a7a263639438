"""Resumable uploads (tus 1.0.0) as sequences of calls, and uploads that a repeated send uses again. Pure: no socket."""

from __future__ import annotations

from base64 import b64encode
from collections import OrderedDict
from typing import Any

from .calls import Call
from .errors import Refused
from .files import FileContent
from .types import Attachment

PART_BYTES = 8 * 2**20
"""Bytes sent in one call; an interrupted upload repeats no more than these."""
TIMEOUT_SECONDS = 300.0
"""Seconds to wait for an answer: the site checks the whole file before it answers the last call."""
MAX_KEPT_SENDS = 1000
_OFFSET = "upload_offset"
"""Reason of a refusal that tells where the upload continues."""
_VERSION = {"Tus-Resumable": "1.0.0"}


class Upload:
    """One upload. Make the call that `next_call` returns and pass on its outcome, until there is an `attachment`."""

    def __init__(self, content: FileContent) -> None:
        self._content = content
        self._id = ""
        self._offset = 0
        self.attachment: Attachment | None = None
        """The uploaded file, at the end."""

    def next_call(self) -> Call:
        """Return the next call. It reads from the file."""
        if not self._id:
            # Repeating it leaves a reservation behind, which expires.
            return Call("POST", "uploads/", True, headers=_VERSION | self._description())
        path = f"uploads/{self._id}/"
        if self._offset and self._offset == self._content.size:
            return Call("GET", path, True, headers=_VERSION, timeout=TIMEOUT_SECONDS)
        return Call(
            "PATCH",
            path,
            # A repetition of stored bytes is refused with the offset.
            True,
            headers=_VERSION | {"Upload-Offset": str(self._offset), "Content-Type": "application/offset+octet-stream"},
            content=self._content.read(self._offset, PART_BYTES),
            timeout=TIMEOUT_SECONDS,
        )

    def handle_result(self, body: Any) -> None:
        """Take the result of the call."""
        if not self._id:
            self._id = str(body["id"])
        elif body is None:
            self._offset = min(self._offset + PART_BYTES, self._content.size)
        else:
            self.attachment = Attachment.from_json(body)

    def handle_refusal(self, error: Refused) -> None:
        """Continue at the offset that the site has, or raise the refusal."""
        offset = error.data.get("offset")
        # The same offset again would be refused for ever.
        if error.reason != _OFFSET or not isinstance(offset, int) or offset == self._offset:
            raise error
        self._offset = offset

    def _description(self) -> dict[str, str]:
        values = {"filename": self._content.name, "filetype": self._content.content_type}
        metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())
        return {"Upload-Length": str(self._content.size), "Upload-Metadata": metadata}


class KeptUploads:
    """Uploads of sends whose outcome is unknown, by idempotency key: a repeated send uses them again."""

    def __init__(self) -> None:
        self._by_key: OrderedDict[str, dict[int, Attachment]] = OrderedDict()

    def begin(self, idempotency_key: str | None) -> dict[int, Attachment]:
        """Return the uploads of this send so far, by their place among its files. The caller adds to them."""
        if idempotency_key is None:
            return {}
        kept = self._by_key.setdefault(idempotency_key, {})
        if len(self._by_key) > MAX_KEPT_SENDS:
            self._by_key.popitem(last=False)
        return kept

    def end(self, idempotency_key: str | None) -> None:
        """Forget the uploads of a send that has been answered."""
        if idempotency_key is not None:
            self._by_key.pop(idempotency_key, None)
