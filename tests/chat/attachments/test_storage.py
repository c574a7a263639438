"""A directory and a bucket keep the same promises to the site."""

from __future__ import annotations

import http.client
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ReadTimeoutError
from django.conf import Settings
from django.core.files.base import ContentFile
from django.utils import timezone

from chat.attachments import s3_reader, s3_storage, storage
from chat.attachments.spool import LocalFile, Spool
from tests.support.object_storage import ObjectStorage
from tests.support.ports import free_port

CONTENT = bytes(range(25))


@pytest.fixture
def bucket(settings: Any, object_storage: ObjectStorage) -> ObjectStorage:
    settings.STORAGES = {**settings.STORAGES, "attachments": object_storage.storage("own")}
    return object_storage


def stored(content: bytes = CONTENT) -> str:
    name = storage.new_name()
    storage.save(name, ContentFile(content))
    return name


def read(name: str, wanted: range) -> bytes:
    with storage.open_range(name, wanted) as file:
        found = b""
        while len(found) < len(wanted) and (piece := file.read(7)):
            found += piece
        return found[: len(wanted)]


def test_a_file_is_stored_read_and_deleted(attachment_storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_reader, "WINDOW_BYTES", 10)
    name = stored()
    with storage.open_file(name) as file:
        assert file.read() == CONTENT
    for wanted in (range(25), range(3, 4), range(9, 21), range(24, 25)):
        assert read(name, wanted) == CONTENT[wanted.start : wanted.stop]
    assert storage.file_size(name) == 25
    assert abs(storage.modified_at(name) - timezone.now()) < timedelta(minutes=1)

    storage.delete_file(name)
    storage.delete_file(name)
    with pytest.raises(FileNotFoundError):
        storage.open_file(name)
    with pytest.raises(FileNotFoundError):
        storage.open_range(name, range(5))
    with pytest.raises(FileNotFoundError):
        storage.file_size(name)


def test_a_spooled_file_is_stored_in_chunks(attachment_storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chunk = 5 * 2**20
    monkeypatch.setattr(s3_storage, "_CHUNK_BYTES", chunk)
    spool = Spool()
    spool.write(CONTENT * ((chunk + 100) // 25))
    spool.finish()
    name = storage.new_name()
    storage.save(name, LocalFile(spool.path))
    spool.discard()
    assert storage.file_size(name) == spool.size > chunk
    assert read(name, range(spool.size - 50, spool.size)) == CONTENT * 2


def test_files_and_parts_are_listed(attachment_storage: str) -> None:
    assert storage.all_files() == storage.uploads_with_parts() == []
    names = {stored(), stored()}
    for offset in (0, 10):
        storage.save(storage.new_part_name("key-1", offset), ContentFile(b"x"))
    storage.save(storage.new_part_name("key-2", 0), ContentFile(b"x"))
    assert set(storage.all_files()) == names
    assert sorted(storage.uploads_with_parts()) == ["key-1", "key-2"]
    storage.delete_parts("key-1")
    storage.delete_parts("key-1")
    assert storage.uploads_with_parts() == ["key-2"] and set(storage.all_files()) == names


def test_a_storage_that_does_not_answer_lacks_no_file(settings: Any, object_storage: ObjectStorage) -> None:
    away = object_storage.storage("own", endpoint_url=f"http://127.0.0.1:{free_port()}", timeout=0.2)
    settings.STORAGES = {**settings.STORAGES, "attachments": away}
    for call in (
        lambda: stored(),
        lambda: storage.open_file("aa/bb/c"),
        lambda: storage.file_size("aa/bb/c"),
        lambda: storage.delete_file("aa/bb/c"),
        lambda: storage.delete_parts("key"),
        storage.all_files,
        storage.uploads_with_parts,
        storage.delete_unfinished,
    ):
        with pytest.raises(OSError, match="object storage failed") as failed:
            call()
        assert not isinstance(failed.value, FileNotFoundError)


def test_a_wrong_secret_lacks_no_file(settings: Any, object_storage: ObjectStorage) -> None:
    settings.STORAGES = {**settings.STORAGES, "attachments": object_storage.storage("own", secret_key="wrong")}
    with pytest.raises(OSError, match="SignatureDoesNotMatch") as failed:
        storage.open_file("aa/bb/c")
    assert not isinstance(failed.value, FileNotFoundError)


def test_a_reader_goes_on_after_its_response_was_cut(bucket: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    class Cut:
        def read(self, size: int) -> bytes:
            raise ReadTimeoutError(endpoint_url="")

        def close(self) -> None:
            pass

    with storage.open_file(stored()) as file:
        found = file.read(10)
        monkeypatch.setattr(file, "_body", Cut())
        assert found + file.read() == CONTENT


def test_an_interrupted_save_is_deleted_a_day_later(bucket: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: Any = storage.storage()
    client, name = chosen.connection.meta.client, "own/aa/bb/c"
    client.create_multipart_upload(Bucket=chosen.bucket_name, Key=name)

    def unfinished() -> list[Any]:
        found: list[Any] = client.list_multipart_uploads(Bucket=chosen.bucket_name).get("Uploads", [])
        return found

    storage.delete_unfinished()
    assert [upload["Key"] for upload in unfinished()] == [name]
    monkeypatch.setattr(s3_storage, "_UNFINISHED_AGE", timedelta(days=-1))
    storage.delete_unfinished()
    assert not unfinished()


def test_a_signed_address_gives_one_file_with_its_headers(settings: Settings, bucket: ObjectStorage) -> None:
    name, other = stored(), stored()
    url = storage.signed_url(name, method="GET", content_type="image/png", disposition='inline; filename="a.png"')
    assert url.startswith(bucket.url) and "X-Amz-Expires=60" in url and storage.signed_origin() == bucket.url

    def get(address: str, method: str = "GET") -> tuple[int, bytes, Any]:
        parts = urlsplit(address)
        link = http.client.HTTPConnection(parts.netloc)
        link.request(method, f"{parts.path}?{parts.query}", headers={"Range": "bytes=1-3"})
        answer = link.getresponse()
        content = answer.read()
        link.close()
        return answer.status, content, answer.headers

    status, content, headers = get(url)
    assert status in (200, 206) and content == CONTENT[1:4] and headers["Content-Type"] == "image/png"
    assert headers["Content-Disposition"] == 'inline; filename="a.png"'
    assert get(url.replace(name, other))[0] == get(url.replace("png", "gif"))[0] == 403
    assert get(storage.signed_url(name, method="HEAD", content_type="", disposition=""), "HEAD")[0] in (200, 206)

    settings.IM_S3_REDIRECT = False  # type: ignore[attr-defined]
    assert storage.signed_url(name, method="GET", content_type="", disposition="") == storage.signed_origin() == ""


def test_a_directory_has_no_addresses() -> None:
    assert storage.signed_url("aa/bb/c", method="GET", content_type="", disposition="") == storage.signed_origin() == ""
