"""Sends files that a view has allowed, on the event loop: a slow reader holds no thread and no request slot."""

from __future__ import annotations

import asyncio
import logging

from django.conf import settings

from chat.attachments import storage
from chat.views.files import SENT_FILE
from delivery.db.executors import run_file
from imsite.server.fast_path import Application, Receive, Scope, Send

logger = logging.getLogger(__name__)

ABORT = "imsite.abort"
"""Extension of the ASGI scope: a function that closes the connection at once. `imsite.server.http` provides it."""
PREFIXES = ("/files/", "/thumbnails/", "/link-previews/", "/widget/files/", "/widget/thumbnails/")
PIECE_BYTES = 262_144
_HEADER = SENT_FILE.lower().encode()


class Files:
    """ASGI application around Django. It adds the content to its responses with the header SENT_FILE."""

    def __init__(self, django: Application) -> None:
        self._django = django

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(PREFIXES):
            await self._django(scope, receive, send)
            return
        ordered: list[tuple[Scope, str]] = []

        async def pass_on(message: Scope) -> None:
            if message["type"] == "http.response.start":
                order = next((value for name, value in message["headers"] if name.lower() == _HEADER), None)
                if order is not None:
                    headers = [header for header in message["headers"] if header[0].lower() != _HEADER]
                    ordered.append((message | {"headers": headers}, order.decode()))
            if not ordered:
                await send(message)

        await self._django(scope, receive, pass_on)
        # Django's thread is free from here on.
        for start, order in ordered:
            name, first, length = order.split(" ")
            length = "0" if scope["method"] == "HEAD" else length
            gone = asyncio.create_task(_wait_for_disconnect(receive))
            try:
                if not await _send_file(start, send, gone, name, int(first), int(length)):
                    # Only so the server ends the response without an error in its log.
                    scope["extensions"][ABORT]()
                    await gone
            finally:
                gone.cancel()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_file(start: Scope, send: Send, gone: asyncio.Task[None], name: str, first: int, length: int) -> bool:
    """Send the headers and this part of the file, until the client is `gone`.

    Return False if the client takes nothing, so that the connection must be closed.
    """
    try:
        file = await run_file(storage.open_range, name, range(first, first + max(1, length)))
    except OSError as error:
        # The row is there, the file is not: `manage.py attachments` reports it. Or the storage does not answer.
        logger.error("attachment_unreadable", extra={"file": name, "error": type(error).__name__})
        is_absent = isinstance(error, FileNotFoundError)
        headers = [(b"content-length", b"0"), *([] if is_absent else [(b"retry-after", b"30")])]
        await send({"type": "http.response.start", "status": 404 if is_absent else 503, "headers": headers})
        await send({"type": "http.response.body"})
        return True
    try:
        await _send_in_time(send, start)
        while length > 0 and not gone.done():
            piece = await run_file(file.read, min(PIECE_BYTES, length))
            if not piece:
                raise OSError("The stored file is too short.")
            length -= len(piece)
            await _send_in_time(send, {"type": "http.response.body", "body": piece, "more_body": True})
        if not gone.done():
            # This waits until the client has taken the last piece.
            await _send_in_time(send, {"type": "http.response.body"})
        return True
    except TimeoutError:
        return False
    except OSError as error:
        logger.error("attachment_unreadable", extra={"file": name, "error": type(error).__name__})
        return False
    finally:
        await run_file(file.close)


async def _send_in_time(send: Send, message: Scope) -> None:
    """Send a message once the client has taken those before it. Raise TimeoutError if it takes nothing for too long."""
    async with asyncio.timeout(settings.IM_UPLOAD_SECONDS_WITHOUT_PROGRESS):
        await send(message)
