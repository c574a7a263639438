"""Uploads are checked for viruses: clean ones are ready, others deleted, and held while the scanner does not answer."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.actions import token_issue
from accounts.models import User
from chat.actions.upload_completion import uploads_complete_held
from chat.attachments import storage
from chat.attachments.scanner import ScannerFailed, find_threat
from chat.attachments.spool import Spool
from chat.models import Attachment
from delivery.metrics import UPLOADS
from tests.chat.api.v1.conftest import Caller
from tests.support.clamd import Scanner
from tests.support.clamd_server import MAX_BYTES, VIRUS
from tests.support.ports import free_port
from tests.support.uploads import FORM, form, metadata, part_headers

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running_scanner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanner]:
    scanner = Scanner(tmp_path_factory.mktemp("scanner"))
    scanner.start()
    yield scanner
    scanner.kill()


@pytest.fixture
def scanner(running_scanner: Scanner, settings: Any) -> Scanner:
    settings.IM_SCANNER = running_scanner.address
    return running_scanner


@pytest.fixture
def caller(alice: User) -> Caller:
    return Caller(f"Bearer {token_issue(user=alice)}")


@pytest.fixture
def _no_scanner(settings: Any) -> None:
    settings.IM_SCANNER = f"127.0.0.1:{free_port()}"


def threat_in(content: bytes) -> str:
    received = Spool()
    try:
        received.write(content)
        received.finish()
        return find_threat(received)
    finally:
        received.discard()


def upload(caller: Caller, content: bytes) -> Any:
    """Upload by one request with a form."""
    return caller("POST", "attachments/", form(content), Content_Type=FORM)


def started(caller: Caller, content: bytes) -> str:
    made = caller("POST", "uploads/", b"", Upload_Length=str(len(content)), Upload_Metadata=metadata(filename="a"))
    return str(made.data["url"]).removeprefix("/api/v1/")


def append(caller: Caller, path: str, content: bytes, offset: int = 0) -> Any:
    return caller("PATCH", path, content, **part_headers(offset))


def test_a_clean_file_is_ready_and_an_infected_one_is_deleted(
    scanner: Scanner, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(storage.all_files())
    counted = UPLOADS.labels("file_infected")._value.get()
    assert upload(caller, b"clean").status == 201

    with caplog.at_level(logging.WARNING):
        refused = upload(caller, b"x" + VIRUS)
    assert (refused.status, refused.data["reason"], refused.data["threat"]) == (422, "file_infected", "Test-Virus")
    path = started(caller, VIRUS)
    assert append(caller, path, VIRUS).data["reason"] == "file_infected"

    assert caller.get(path).status == 404 and path.split("/")[1] not in storage.uploads_with_parts()
    assert len(set(storage.all_files()) - before) == 1
    rows = Attachment.objects.filter(threat="Test-Virus")
    assert [row.state for row in rows] == ["removed", "removed"]
    logged = next(record for record in caplog.records if record.getMessage() == "attachment_infected")
    assert logged.__dict__["threat"] == "Test-Virus" and logged.__dict__["key"] in {row.key for row in rows}
    assert UPLOADS.labels("file_infected")._value.get() == counted + 2


@pytest.mark.usefixtures("_no_scanner")
def test_an_upload_is_held_until_the_scanner_answers(
    running_scanner: Scanner, caller: Caller, settings: Any, alice: User
) -> None:
    paths = {content: started(caller, content) for content in (b"clean", VIRUS, b"waits")}
    for content, path in paths.items():
        refused = append(caller, path, content)
        assert (refused.status, refused.data["reason"], refused.data["retryAfter"]) == (503, "scanner_unavailable", 30)
        assert caller("HEAD", path).headers["Upload-Offset"] == "5" if content != VIRUS else True
    assert set(Attachment.objects.values_list("state", flat=True)) == {"held"}
    uploads_complete_held()
    assert caller.get(paths[b"clean"]).status == 503, "still held"

    settings.IM_SCANNER = running_scanner.address
    assert caller.get(paths[b"waits"]).data["size"] == 5, "the client asks before the node does"
    uploads_complete_held()
    assert append(caller, paths[b"clean"], b"", 5).data["size"] == 5
    assert caller.get(paths[VIRUS]).status == 404
    assert sorted(Attachment.objects.values_list("state", flat=True)) == ["ready", "ready", "removed"]
    assert not {path.split("/")[1] for path in paths.values()} & set(storage.uploads_with_parts())


@pytest.mark.usefixtures("_no_scanner")
def test_a_form_is_refused_while_the_scanner_does_not_answer(caller: Caller) -> None:
    refused = upload(caller, b"clean")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    assert Attachment.objects.get().state == "removed" and not list(storage.spool_directory().glob("*"))


@pytest.mark.usefixtures("_no_scanner")
def test_files_are_accepted_unchecked_by_a_setting(caller: Caller, settings: Any) -> None:
    settings.IM_SCANNER_FAILURE = "accept"
    assert upload(caller, VIRUS).status == 201


def test_files_above_the_limit_are_not_checked(scanner: Scanner, settings: Any) -> None:
    settings.IM_SCANNER_MAX_BYTES = 20
    assert threat_in(VIRUS + b"x" * 10) == ""
    assert threat_in(VIRUS) == "Test-Virus"


def test_a_limit_of_the_scanner_is_no_clean_file(scanner: Scanner) -> None:
    with pytest.raises(ScannerFailed, match="size limit"):
        threat_in(b"x" * (MAX_BYTES + 2**20))


def test_a_scanner_behind_a_socket_file(settings: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "clamd.sock")
    received = bytearray()

    def answer() -> None:
        link, _ = listener.accept()
        with link:
            while not received.endswith(b"\0\0\0\0"):
                received.extend(link.recv(100))
            link.sendall(b"stream: Eicar FOUND\0")

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=answer)
        thread.start()
        settings.IM_SCANNER = path
        assert threat_in(b"hello") == "Eicar"
        thread.join()
    assert received == b"zINSTREAM\0" + b"\0\0\0\5hello" + b"\0\0\0\0"


@pytest.mark.parametrize("answer", [b"", b"stream: ERROR\0", b"UNKNOWN COMMAND\0", None])
def test_an_answer_that_is_none_is_no_clean_file(settings: Any, answer: bytes | None) -> None:
    """None: the scanner says nothing at all."""
    settings.IM_SCANNER_TIMEOUT = 0.1
    links = []

    def reply() -> None:
        link, _ = listener.accept()
        links.append(link)
        if answer is not None:
            link.sendall(answer)
            link.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.IM_SCANNER = f"127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=reply)
        thread.start()
        with pytest.raises(ScannerFailed):
            threat_in(b"hello")
        thread.join()
    for link in links:
        link.close()


@pytest.mark.parametrize("address", ["/nowhere/clamd.sock", "127.0.0.1:99999", ":", "[::1"])
def test_an_address_without_a_scanner(settings: Any, address: str) -> None:
    settings.IM_SCANNER, settings.IM_SCANNER_TIMEOUT = address, 0.1
    with pytest.raises(ScannerFailed):
        threat_in(b"hello")
