"""Attachments in a bucket of an S3-compatible storage.

Nothing imports this module unless IM_S3_BUCKET is set, because Amazon's library takes a third of a second and 30 MB.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import IO, Any, cast

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

from chat.attachments.s3_reader import ObjectReader, storage_errors_as_os_errors

SIGNED_SECONDS = 60
"""Seconds for which a signed address is valid."""
_ATTEMPTS = 2
_CONNECTIONS = 32
_CHUNK_BYTES = 16 * 2**20
_FILE_DIRECTORY_LENGTH = 2
"""Length of the directories of files. Parts of uploads are in another one."""
_UNFINISHED_AGE = timedelta(days=1)
_NO_UPLOADS = frozenset({"NoSuchUpload", "NotImplemented"})
"""Codes of servers that know of no interrupted upload, or no longer."""


def client_config(*, addressing_style: str, timeout: float) -> Config:
    """Return how the library talks to an S3-compatible storage, which need not be Amazon's."""
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": addressing_style},
        connect_timeout=timeout,
        read_timeout=timeout,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        # Many servers other than Amazon's do not know the checksums that newer clients add.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


class S3AttachmentStorage(S3Storage):  # type: ignore[misc]
    """A bucket, whose failures are OSErrors as those of a disk. Files are sent and read without being kept in memory.

    All threads share one client, because each takes some megabytes.
    """

    def __init__(self, *, addressing_style: str, timeout: float, **options: Any) -> None:
        super().__init__(
            client_config=client_config(addressing_style=addressing_style, timeout=timeout),
            # Threads of its own would hold a chunk each.
            transfer_config=TransferConfig(
                use_threads=False, multipart_threshold=_CHUNK_BYTES, multipart_chunksize=_CHUNK_BYTES
            ),
            **options,
        )
        self._lock = threading.Lock()
        self._shared: Any = None

    @property
    def connection(self) -> Any:
        with self._lock:
            if self._shared is None:
                self._shared = super().connection
            return self._shared

    def open_range(self, name: str, wanted: range) -> IO[bytes]:
        """Open an object for reading these bytes. Raises FileNotFoundError."""
        return self._reader(name, wanted.start, wanted.stop)

    def all_files(self) -> list[str]:
        """Return the names of all files and thumbnails. It takes a request for each thousand objects."""
        found = []
        with storage_errors_as_os_errors():
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket_name, Prefix=self._prefix
            ):
                names = [entry["Key"].removeprefix(self._prefix) for entry in page.get("Contents", ())]
                found += [name for name in names if name.find("/") == _FILE_DIRECTORY_LENGTH]
        return found

    def delete_unfinished(self) -> None:
        """End uploads to the bucket that a crash has interrupted, a day later. Their parts would stay for good."""
        before = datetime.now(UTC) - _UNFINISHED_AGE
        with storage_errors_as_os_errors(), _without_uploads():
            for page in self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket_name, Prefix=self._prefix
            ):
                for upload in page.get("Uploads", ()):
                    if upload["Initiated"] < before:
                        self._client.abort_multipart_upload(
                            Bucket=self.bucket_name, Key=upload["Key"], UploadId=upload["UploadId"]
                        )

    def signed_url(self, name: str, *, method: str, content_type: str, disposition: str) -> str:
        """Return an address at which anybody can read the object for SIGNED_SECONDS, answered with these headers."""
        parameters = {
            "Bucket": self.bucket_name,
            "Key": self._key(name),
            "ResponseContentType": content_type,
            "ResponseContentDisposition": disposition,
            "ResponseCacheControl": f"private, max-age={SIGNED_SECONDS}",
        }
        # The method is signed too.
        call = "head_object" if method == "HEAD" else "get_object"
        with storage_errors_as_os_errors(name):
            url: str = self._client.generate_presigned_url(call, Params=parameters, ExpiresIn=SIGNED_SECONDS)
            return url

    def delete(self, name: str) -> None:
        with storage_errors_as_os_errors(name):
            super().delete(name)

    def exists(self, name: str) -> bool:
        with storage_errors_as_os_errors(name):
            return bool(super().exists(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with storage_errors_as_os_errors(name):
            return cast(tuple[list[str], list[str]], super().listdir(name))

    def size(self, name: str) -> int:
        with storage_errors_as_os_errors(name):
            return int(self._client.head_object(Bucket=self.bucket_name, Key=self._key(name))["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        with storage_errors_as_os_errors(name):
            found = self._client.head_object(Bucket=self.bucket_name, Key=self._key(name))
            return cast(datetime, found["LastModified"])

    def _open(self, name: str, mode: str = "rb") -> IO[bytes]:
        return self._reader(name, 0, None)

    def _save(self, name: str, content: Any) -> str:
        with storage_errors_as_os_errors(name):
            if hasattr(content, "temporary_file_path"):
                # Read from the disk while it is sent. The parts of another file are held in memory one by one.
                self._client.upload_file(
                    content.temporary_file_path(),
                    self.bucket_name,
                    self._key(name),
                    ExtraArgs={"ContentType": self.default_content_type},
                    Config=self.transfer_config,
                )
                return name
            return str(super()._save(name, content))

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    @cached_property
    def _prefix(self) -> str:
        return f"{self.location.strip('/')}/".lstrip("/")

    def _key(self, name: str) -> str:
        return str(self._normalize_name(name))

    def _reader(self, name: str, first: int, end: int | None) -> IO[bytes]:
        reader = ObjectReader(self._client, bucket=self.bucket_name, key=self._key(name), first=first, end=end)
        return cast(IO[bytes], reader)


@contextmanager
def _without_uploads() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in _NO_UPLOADS:
            raise
