"""What can go wrong between a program and the site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

SERVER_ERROR = 1004
PASSING = frozenset({SERVER_ERROR, 1006, 1007, 1008, 1011})
"""Codes after which the same request may succeed: a fault at the site, or too much at once."""


class ClientError(Exception):
    """Any of the below."""


class Refused(ClientError):
    """The site refused the request.

    `reason` is the key of the refusal, such as `muted`, and empty where the site gave none; the site's protocol page
    lists all. `code` is its class, `text` the sentence for users, `data` the facts, `status` that of HTTP.
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
    def of_problem(cls, body: Any, status: int) -> Self:
        """Return the refusal that problem details (RFC 9457) describe."""
        facts = body if isinstance(body, dict) else {}
        text = str(facts.get("detail") or facts.get("title") or f"HTTP {status}")
        reason = str(facts.get("reason") or "")
        return cls(int(facts.get("code") or SERVER_ERROR), text, facts, reason=reason, status=status)

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed later. A fixed limit does not pass."""
        return self.code in PASSING and "limit" not in self.data

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait first, where the site has said so."""
        value = self.data.get("retryAfter")
        return float(value) if isinstance(value, int | float) and value >= 0 else None


class Unreachable(ClientError):
    """The site did not answer, or not with what it should; for a call that changes something the outcome is unknown."""


class Disconnected(ClientError):
    """The connection went away before the answer came: whether the request was carried out is unknown."""


class Closed(ClientError):
    """The site ended the connection for good: signed out, a right taken away, too many connections, or closed here."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(reason or f"closed with {code}")
        self.code = code
        self.reason = reason
