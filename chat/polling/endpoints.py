"""The paths whose connections can poll, and the rule of each for the pages that may call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chat.consumers.base import Consumer
from chat.consumers.handshake import header, scope_origin_allowed, session_key, widget_origin
from chat.consumers.json_consumer import JsonConsumer
from chat.consumers.widget_consumer import WidgetConsumer
from chat.origins import normalize_origin

Scope = dict[str, Any]

UNKNOWN_BROWSER = ""
"""The browser of programs, whose connections are not counted together."""


@dataclass(frozen=True)
class PollingEndpoint:
    """A path of WebSockets, and its polling connections."""

    path: str
    consumer: type[Consumer]
    admits: Callable[[Scope], bool]
    """Returns whether the page or program may call. A refusal is logged."""
    owner_of: Callable[[Scope], str]
    """Returns what all calls of a connection have in common; nobody else can use its id."""
    browser_of: Callable[[Scope], str]
    """Returns what the connections of a browser have in common, or UNKNOWN_BROWSER."""
    is_open_to_other_origins: bool = False
    """Answers have CORS headers for the pages that `admits` allows."""

    @property
    def prefix(self) -> str:
        """The path of the calls, without the action at its end."""
        return f"{self.path}/polling/"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _session_hash(scope: Scope) -> str:
    return _hash(session_key(scope))


def _browser_of_session(scope: Scope) -> str:
    return _session_hash(scope) if session_key(scope) else UNKNOWN_BROWSER


def _page_hash(scope: Scope, *more: str) -> str:
    # No session key contains a semicolon, so no cookie has the same hash.
    return _hash(";".join(("", normalize_origin(header(scope, b"origin") or ""), *more)))


def _browser_of_page(scope: Scope) -> str:
    # A widget has no cookie. Neighbours behind one address are taken for one browser.
    return _page_hash(scope, (scope.get("client") or ("",))[0])


ENDPOINTS = (
    PollingEndpoint("/acc", JsonConsumer, scope_origin_allowed, _session_hash, _browser_of_session),
    PollingEndpoint(
        "/widget",
        WidgetConsumer,
        admits=lambda scope: widget_origin(scope) is not None,
        owner_of=_page_hash,
        browser_of=_browser_of_page,
        is_open_to_other_origins=True,
    ),
)
