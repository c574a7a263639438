"""Logs refusals of requests and connections, so that an operator sees what came and which setting would allow it."""

from __future__ import annotations

import logging

logger = logging.getLogger(__name__)

_MAX_LENGTH = 200


def log_refusal(event: str, *, allowed: str, setting: str = "", came: str = "") -> None:
    """Log what came, what would have been allowed, and the setting that decides, if there is one.

    The same refusal again is thinned out (`delivery.log_throttle`). `came` may be text of the client, but no secret:
    never a cookie, a token or a URL with a query.
    """
    facts = {"came": _one_line(came), "allowed": _one_line(allowed), "setting": setting}
    logger.warning(event, extra={name: text for name, text in facts.items() if text})


def _one_line(text: str) -> str:
    """Return the beginning of the text, without control characters, which could forge lines or colour a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_MAX_LENGTH])
