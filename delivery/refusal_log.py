"""Logs refused requests and connections, with the received value and the setting that would allow it."""

from __future__ import annotations

import logging

logger = logging.getLogger(__name__)

_MAX_LENGTH = 200


def log_refusal(event: str, *, allowed: str, setting: str = "", received: str = "") -> None:
    """Log the refused value, the allowed values, and the setting that decides, if there is one.

    A repeated refusal is logged at growing intervals (`delivery.log_throttle`). `received` may be text of the client,
    but no secret: never a cookie, a token or a URL with a query.
    """
    facts = {"received": _one_line(received), "allowed": _one_line(allowed), "setting": setting}
    logger.warning(event, extra={name: text for name, text in facts.items() if text})


def _one_line(text: str) -> str:
    """Return the beginning of the text, without control characters, which could forge lines or colour a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_MAX_LENGTH])
