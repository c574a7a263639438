"""Exceptions that the client raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

SERVER_ERROR = 1004
NO_DATA = 1005
TRANSIENT_CODES = frozenset({SERVER_ERROR, 1006, 1007, 1008, 1011})
"""Error codes after which the same request may succeed: a fault of the site, or a rate limit."""


class ClientError(Exception):
    """Base of all exceptions of the client."""


class Refused(ClientError):
    """The site refused the request.

    `reason` is the key of the error, such as `muted`, and empty if the site gave none; the site's protocol page lists
    all. `code` is its class, `text` a sentence for users, `data` the details, `status` the HTTP status.
    """

    def __init__(
        self,
        code: int,
        text: str,
        data: Mapping[str, Any] | None = None,
        *,
        reason: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(f"{reason or code}: {text}")
        self.reason = reason
        self.code = code
        self.text = text
        self.data: Mapping[str, Any] = data or {}
        self.status = status

    @classmethod
    def from_problem(cls, body: Any, status: int) -> Self:
        """Build the error from problem details (RFC 9457)."""
        problem = body if isinstance(body, dict) else {}
        text = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
        reason = str(problem.get("reason") or "")
        return cls(int(problem.get("code") or SERVER_ERROR), text, problem, reason=reason, status=status)

    @property
    def is_transient(self) -> bool:
        """Return whether the same request may succeed later. Errors about a fixed limit are permanent."""
        return self.code in TRANSIENT_CODES and "limit" not in self.data

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before a retry, if the site has sent them."""
        value = self.data.get("retryAfter")
        return float(value) if isinstance(value, int | float) and value >= 0 else None


class Unreachable(ClientError):
    """The site did not answer, or did not answer as expected. The outcome of a call that changes data is unknown."""


class Disconnected(ClientError):
    """The connection was lost before the reply arrived. The request may or may not have been carried out."""


class Closed(ClientError):
    """The connection is closed for good: signed out, right revoked, too many connections, or closed by the program."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(reason or f"closed with {code}")
        self.code = code
        self.reason = reason
