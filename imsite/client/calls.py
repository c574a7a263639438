"""The calls of `/api/v1/` as values, and what their answers mean. Pure: no socket, no clock.

Both faces of the client are thin loops over this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from imsite.client.backoff import BackOff, seconds
from imsite.client.errors import Refused, Unreachable
from imsite.client.types import Draft, Sent

API = "/api/v1/"
TOO_MANY_REQUESTS = 429
BEFORE_IT_BEGAN = frozenset({TOO_MANY_REQUESTS})
"""Statuses that say that nothing was done, so that any call may be made again."""
PASSING = frozenset({500, 502, 503, 504})
SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `repeat`: making it twice does what making it once does."""

    method: str
    path: str
    repeat: bool
    json: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """For `httpx.Client.request`."""
        return {
            "method": self.method,
            "url": API + self.path.lstrip("/"),
            "json": self.json,
            "params": dict(self.params),
            "headers": dict(self.headers),
        }


def any_call(method: str, path: str, *, json: Any, params: Mapping[str, Any] | None, key: str | None) -> Call:
    """A call that only its caller understands: repeated if it reads, or has a key that makes it happen once."""
    headers = {} if key is None else {"Idempotency-Key": key}
    method = method.upper()
    return Call(method, path, method in SAFE or key is not None, json, params or {}, headers)


def send(draft: Draft) -> Call:
    return Call("POST", "messages/", True, draft.body(), headers={"Idempotency-Key": draft.key})


def send_many(drafts: Sequence[Draft]) -> Call:
    """Each has a key of its own, so the whole may be made again."""
    return Call("POST", "messages/bulk/", True, {"messages": [draft.body() for draft in drafts]})


def online(names: Iterable[str], app: int | None) -> Call:
    body: dict[str, Any] = {"users": list(names)}
    return Call("POST", "presence/query/", True, body if app is None else body | {"app": app})


def status(id: str) -> Call:
    return Call("GET", f"messages/{int(id)}/status/", True)


def sent(body: Any) -> list[Sent]:
    return [Sent.of(item) for item in body["messages"]]


def sent_many(body: Any) -> list[list[Sent] | Refused]:
    """One result for each draft, in their order."""
    return [
        Refused.of_problem(item["problem"], item["status"]) if "problem" in item else sent(item)
        for item in body["results"]
    ]


class Attempts:
    """One call until it is answered: after each attempt, the answer or the pause before the next."""

    def __init__(self, call: Call, patience: float) -> None:
        self._call = call
        self._left = patience
        """Seconds of pauses that are still worth while."""
        self._pauses = BackOff()

    def after_fault(self, error: httpx.TransportError) -> float:
        """Nobody answered. Raises Unreachable if that is the end of it."""
        # What was never connected to has done nothing.
        if self._call.repeat or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            pause = self._pause(None)
            if pause is not None:
                return pause
        raise Unreachable(f"{self._call.method} {self._call.path}: {type(error).__name__}") from error

    def after(self, response: httpx.Response) -> float | None:
        """The pause before the next attempt; None: this is the answer, good or not."""
        code = response.status_code
        if code in BEFORE_IT_BEGAN or (code in PASSING and self._call.repeat):
            return self._pause(seconds(response.headers.get("Retry-After")))
        return None

    def _pause(self, told: float | None) -> float | None:
        pause = self._pauses.pause(told)
        self._left -= max(pause, told or 0.0)
        return pause if self._left >= 0 else None


def result(response: httpx.Response) -> Any:
    """The answer's JSON, None where it has no body. Raises Refused, or Unreachable for what no imsite says."""
    if response.status_code == 204:
        return None
    try:
        body = response.json()
    except ValueError:
        raise Unreachable(f"HTTP {response.status_code} without JSON") from None
    if response.is_success:
        return body
    raise Refused.of_problem(body, response.status_code)
