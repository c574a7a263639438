"""Runs an action once for an idempotency key, however often and on whichever node it is requested."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from django.db import IntegrityError

from accounts.encryption import DecryptionError, decrypt, encrypt
from chat import reasons
from chat.errors import ChatError
from delivery import idempotency
from delivery.db.transactions import write
from delivery.idempotency import IdempotencyKey, StoredResponse


def run_once(
    key: IdempotencyKey | None, work: Callable[[], dict[str, Any]], *, secret: bool = False
) -> tuple[dict[str, Any], bool]:
    """Return the response of `work`, and False; for a repeated key the stored response, and True.

    `work` returns a response of JSON types. It runs in the transaction that claims the key, and takes its locks after
    that. An exception from `work` leaves the key unclaimed. A response with a `secret` is stored encrypted. Without a
    key the work is always done. Raises ChatError OPERATION_FAILED if the key was used for another request.

    Not for messages: a draft carries its key.
    """
    if key is None:
        return work(), False
    if (first := _find_response(key, secret)) is not None:
        return first, True
    try:
        with write():
            idempotency.claim_with_responses({key: ""})
            response = work()
            text = orjson.dumps(response).decode()
            idempotency.store_response(key, encrypt(text) if secret else text)
        return response, False
    except IntegrityError:
        # Either the same request was faster elsewhere, or the work has failed by itself.
        if (first := _find_response(key, secret)) is not None:
            return first, True
        raise


def _find_response(key: IdempotencyKey, secret: bool) -> dict[str, Any] | None:
    stored = idempotency.find([key.scoped_key]).get(key.scoped_key)
    if stored is None:
        return None
    require_same_request(key, stored)
    try:
        response: dict[str, Any] = orjson.loads(decrypt(stored.text) if secret else stored.text)
    except DecryptionError:
        raise ChatError(reasons.RESPONSE_LOST) from None
    return response


def require_same_request(key: IdempotencyKey, stored: StoredResponse) -> None:
    """Raise OPERATION_FAILED if the key was used for another request."""
    if stored.fingerprint != key.fingerprint:
        raise _key_reused()


def claim_requests(keys: Iterable[IdempotencyKey]) -> dict[IdempotencyKey, ChatError]:
    """Claim the keys of bulk requests, which consist of several items; return an error for each key of another request.

    Each of the things has a key of its own (`IdempotencyKey.item`), claimed in the transaction that stores it, so that
    a retry goes on where an earlier attempt ended.
    """
    requested = list(keys)
    first = {key.scoped_key: key for key in reversed(requested)}
    if not first:
        return {}
    for attempt in range(2):
        try:
            with write():
                stored = idempotency.find(list(first))
                unclaimed = [key for scoped_key, key in first.items() if scoped_key not in stored]
                idempotency.claim_with_responses(dict.fromkeys(unclaimed, ""))
            break
        except IntegrityError:
            # Another transaction claimed one of the keys after the read. The second read finds it.
            if attempt:
                raise
    fingerprints = {
        scoped_key: stored[scoped_key].fingerprint if scoped_key in stored else key.fingerprint
        for scoped_key, key in first.items()
    }
    return {key: _key_reused() for key in requested if fingerprints[key.scoped_key] != key.fingerprint}


def _key_reused() -> ChatError:
    return ChatError(reasons.IDEMPOTENCY_KEY_REUSED)
