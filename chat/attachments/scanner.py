"""Has received files checked for viruses by ClamAV's daemon, over its INSTREAM command. Off without IM_SCANNER."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings

from chat.attachments.spool import Spool

_PIECE_BYTES = 262_144
_MAX_ANSWER_BYTES = 4096
_DEFAULT_PORT = 3310
_CLEAN = "stream: OK"
_FOUND = " FOUND"


class ScannerFailed(Exception):
    """The scanner cannot be reached, or has not checked the file."""


def find_threat(received: Spool) -> str:
    """Return the name of the virus in a finished file.

    It is empty for a clean file, without a scanner, and for a file above IM_SCANNER_MAX_BYTES, which is not checked.
    Raises ScannerFailed.
    """
    if not settings.IM_SCANNER or received.size > settings.IM_SCANNER_MAX_BYTES:
        return ""
    try:
        with _connected() as link:
            answer = _checked(link, received)
    except (OSError, ValueError) as error:
        raise ScannerFailed(str(error) or type(error).__name__) from error
    if answer == _CLEAN:
        return ""
    if answer.endswith(_FOUND):
        return answer.removeprefix("stream: ").removesuffix(_FOUND)
    raise ScannerFailed(answer or "no answer")


def _checked(link: socket.socket, received: Spool) -> str:
    """Send the file; return the scanner's answer."""
    try:
        link.sendall(b"zINSTREAM\0")
        with received.path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                link.sendall(struct.pack(">I", len(piece)) + piece)
        link.sendall(struct.pack(">I", 0))
    except ConnectionError:
        # It ends the connection after an early answer, such as for a file above its own limit.
        pass
    answer = b""
    while b"\0" not in answer and len(answer) < _MAX_ANSWER_BYTES and (piece := link.recv(_MAX_ANSWER_BYTES)):
        answer += piece
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()


@contextmanager
def _connected() -> Iterator[socket.socket]:
    """Connect to IM_SCANNER. Raises OSError, and ValueError for an address that is not valid."""
    address, timeout = settings.IM_SCANNER, settings.IM_SCANNER_TIMEOUT
    if address.startswith("/"):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(timeout)
        with link:
            link.connect(address)
            yield link
        return
    parts = urlsplit(f"//{address}")
    with socket.create_connection((parts.hostname or "", parts.port or _DEFAULT_PORT), timeout) as link:
        yield link
