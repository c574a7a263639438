"""A user who uploads and downloads files of a running site."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from typing import Any, ClassVar

from tests.support import log_secrets
from tests.support.site import Site
from tests.support.uploads import metadata

_TOKEN = """
from accounts.actions import token_issue, user_register
print(token_issue(user=user_register(username="alice", nickname="Alice", password="correct horse")))
"""


class FileCaller:
    """A client with a token of a site, called at its own port or at that of a proxy."""

    setup: ClassVar[str] = _TOKEN
    """Code that prints the token, run once on the site."""

    def __init__(self, site: Site, port: int | None = None) -> None:
        self.site = site
        self._port = port
        self.token = site.manage("shell", "--no-imports", "-c", self.setup).strip().splitlines()[-1]
        log_secrets.note(self.token)

    @property
    def port(self) -> int:
        return self._port or self.site.port

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as link:
            link.request(method, path, body, self.headers() | given)
            reply = link.getresponse()
            content = reply.read()
        is_json = "json" in (reply.headers.get("Content-Type") or "")
        return reply.status, json.loads(content) if is_json and content else content, reply.headers

    def start(self, size: int) -> str:
        status, made, _ = self(
            "POST", "/api/v1/uploads/", Upload_Length=str(size), Upload_Metadata=metadata(filename="a")
        )
        assert status == 201, made
        return str(made["url"])

    def offset(self, path: str) -> int:
        return int(self("HEAD", path)[2]["Upload-Offset"])

    def open_body(self, method: str, path: str, length: int, **headers: str) -> socket.socket:
        """Send the head of a request; the caller sends the body."""
        link = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        given = {"Host": "127.0.0.1", "Content-Length": str(length)} | self.headers() | headers
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        return link
