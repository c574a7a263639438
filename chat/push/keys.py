"""The site's VAPID key (RFC 8292), by which push services know the site, and signed headers."""

from __future__ import annotations

import base64
import time
from functools import cache
from typing import TYPE_CHECKING

import httpx
from django.conf import settings

from chat.models import PushState
from delivery import log
from delivery.db.transactions import write

if TYPE_CHECKING:
    from py_vapid import Vapid02

STATE_ID = 1
_TOKEN_SECONDS = 12 * 3600
"""Seconds for which a signed header is valid; push services accept up to 24 hours."""
_RENEWAL_SECONDS = 3600
"""A header is signed anew, at the latest, when it is valid for this time only."""
_MAX_HEADERS = 100

_headers: dict[tuple[str, str, str], tuple[float, str]] = {}
"""The headers that this process has signed and when each expires, by private key, contact and origin."""
_stored_key = ""


def push_state_ensure() -> None:
    """Make the site's key, and the position from which on it notifies, unless they exist."""
    if not PushState.objects.filter(pk=STATE_ID).exists():
        with write():
            PushState.objects.bulk_create(
                [PushState(pk=STATE_ID, private_key=_generate(), position=log.head())], ignore_conflicts=True
            )


def private_key() -> str:
    """Return the private key in base64url; empty before `push_state_ensure`."""
    global _stored_key
    if settings.IM_PUSH_PRIVATE_KEY:
        return str(settings.IM_PUSH_PRIVATE_KEY)
    if not _stored_key:
        _stored_key = PushState.objects.filter(pk=STATE_ID).values_list("private_key", flat=True).first() or ""
    return _stored_key


def public_key() -> str:
    """Return the public key that browsers subscribe with, in base64url; empty before `push_state_ensure`."""
    key = private_key()
    return _public_key(key) if key else ""


def authorization(endpoint: str) -> str:
    """Return the header `Authorization` of a request to this endpoint."""
    url = httpx.URL(endpoint)
    origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
    place = (private_key(), contact(), origin)
    now = time.time()
    expires, header = _headers.get(place, (0.0, ""))
    if expires - now < _RENEWAL_SECONDS:
        expires = now + _TOKEN_SECONDS
        claims = {"aud": origin, "sub": contact(), "exp": int(expires)}
        header = str(_signer(place[0]).sign(claims)["Authorization"])
        if len(_headers) >= _MAX_HEADERS:
            _headers.clear()
        _headers[place] = (expires, header)
    return header


def contact() -> str:
    """Return the address at which push services reach the operator."""
    return str(settings.IM_PUSH_CONTACT) or f"mailto:{settings.DEFAULT_FROM_EMAIL.rpartition('<')[2].rstrip('>')}"


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Return the bytes. Raise ValueError for other text."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)


def _generate() -> str:
    # Only sites that send notifications need these libraries.
    from cryptography.hazmat.primitives.asymmetric import ec

    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64url(number.to_bytes(32, "big"))


@cache
def _signer(key: str) -> Vapid02:
    from py_vapid import Vapid02

    return Vapid02.from_raw(key.encode())


@cache
def _public_key(key: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = _signer(key).public_key
    return base64url(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
