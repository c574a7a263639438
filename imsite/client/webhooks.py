"""Verifies received webhooks and returns their events.

Example, with any web framework:

    try:
        events = webhooks.events(secret, request.headers, request.body)
    except webhooks.InvalidSignature:
        return 400
    for event in events:
        # The site repeats a request whose response it did not receive, so skip events you have already handled.
        if event["position"] > last_position or event.get("late"):
            ...
    return 204

If you refuse an event permanently while you accept others, the site sets it aside and sends it again for some days,
marked `late`.

To verify a request in another language: `Imsite-Signature` is `v1=` followed by the hexadecimal HMAC-SHA256 of
`Imsite-Timestamp`, a dot and the raw body, keyed with the secret. Refuse timestamps (Unix seconds) that are more than
five minutes off.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from .errors import ClientError

TOLERANCE_SECONDS = 300.0
"""Greatest age of a request, including clock differences. An older request may be a replay."""


class InvalidSignature(ClientError):
    """The request was not signed with this secret, or is too old."""


def events(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> list[dict[str, Any]]:
    """Return the events of a request in order, each `{"event", "position", "time", "data"}`.

    Raises InvalidSignature.
    """
    lowercase = {name.lower(): value for name, value in headers.items()}
    timestamp, signature = lowercase.get("imsite-timestamp", ""), lowercase.get("imsite-signature", "")
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature.encode(), f"v1={expected}".encode()):
        raise InvalidSignature("The signature does not match this secret.")
    # The timestamp is signed, so it is a number.
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance_seconds:
        raise InvalidSignature("The request is too old, or a clock is wrong.")
    received: list[dict[str, Any]] = json.loads(body)["events"]
    return received
