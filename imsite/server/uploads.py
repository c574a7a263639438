"""Receives uploads on the event loop, before Django, which would store the whole body and hold a request slot.

A slow client holds a connection and up to PIECE_BYTES of memory; no thread, no database connection. Disk and database
are waited for in threads, piece by piece. `imsite.server.http` cuts an upload that makes no progress.
"""

from __future__ import annotations

import logging
from io import BytesIO
from typing import Any

from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest

from chat.api.common.fast_path import Answer
from chat.api.common.throttles import Allowance, throttles
from chat.api.v1 import problems
from chat.api.v1.attachments import upload_file
from chat.api.v1.body_receivers import BodyReceiver
from chat.api.v1.endpoint import encode, response_headers
from chat.api.v1.streamed_call import StreamedCall
from chat.api.v1.uploads import EXPOSED, append_to_upload
from chat.api.v1.widget_uploads import widget_upload
from delivery.db.executors import run, run_file, run_processing
from delivery.event_loop import is_on_loop
from delivery.log_throttle import log_recovery
from imsite.server.fast_path import Application, Receive, Scope, Send
from imsite.server.middleware_headers import complete_headers

CALLS: tuple[StreamedCall, ...] = (upload_file, append_to_upload, widget_upload)
PIECE_BYTES = 262_144
"""Bytes that are gathered for one write."""
_logger = logging.getLogger(__name__)


class ClientGone(Exception):
    """The client has disconnected before its body was complete."""


def find_call(method: str, path: str) -> tuple[StreamedCall, dict[str, str]] | None:
    """Return the streamed call that a request is for, and the parameters of its path; None for other requests."""
    for call in CALLS:
        if (parameters := call.parameters(method, path)) is not None:
            return call, parameters
    return None


class Uploads:
    """ASGI application that answers the calls of CALLS, and passes all other requests to `rest`.

    Without a running node, all requests go to `rest`.
    """

    def __init__(self, rest: Application) -> None:
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = find_call(scope["method"], scope["path"])
        if found is None or not is_on_loop():
            await self._rest(scope, receive, send)
            return
        request = ASGIRequest(scope, BytesIO())
        try:
            request.get_host()
            answer = await _respond(*found, request, receive)
            headers = complete_headers(request, answer)
        except ClientGone:
            return
        except DisallowedHost:
            # Django would read the whole body first.
            answer, headers = Answer(400, {}, b""), [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


async def _respond(call: StreamedCall, parameters: dict[str, str], request: ASGIRequest, receive: Receive) -> Answer:
    """Answer a call. The steps are those of `Endpoint`, in the same order."""
    upload = _Upload(call, parameters, request)
    try:
        await run(upload.begin)
        await upload.receive(receive)
        answer = await run_processing(upload.finish)
        problems.log_success()
        log_recovery(_logger, "upload_failed")
    except ClientGone:
        raise
    except Exception as error:
        body = problems.problem_of_error(error, call=request.path)
        headers = {"Content-Type": problems.MEDIA_TYPE, **problems.problem_headers(body)}
        answer = Answer(body["status"], headers, encode(body))
        if answer.status >= 500:
            _logger.error("upload_failed", extra={"call": request.path, "status": answer.status})
    finally:
        if upload.is_open:
            await _abort(upload)
    answer.headers |= call.headers() | response_headers(request, upload.allowance, call.access.page_headers)
    if "Access-Control-Expose-Headers" in answer.headers:
        answer.headers["Access-Control-Expose-Headers"] += f", {EXPOSED}"
    return answer


async def _abort(upload: _Upload) -> None:
    try:
        await run_file(upload.abort)
    except (MemoryError, RuntimeError) as error:
        # Without memory no further thread starts. One that runs aborts the upload as soon as it is free.
        _logger.warning("upload_abort_delayed", extra={"error": str(error)})


class _Upload:
    """One request: its receiver while it is open. The methods other than `receive` run in threads."""

    def __init__(self, call: StreamedCall, parameters: dict[str, str], request: ASGIRequest) -> None:
        self._call, self._parameters, self._request = call, parameters, request
        self._receiver: BodyReceiver | None = None
        self.allowance: Allowance | None = None

    @property
    def is_open(self) -> bool:
        return self._receiver is not None

    def begin(self) -> None:
        """Authenticate the request, and check its headers."""
        user, credential = self._call.access.authenticate(self._request)
        self.allowance = throttles.requests.draw(credential)
        self.allowance.require()
        self._receiver = self._call.begin(user, self._request, self._parameters)

    async def receive(self, receive: Receive) -> None:
        """Feed the body to the receiver. Raises ClientGone."""
        assert self._receiver is not None
        piece, has_more = bytearray(), True
        while has_more:
            message: dict[str, Any] = await receive()
            if message["type"] == "http.disconnect":
                if piece:
                    await run_file(self._receiver.feed, bytes(piece))
                raise ClientGone
            piece += message.get("body", b"")
            has_more = message.get("more_body", False)
            if piece and (len(piece) >= PIECE_BYTES or not has_more):
                await run_file(self._receiver.feed, bytes(piece))
                piece.clear()

    def finish(self) -> Answer:
        assert self._receiver is not None
        answer = self._receiver.finish()
        self._receiver = None
        return answer

    def abort(self) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.abort()
