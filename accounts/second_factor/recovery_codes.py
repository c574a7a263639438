"""Recovery codes: random codes of 80 bits, stored as digests. Pure.

Guessing a code from its digest takes as long as guessing a key, so the digest need not be slow.
"""

from __future__ import annotations

import hashlib
import secrets

COUNT = 10
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 letters and digits, without those that look alike."""
_GROUPS, _GROUP_LENGTH = 4, 4


def new_codes() -> list[str]:
    """Return new codes, such as `h3kd-x9wq-ma5t-c2zn`."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(COUNT)]


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH))


def code_digest(user_id: int, code: str) -> str:
    """Return the digest under which a user's code is stored, whatever its case, hyphens and spaces."""
    letters = "".join(letter for letter in code.lower() if letter in _ALPHABET)
    return hashlib.sha256(f"{user_id}:{letters}".encode()).hexdigest()
