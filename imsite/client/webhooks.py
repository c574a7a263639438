"""For who receives webhooks: whether a request is from the site, and what it tells.

Example, whatever the web framework:

    try:
        events = webhooks.events(secret, request.headers, request.body)
    except webhooks.Forged:
        return 400
    for event in events:
        if event["position"] > last or event.get("late"):  # What came before comes again when an answer was lost.
            ...
    return 204

An event that is refused for good while others are taken is put aside, and comes again, `late`, for some days.

Elsewhere than in Python: `Imsite-Signature` is `v1=` and the hexadecimal HMAC-SHA256, by the secret, of
`Imsite-Timestamp`, a dot, and the body as it came. Refuse a timestamp (Unix seconds) more than five minutes off.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from imsite.client.errors import ClientError

TOLERANCE = 300.0
"""Seconds by which clocks, and the way here, may differ; beyond that a request is an old one sent again."""


class Forged(ClientError):
    """The request was not made with this secret, or not now."""


def events(
    secret: str, headers: Mapping[str, str], body: bytes, *, tolerance: float = TOLERANCE, now: float | None = None
) -> list[dict[str, Any]]:
    """The events of a request: `{"event", "position", "time", "data"}`, in order. Raises Forged."""
    given = {name.lower(): value for name, value in headers.items()}
    timestamp, signature = given.get("imsite-timestamp", ""), given.get("imsite-signature", "")
    made = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature.encode(), f"v1={made}".encode()):
        raise Forged("The signature is not that of this secret.")
    # Signed, so it is a number.
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise Forged("The request is an old one, or a clock is wrong.")
    told: list[dict[str, Any]] = json.loads(body)["events"]
    return told
