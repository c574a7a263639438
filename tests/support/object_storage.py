"""An S3-compatible server on a free loopback port, over a directory, with one bucket."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.waiting import TIMEOUT_SECONDS

_BUCKET = "attachments"
STATIC_BUCKET = "static-files"
_KEY, _SECRET = "test-key", "test-secret"


def find_binary() -> str | None:
    """Return the path of rclone, which has the server; None without it. The development requirements install it."""
    own = Path(sys.executable).parent
    return shutil.which("rclone", path=os.pathsep.join([str(own), os.environ.get("PATH", "")]))


class ObjectStorage(Process):
    """A server that can be stopped and started. Its objects stay in the directory."""

    def __init__(self, directory: Path) -> None:
        super().__init__("rclone", free_port(), directory / "rclone.log", {"RCLONE_CONFIG": os.devnull})
        self._root = directory / "buckets"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        binary = find_binary()
        assert binary, "there is no rclone on this machine"
        for bucket in (_BUCKET, STATIC_BUCKET):
            (self._root / bucket).mkdir(parents=True, exist_ok=True)
        keys = ("--auth-key", f"{_KEY},{_SECRET}")
        self.launch([binary, "serve", "s3", "--addr", f"127.0.0.1:{self.port}", *keys, str(self._root)])

    def environment(self) -> dict[str, str]:
        """Return the options of a site that stores its files here."""
        return {
            "IM_S3_BUCKET": _BUCKET,
            "IM_S3_ENDPOINT": self.url,
            "IM_S3_KEY": _KEY,
            "IM_S3_SECRET": _SECRET,
            "IM_S3_ADDRESSING": "path",
            "IM_S3_TIMEOUT": str(TIMEOUT_SECONDS),
        }

    def storage(self, prefix: str, **options: Any) -> dict[str, Any]:
        """Return the value for `STORAGES` of a storage in the bucket whose names begin with this prefix."""
        values = {
            "bucket_name": _BUCKET,
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "access_key": _KEY,
            "secret_key": _SECRET,
            "location": prefix,
            "addressing_style": "path",
            "timeout": TIMEOUT_SECONDS,
        }
        return {"BACKEND": "chat.attachments.s3_storage.S3AttachmentStorage", "OPTIONS": values | options}

    @property
    def static_directory(self) -> Path:
        """The directory with the objects of the bucket for static files."""
        return self._root / STATIC_BUCKET

    def files(self) -> set[str]:
        """Return the names of all objects."""
        return {str(path.relative_to(self._root)) for path in self._root.rglob("*") if path.is_file()}
