"""Signatures of webhook requests, with which a receiver verifies their origin and age."""

from __future__ import annotations

import hashlib
import hmac

TIMESTAMP, SIGNATURE = "Imsite-Timestamp", "Imsite-Signature"
"""Headers: Unix seconds, and `v1=<hex>`."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return `v1=` and the HMAC-SHA256, by the webhook's secret, of timestamp, a dot and the raw body."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def headers(secret: str, body: bytes, now: float) -> dict[str, str]:
    """Return the timestamp and signature headers of a request with this body, sent at `now` (Unix seconds)."""
    timestamp = str(int(now))
    return {TIMESTAMP: timestamp, SIGNATURE: sign(secret, timestamp, body)}
