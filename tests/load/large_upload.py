"""Uploads a large file, kills the server in the middle, resumes, and downloads it: time, CPU and memory of the node.

Before it, the site refuses a file of 10 GiB at its first bytes. Fails if the file is damaged, a part is left on the
disk, or the node grows by 100 MiB.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.load import measurements
from tests.support.file_caller import FileCaller
from tests.support.site import Site
from tests.support.uploads import FORM, part_headers

MEBIBYTE = 2**20
MAX_GROWTH = 100 * MEBIBYTE
"""Bytes by which the node may grow."""
REFUSED_SIZE = 10 * 2**30
_PIECE = MEBIBYTE
_DAY_BYTES = 64 * 2**30
_POLL_SECONDS = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=2048, help="size of the file (default: 2048, 2 GiB)")
    size: int = parser.parse_args().mebibytes * MEBIBYTE
    print(measurements.table(measurements.environment()))
    with tempfile.TemporaryDirectory(prefix="imsite-load-") as folder:
        site = Site(Path(folder), options={"IM_UPLOAD_BYTES_PER_DAY": str(_DAY_BYTES)})
        site.manage("setup")
        with site:
            _measure(FileCaller(site), size)


def _measure(caller: FileCaller, size: int) -> None:
    site = caller.site
    _refuse(caller)
    path = caller.start(size)
    with (
        _Memory(site.pid) as memory,
        _timed("sent until the kill", size // 2),
        closing(caller.open_body("PATCH", path, size, **part_headers(0))) as link,
    ):
        for piece in _content(0, size // 2):
            link.sendall(piece)
        while caller.offset(path) < size // 2 - 8 * MEBIBYTE:
            time.sleep(_POLL_SECONDS)
        site.kill()
    print(f"  the node grew by                  {memory.growth / MEBIBYTE:.0f} MiB")
    site.start()
    offset = caller.offset(path)
    print(f"  lost by the kill                  {(size // 2 - offset) / MEBIBYTE:.1f} MiB")
    with _Memory(site.pid) as memory:
        with _timed("resumed to the end", size - offset), closing(_connection(caller)) as rest:
            headers = {"Content-Length": str(size - offset), **part_headers(offset)}
            rest.request("PATCH", path, _content(offset, size), caller.headers() | headers)
            reply = rest.getresponse()
            body = reply.read().decode()
            assert reply.status == 200, body
        made = caller("GET", path)[1]
        with _timed("downloaded", size), closing(_connection(caller)) as read:
            read.request("GET", made["url"], headers=caller.headers())
            digest, received = hashlib.sha256(), read.getresponse()
            while piece := received.read(_PIECE):
                digest.update(piece)
    print(f"  the node grew by                  {memory.growth / MEBIBYTE:.0f} MiB")
    assert made["sha256"] == digest.hexdigest() == _digest(size), "the file is damaged"
    # The part that the killed server was receiving goes with a clean-up, a day later.
    for left in (site.data / "attachments" / "spool").iterdir():
        os.utime(left, (0, 0))
    site.manage("attachments")
    stored = [one for one in (site.data / "attachments").rglob("*") if one.is_file()]
    assert [one.stat().st_size for one in stored] == [size], stored
    print("  the file came back undamaged; nothing else is on the disk")


def _refuse(caller: FileCaller) -> None:
    status, body, _ = caller("POST", "/api/v1/uploads/", Upload_Length=str(REFUSED_SIZE))
    assert (status, body["reason"]) == (413, "file_too_large")
    with closing(caller.open_body("POST", "/api/v1/attachments/", REFUSED_SIZE, **{"Content-Type": FORM})) as link:
        assert link.recv(100).startswith(b"HTTP/1.1 413")
    print("  10 GiB: refused before its first byte")


def _connection(caller: FileCaller) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", caller.port, timeout=600)


def _content(start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of the file between the two offsets. Each MiB differs from the others."""
    while start < end:
        number, skip = divmod(start, _PIECE)
        piece = (number.to_bytes(8, "big") * (_PIECE // 8))[skip : skip + end - start]
        yield piece
        start += len(piece)


def _digest(size: int) -> str:
    digest = hashlib.sha256()
    for piece in _content(0, size):
        digest.update(piece)
    return digest.hexdigest()


class _Memory:
    """Measures how much the resident memory of a process grows at most."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._before = self._largest = self._resident()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory of the node")

    @property
    def growth(self) -> int:
        """Return the bytes by which it grew."""
        return self._largest - self._before

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        assert error[0] or self.growth < MAX_GROWTH, f"the node grew by {self.growth / MEBIBYTE:.0f} MiB"

    def _watch(self) -> None:
        while not self._ended.wait(_POLL_SECONDS):
            with contextlib.suppress(OSError, StopIteration):
                self._largest = max(self._largest, self._resident())

    def _resident(self) -> int:
        lines = self._status.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


@contextlib.contextmanager
def _timed(what: str, size: int) -> Iterator[None]:
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    print(f"  {what:<33} {seconds:.1f} s, {size / MEBIBYTE / seconds:.0f} MiB/s")


if __name__ == "__main__":
    main()
