"""The server is killed after each step of uploads and of the message with them. The client repeats its requests.

Each message is there once, with its files. No other file is left.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from tests.support.file_caller import FileCaller
from tests.support.fixtures.sites import SiteFactory
from tests.support.kill_points import MARK
from tests.support.uploads import FORM, form, part_headers

_MAX_STEPS = 40
_SERVICE = """
from django.contrib.auth.models import Permission
from accounts.actions import token_issue, user_register
from accounts.models import User
user_register(username="alice", nickname="Alice", password="correct horse")
service = User.objects.create_user("shop", nickname="The shop", kind=User.Kind.SERVICE)
service.user_permissions.add(Permission.objects.get(codename="use_gateway"))
print(token_issue(user=service))
"""
_STORED = """
import json
from chat.models import Attachment, Message
print(json.dumps([
    [message.text, [file["url"] for file in message.attachments], message.files.filter(state="ready").count()]
    for message in Message.objects.order_by("pk")
]))
print(json.dumps(list(Attachment.objects.filter(message=None).exclude(state="removed").values_list("key", flat=True))))
"""


class StubbornCaller(FileCaller):
    """A client that starts the server again when it has died, and repeats its request."""

    setup: ClassVar[str] = _SERVICE

    def until_answered(self, request: Callable[[], tuple[int, Any, Any]]) -> tuple[Any, Any]:
        """Return the body and the headers of the answer. Requests that may have been carried out are repeated too."""
        while True:
            try:
                status, body, headers = request()
            except (OSError, http.client.HTTPException):
                self.site.kill()
                self.site.start()
            else:
                assert status < 300, body
                return body, headers

    def upload_whole(self, content: bytes) -> str:
        body = form(content, "whole.txt")
        made, _ = self.until_answered(lambda: self("POST", "/api/v1/attachments/", body, Content_Type=FORM))
        return str(made["id"])

    def upload_in_parts(self, content: bytes) -> str:
        size = str(len(content))
        begun, _ = self.until_answered(lambda: self("POST", "/api/v1/uploads/", Upload_Length=size))

        def go_on() -> tuple[int, Any, Any]:
            offset = self.offset(begun["url"])
            if offset == len(content):
                return self("GET", begun["url"])
            end = len(content) // 2 if offset < len(content) // 2 else len(content)
            return self("PATCH", begun["url"], content[offset:end], **part_headers(offset))

        while True:
            made, _ = self.until_answered(go_on)
            if made:
                return str(made["id"])

    def send(self, text: str, *keys: str) -> None:
        message = {"to": {"user": "alice"}, "msg": text, "attachments": keys, "clientMsgId": text}
        body = json.dumps(message)
        self.until_answered(lambda: self("POST", "/api/v1/messages/", body, Content_Type="application/json"))


@pytest.mark.slow
def test_a_killed_server_loses_and_repeats_nothing(site_factory: SiteFactory) -> None:
    with site_factory(DJANGO_SETTINGS_MODULE="tests.support.kill_points") as site:
        caller = StubbornCaller(site)
        mark = site.data / MARK
        for step in range(1, _MAX_STEPS):
            mark.write_text(str(step))
            whole = caller.upload_whole(f"whole {step}".encode())
            parts = caller.upload_in_parts(f"parts {step}".encode())
            caller.send(f"message {step}", whole, parts)
            if mark.exists():
                break
        assert 10 < step < _MAX_STEPS, "the server was killed after each step, and at last not any more"

        mark.unlink()
        site.options["IM_UPLOAD_HOURS"] = "0"
        assert "0 attachments without a file" in site.manage("attachments")
        printed = site.manage("shell", "--no-imports", "-c", _STORED).strip().splitlines()
        messages, unsent = json.loads(printed[-2]), json.loads(printed[-1])
        assert [text for text, _, _ in messages] == [f"message {number}" for number in range(1, step + 1)]
        for text, urls, ready in messages:
            contents = [caller("GET", url)[1].decode() for url in urls]
            number = text.removeprefix("message ")
            assert (contents, ready) == ([f"whole {number}", f"parts {number}"], 2)
        stored = [path for path in (site.data / "attachments").glob("??/??/*") if path.is_file()]
        assert not unsent and len(stored) == 2 * step
        assert not list((site.data / "attachments" / "parts").rglob("*"))
