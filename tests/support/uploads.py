"""Forms and resumable uploads as clients send them."""

from __future__ import annotations

import base64
from typing import Any

BOUNDARY = "----made-for-tests"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
PART = "application/offset+octet-stream"


def form(content: bytes, name: str = "notes.txt", type: str = "text/plain", **fields: str) -> bytes:
    """Return the body of a form with the file and these fields."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {type}\r\n\r\n"
    )
    return b"".join([*parts, head.encode(), content, f"\r\n--{BOUNDARY}--\r\n".encode()])


def metadata(**values: str) -> str:
    """Return the header Upload-Metadata."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def part_headers(offset: int) -> dict[str, Any]:
    """Return the headers of a PATCH that continues at this byte."""
    return {"Content-Type": PART, "Upload-Offset": str(offset), "Tus-Resumable": "1.0.0"}
