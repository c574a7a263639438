"""Encrypts secrets that the database stores, with a key derived from SECRET_KEY."""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_PURPOSE = b"imsite sealed answer\n"


class DecryptionError(Exception):
    """The text was encrypted with another key."""


def encrypt(text: str) -> str:
    return _keys(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).encrypt(text.encode()).decode()


def decrypt(sealed: str) -> str:
    """Decrypt a text, with the current key or one of SECRET_KEY_FALLBACKS. Raise DecryptionError if none fits."""
    from cryptography.fernet import InvalidToken

    try:
        return _keys(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise DecryptionError from None


@cache
def _keys(*secrets: str) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet  # Most processes never need it.

    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(sha256(_PURPOSE + secret.encode()).digest())) for secret in secrets]
    )
