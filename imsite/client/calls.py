"""HTTP calls of `/api/v1/` as values, their results, and retries. Pure: no socket, no clock.

`Client` and `SyncClient` are thin loops over this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from .backoff import ExponentialBackoff, parse_retry_after
from .errors import Refused, Unreachable
from .types import Attachment, OutgoingMessage, Recipient, SendResult, milliseconds

API_PREFIX = "/api/v1/"
TOO_MANY_REQUESTS = 429
LOCKED = 423
GATEWAY_AND_SERVER_ERRORS = frozenset({500, 502, 503, 504})
REPEATED_STATUSES = GATEWAY_AND_SERVER_ERRORS | {LOCKED}
"""Statuses after which an idempotent call is repeated."""
SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call. `is_idempotent` is True if repeating it is safe."""

    method: str
    path: str
    is_idempotent: bool
    json: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    """The body, if it is not JSON."""
    timeout: float | None = None
    """Seconds; None: the client's."""
    prefix: str = API_PREFIX

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `httpx.Client.request`."""
        arguments: dict[str, Any] = {
            "method": self.method,
            "url": self.prefix + self.path.lstrip("/"),
            "params": dict(self.params),
            "headers": dict(self.headers),
        }
        arguments |= {"json": self.json} if self.content is None else {"content": self.content}
        return arguments if self.timeout is None else arguments | {"timeout": self.timeout}


def generic_call(
    method: str, path: str, *, json: Any, params: Mapping[str, Any] | None, idempotency_key: str | None
) -> Call:
    """Return any call below the prefix. It is idempotent if it only reads or has an idempotency key."""
    headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    method = method.upper()
    return Call(method, path, method in SAFE_METHODS or idempotency_key is not None, json, params or {}, headers)


def send_call(message: OutgoingMessage) -> Call:
    """Return the call that sends one message."""
    headers = {"Idempotency-Key": message.idempotency_key}
    return Call("POST", "messages/", True, message.to_json(), headers=headers)


def send_many_call(messages: Sequence[OutgoingMessage]) -> Call:
    """Return the call that sends many messages. It is idempotent because each message has a key of its own."""
    return Call("POST", "messages/bulk/", True, {"messages": [message.to_json() for message in messages]})


def presence_call(names: Iterable[str], app: int | None) -> Call:
    """Return the call that reads whether users are online."""
    body: dict[str, Any] = {"users": list(names)}
    return Call("POST", "presence/query/", True, body if app is None else body | {"app": app})


def status_call(id: str) -> Call:
    """Return the call that reads the delivery status of a message."""
    return Call("GET", f"messages/{int(id)}/status/", True)


def reaction_call(method: str, id: str, emoji: str, as_user: str | None) -> Call:
    """Return the call that adds (PUT) or removes (DELETE) a reaction."""
    params = {} if as_user is None else {"as": as_user}
    return Call(method, f"messages/{int(id)}/reactions/{quote(emoji, safe='')}/", True, params=params)


def schedule_call(message: OutgoingMessage, at: datetime) -> Call:
    """Return the call that schedules a message with one destination."""
    body = {name: value for name, value in message.to_json().items() if name != "type"} | {"at": milliseconds(at)}
    return Call("POST", "scheduled/", True, body, headers={"Idempotency-Key": message.idempotency_key})


def list_call(path: str, limit: int, cursor: str | None, **params: Any) -> Call:
    """Return the call that reads a page of a list. Parameters that are None are left out."""
    given = {**params, "limit": limit, "cursor": cursor}
    return Call("GET", path, True, params={name: value for name, value in given.items() if value is not None})


def scheduled_call(limit: int, cursor: str | None) -> Call:
    """Return the call that lists scheduled messages."""
    return list_call("scheduled/", limit, cursor)


def cancel_scheduled_call(id: str) -> Call:
    """Return the call that cancels a scheduled message."""
    return Call("DELETE", f"scheduled/{int(id)}/", False)


def edit_scheduled_call(id: str, text: str | None, at: datetime | None) -> Call:
    """Return the call that changes a scheduled message."""
    given = {"msg": text, "at": None if at is None else milliseconds(at)}
    changes = {name: value for name, value in given.items() if value is not None}
    return Call("PATCH", f"scheduled/{int(id)}/", True, changes)


def send_scheduled_call(id: str) -> Call:
    """Return the call that sends a scheduled message now."""
    return Call("POST", f"scheduled/{int(id)}/send/", False)


def message_call(id: str) -> Call:
    """Return the call that reads a message."""
    return Call("GET", f"messages/{int(id)}/", True)


def history_call(channel: str, before: int | None, after: int | None, limit: int, cursor: str | None) -> Call:
    """Return the call that reads a page of a channel."""
    return list_call(f"channels/{int(channel)}/messages/", limit, cursor, before=before, after=after)


def search_call(question: str, channel: str | None, limit: int, cursor: str | None) -> Call:
    """Return the call that searches messages."""
    return list_call("search/messages/", limit, cursor, q=question, channel=channel)


def edit_call(id: str, text: str, as_user: str | None) -> Call:
    """Return the call that edits a message."""
    body = {"msg": text} if as_user is None else {"msg": text, "as": as_user}
    return Call("PATCH", f"messages/{int(id)}/", True, body)


def remove_call(id: str, part: str, as_user: str | None) -> Call:
    """Return the call that recalls a message, or removes a part of it: `file_part` or `preview_part`."""
    params = {} if as_user is None else {"as": as_user}
    return Call("DELETE", f"messages/{int(id)}/{part}", True, params=params)


def file_part(file: Attachment | str) -> str:
    """Return the path of a file, or of the one with this id, below its message."""
    return f"attachments/{quote(file.id if isinstance(file, Attachment) else file, safe='')}/"


def preview_part(preview: str) -> str:
    """Return the path of a link preview below its message."""
    return f"previews/{quote(preview, safe='')}/"


def save_call(method: str, id: str) -> Call:
    """Return the call that saves a message for later (PUT), or removes it from the saved ones (DELETE)."""
    return Call(method, f"messages/{int(id)}/saved/", True)


def saved_call(limit: int, cursor: str | None) -> Call:
    """Return the call that lists saved messages."""
    return list_call("saved/", limit, cursor)


def forward_call(id: str, to: Recipient, files: Iterable[Attachment], key: str, as_user: str | None) -> Call:
    """Return the call that forwards a message, or only these files of it."""
    body: dict[str, Any] = {"to": dict(to.body), "attachments": [file.id for file in files], "clientMsgId": key}
    body |= {} if as_user is None else {"as": as_user}
    return Call("POST", f"messages/{int(id)}/forward/", True, body, headers={"Idempotency-Key": key})


def send_results(body: Any) -> list[SendResult]:
    """Return the results of one message, one for each destination."""
    return [SendResult.from_json(item) for item in body["messages"]]


def send_many_results(body: Any) -> list[list[SendResult] | Refused]:
    """Return the results of many messages in their order."""
    return [
        Refused.from_problem(item["problem"], item["status"]) if "problem" in item else send_results(item)
        for item in body["results"]
    ]


class RetryPolicy:
    """Decides after each attempt of one call whether to retry and how long to pause."""

    def __init__(self, call: Call, retry_seconds: float) -> None:
        self._call = call
        self._seconds_left = retry_seconds
        """Seconds of pauses that are left."""
        self._backoff = ExponentialBackoff()

    def after_error(self, error: httpx.TransportError) -> float:
        """Return the pause before the next attempt after a failed one. Raises Unreachable if there is none."""
        # A call that never got a connection cannot have had an effect.
        if self._call.is_idempotent or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            pause = self._next_pause(None)
            if pause is not None:
                return pause
        raise Unreachable(f"{self._call.method} {self._call.path}: {type(error).__name__}") from error

    def after_response(self, response: httpx.Response) -> float | None:
        """Return the pause before the next attempt; None if the response is final, whether or not it is an error."""
        code = response.status_code
        # A 429 is sent before the call has any effect, so every call can be repeated.
        if code == TOO_MANY_REQUESTS or (code in REPEATED_STATUSES and self._call.is_idempotent):
            return self._next_pause(parse_retry_after(response.headers.get("Retry-After")))
        return None

    def _next_pause(self, retry_after: float | None) -> float | None:
        pause = self._backoff.next_pause(retry_after)
        self._seconds_left -= max(pause, retry_after or 0.0)
        return pause if self._seconds_left >= 0 else None


def result(response: httpx.Response) -> Any:
    """Return the response's JSON, None for an empty body.

    Raises Refused for an error of the site, and Unreachable for a response that does not come from imsite.
    """
    if response.status_code == 204:
        return None
    try:
        body = response.json()
    except ValueError:
        raise Unreachable(f"HTTP {response.status_code} without JSON") from None
    if response.is_success:
        return body
    raise Refused.from_problem(body, response.status_code)
