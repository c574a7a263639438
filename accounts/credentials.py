"""How a connection names what it came by, so that it can be closed when that is taken away.

Neither string can be turned back into what it names.
"""

from __future__ import annotations

import hashlib

from knox.crypto import hash_token

EARLIER_CREDENTIALS = "earlier_credentials"
"""Where a session lists the credentials it had before its key was renewed: connections made by them still live."""


CREDENTIAL_DIGEST = 32
"""Characters of a digest that name what it is of."""


def session_credential(session_key: str) -> str:
    """The credential of a browser session."""
    return "session:" + hashlib.sha256(session_key.encode()).hexdigest()[:CREDENTIAL_DIGEST]


def token_digest(token: str) -> str:
    """The form in which a token is stored. Takes any text, lone surrogates too."""
    return str(hash_token(token.encode("utf-8", "replace").decode()))


def token_credential(digest: str) -> str:
    """The credential of a token, by its stored digest."""
    return "token:" + digest[:CREDENTIAL_DIGEST]
