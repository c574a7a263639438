"""Ids of polling connections: secret, and signed, so that only real ones are looked for on other nodes."""

from __future__ import annotations

import secrets
from urllib.parse import quote, unquote

from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "chat.polling.connection_ids"
_SIGNATURE_LENGTH = 22


def create_id(node: str) -> str:
    """Return a new id of a connection to this node. It may be the value of a header."""
    value = f"{secrets.token_urlsafe(24)}.{quote(node, safe='')}"
    return f"{_signature(value)}.{value}"


def node_of(connection_id: str) -> str | None:
    """Return the node of the connection; None if no node of this site has made the id."""
    signature, _, value = connection_id.partition(".")
    if not constant_time_compare(signature, _signature(value)):
        return None
    return unquote(value.partition(".")[2])


def _signature(value: str) -> str:
    return salted_hmac(_SALT, value, algorithm="sha256").hexdigest()[:_SIGNATURE_LENGTH]
