"""Credential strings: digests that name the session or token a connection was opened with.

A revocation names a credential to close its connections. A credential cannot be turned back into a session or token.
"""

from __future__ import annotations

import hashlib

from knox.crypto import hash_token

EARLIER_CREDENTIALS = "earlier_credentials"
"""Session key that lists credentials from before the session key was renewed. Their connections may still be open."""

CREDENTIAL_DIGEST_LENGTH = 32
"""Characters of a digest that a credential keeps."""


def session_credential(session_key: str) -> str:
    """Return the credential of a browser session."""
    return "session:" + hashlib.sha256(session_key.encode()).hexdigest()[:CREDENTIAL_DIGEST_LENGTH]


def service_credential(service_id: int) -> str:
    """Return the credential of what a service has signed for its users."""
    return f"service:{service_id}"


def service_of_credential(credential: str) -> int | None:
    """Return the id of the service whose credential this is; None for those of sessions and tokens."""
    kind, _, service_id = credential.partition(":")
    return int(service_id) if kind == "service" else None


def token_digest(token: str) -> str:
    """Return the digest under which a token is stored. Accepts any text, even with lone surrogates."""
    return str(hash_token(token.encode("utf-8", "replace").decode()))


def token_credential(digest: str) -> str:
    """Return the credential of a token from its stored digest."""
    return "token:" + digest[:CREDENTIAL_DIGEST_LENGTH]
