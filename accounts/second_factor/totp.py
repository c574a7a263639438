"""Time-based codes of authenticator apps (RFC 6238): six digits, a new code every 30 seconds. Pure."""

from __future__ import annotations

import re

from django.utils.crypto import constant_time_compare

STEP_SECONDS = 30
_ACCEPTED_STEPS = (0, -1, 1)
"""Steps around the present one whose codes are accepted, for clocks that differ."""
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def new_secret() -> str:
    """Return a random secret of 160 bits in base32."""
    import pyotp

    return pyotp.random_base32()


def provisioning_uri(secret: str, *, username: str, site: str) -> str:
    """Return the URI that an authenticator app reads from a QR code. The app lists the account by user and site."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=site)


def accepted_step(secret: str, code: str, *, at: float, after: int = 0) -> int | None:
    """Return the time step that the code belongs to; None for a wrong code.

    `at` is the time in Unix seconds. Steps up to `after` have been used, so their codes are wrong.
    """
    import pyotp

    digits = "".join(code.split())
    if not _CODE.fullmatch(digits):
        return None
    totp, present = pyotp.TOTP(secret), int(at // STEP_SECONDS)
    for step in (present + offset for offset in _ACCEPTED_STEPS):
        if step > after and constant_time_compare(totp.generate_otp(step), digits):
            return step
    return None
