"""A client that stops reading a file is cut off, wherever in the response it stops."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.conf import Settings
from django.core.files.base import ContentFile

from chat.attachments import storage
from imsite.server.files import ABORT, Files
from tests.support.waiting import TIMEOUT_SECONDS


@pytest.mark.parametrize("taken", [0, 1, 2], ids=["not even the headers", "the headers", "all but the end"])
async def test_a_reader_who_takes_no_more_is_cut(settings: Settings, taken: int) -> None:
    settings.IM_UPLOAD_SECONDS_WITHOUT_PROGRESS = 0.01  # type: ignore[attr-defined]
    name = storage.new_name()
    storage.save(name, ContentFile(b"0123456789"))
    cut = asyncio.Event()
    sent: list[Any] = []

    async def view(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"Content-Length", b"10"), (b"X-Imsite-File", f"{name} 0 10".encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    async def receive() -> Any:
        await cut.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if len(sent) == taken:
            await asyncio.Event().wait()
        sent.append(message)

    scope = {"path": "/files/key/name", "method": "GET", "extensions": {ABORT: cut.set}}
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await Files(view)(scope, receive, send)
    assert cut.is_set() and len(sent) == taken
