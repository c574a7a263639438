"""Reads objects of an S3-compatible storage as files."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

WINDOW_BYTES = 8 * 2**20
"""Bytes of one request. A reader that pauses for long holds no response of a large object."""
_ABSENT = frozenset({"NoSuchKey", "404"})
"""Codes of an object that does not exist. The answer to a HEAD request has no code but its status."""
_BEYOND_END = "InvalidRange"


@contextmanager
def storage_errors_as_os_errors(name: str = "") -> Iterator[None]:
    """Raise FileNotFoundError for an absent object, and OSError for other failures, as a disk does."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise FileNotFoundError(errno.ENOENT, "The object does not exist.", name) from error
        raise OSError(errno.EIO, f"The object storage answered {code}.", name) from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(errno.EIO, f"The object storage failed: {type(error).__name__}.", name) from error


class ObjectReader(io.RawIOBase):
    """An object from one byte to another, read in requests of WINDOW_BYTES, without keeping any of it.

    The first request is made at once. Raises FileNotFoundError for an absent object, and OSError for other failures.
    """

    def __init__(self, client: Any, *, bucket: str, key: str, first: int = 0, end: int | None = None) -> None:
        super().__init__()
        self._client, self._bucket, self._key = client, bucket, key
        self._position, self._end = first, end
        self._body: Any = None
        self._request()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        for _ in range(2):
            if self._is_at_end():
                return 0
            if piece := self._read_body(len(buffer)):
                buffer[: len(piece)] = piece
                self._position += len(piece)
                return len(piece)
            # The whole window has been read.
            self._request()
        raise OSError(errno.EIO, "The object storage sent nothing.", self._key)

    def close(self) -> None:
        self._drop()
        super().close()

    def _is_at_end(self) -> bool:
        return self._end is not None and self._position >= self._end

    def _read_body(self, size: int) -> bytes:
        if self._body is None:
            return b""
        try:
            return self._read(size)
        except OSError:
            # The server may have closed a response that waited for its reader.
            self._request()
            return self._read(size)

    def _read(self, size: int) -> bytes:
        with storage_errors_as_os_errors(self._key):
            piece: bytes = self._body.read(size)
            return piece

    def _request(self) -> None:
        """Ask for the next window."""
        self._drop()
        end = self._position + WINDOW_BYTES
        end = end if self._end is None else min(end, self._end)
        with storage_errors_as_os_errors(self._key):
            try:
                answer = self._client.get_object(
                    Bucket=self._bucket, Key=self._key, Range=f"bytes={self._position}-{end - 1}"
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != _BEYOND_END:
                    raise
                self._end = self._position
                return
        self._body = answer["Body"]
        total = int(answer["ContentRange"].rpartition("/")[2])
        self._end = total if self._end is None else min(self._end, total)

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
