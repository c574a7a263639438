"""nginx passes uploads on as they arrive, and sends files from the disk after a node has allowed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imsite.cluster import nginx
from tests.support import machine
from tests.support.file_caller import FileCaller
from tests.support.fixtures.sites import SiteFactory
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.uploads import FORM, form, part_headers

pytestmark = pytest.mark.skipif("nginx" in machine.missing(), reason="nginx is missing on this machine")

MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def caller(site_factory: SiteFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileCaller]:
    with site_factory(IM_ACCEL_REDIRECT="/stored-files/", IM_TRUSTED_PROXIES="127.0.0.1") as site:
        port, directory = free_port(), Path(tmp_path_factory.mktemp("nginx"))
        node = f"127.0.0.1:{site.port}"
        command = nginx.write_config(directory, listen=f"127.0.0.1:{port}", nodes=[node], static_root=site.data)
        front = Process("nginx", port, directory / "nginx.log")
        front.launch(command)
        yield FileCaller(site, port)
        front.stop()


def test_a_large_upload_arrives_and_is_sent_from_the_disk(caller: FileCaller) -> None:
    content = bytes(range(256)) * (20 * 4096)
    path = caller.start(len(content))
    status, made, _ = caller("PATCH", path, content, **part_headers(0))
    assert (status, made["size"]) == (200, 20 * MEBIBYTE)

    status, got, headers = caller("GET", made["url"])
    assert status == 200 and got == content
    assert "X-Accel-Redirect" not in headers and headers["Cache-Control"] == "private, no-cache"
    assert headers["Content-Security-Policy"].endswith("sandbox") and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment")
    status, part, headers = caller("GET", made["url"], Range="bytes=10-19")
    assert (status, part, headers["Content-Range"]) == (206, content[10:20], f"bytes 10-19/{len(content)}")
    assert caller("GET", made["url"], If_None_Match=headers["ETag"])[0] == 304


def test_stored_files_have_no_address_of_their_own(caller: FileCaller) -> None:
    made = caller("POST", "/api/v1/attachments/", form(b"hello"), Content_Type=FORM)[1]
    stored = [path for path in (caller.site.data / "attachments").glob("??/??/*") if path.read_bytes() == b"hello"]
    assert len(stored) == 1 and caller("GET", made["url"])[1] == b"hello"
    below = stored[0].relative_to(caller.site.data / "attachments")
    assert caller("GET", f"/stored-files/{below}")[0] == 404
    caller.token = "x" * 64
    assert caller("GET", made["url"])[0] == 404
