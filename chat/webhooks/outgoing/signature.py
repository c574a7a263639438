"""How a receiver knows that a request is from this site, and not an old one sent again."""

from __future__ import annotations

import hashlib
import hmac

TIMESTAMP, SIGNATURE = "Imsite-Timestamp", "Imsite-Signature"
"""Headers: Unix seconds, and `v1=<hex>`."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256, by the hook's secret, of timestamp, a dot, and the body as it was sent."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def headers(secret: str, body: bytes, now: float) -> dict[str, str]:
    """What a request carries besides its body."""
    timestamp = str(int(now))
    return {TIMESTAMP: timestamp, SIGNATURE: sign(secret, timestamp, body)}
