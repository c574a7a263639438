"""The client for programs without an event loop. It cannot listen for pushes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from imsite.client import calls
from imsite.client.client import RETRY_SECONDS, TIMEOUT_SECONDS, auth_headers
from imsite.client.errors import Refused
from imsite.client.types import OutgoingMessage, Recipient, SendResult, new_idempotency_key

ADDRESS_TIMEOUT_SECONDS = 5.0
"""Seconds to connect to one address of the site's host."""


class SyncClient:
    """The HTTP calls of `Client`, without asyncio."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        timeout: float = TIMEOUT_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._retry_seconds = retry_seconds
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers=auth_headers(token),
            # The addresses of a host are tried one after the other.
            timeout=httpx.Timeout(timeout, connect=min(timeout, ADDRESS_TIMEOUT_SECONDS)),
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(
        self,
        text: str,
        *,
        to: Recipient,
        idempotency_key: str | None = None,
        as_user: str | None = None,
        transient: bool = False,
    ) -> list[SendResult]:
        """See `Client.send`."""
        message = OutgoingMessage(text, to, idempotency_key or new_idempotency_key(), as_user, transient)
        return calls.send_results(self._request(calls.send_call(message)))

    def send_many(self, messages: Sequence[OutgoingMessage]) -> list[list[SendResult] | Refused]:
        """See `Client.send_many`."""
        return calls.send_many_results(self._request(calls.send_many_call(messages)))

    def online(self, names: Iterable[str], *, app: int | None = None) -> dict[str, bool]:
        """See `Client.online`."""
        online: dict[str, bool] = self._request(calls.presence_call(names, app))["online"]
        return online

    def is_online(self, name: str, *, app: int | None = None) -> bool:
        """See `Client.is_online`."""
        return self.online([name], app=app).get(name, False)

    def status(self, id: str) -> dict[str, Any]:
        """See `Client.status`."""
        status: dict[str, Any] = self._request(calls.status_call(id))
        return status

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """See `Client.call`."""
        return self._request(
            calls.generic_call(method, path, json=json, params=params, idempotency_key=idempotency_key)
        )

    def _request(self, call: calls.Call) -> Any:
        policy = calls.RetryPolicy(call, self._retry_seconds)
        while True:
            try:
                response = self._http.request(**call.arguments())
            except httpx.TransportError as error:
                pause: float | None = policy.after_error(error)
            else:
                pause = policy.after_response(response)
                if pause is None:
                    return calls.result(response)
            time.sleep(pause or 0.0)
