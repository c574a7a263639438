"""A write that happens once for a key, however often and wherever it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from django.db import IntegrityError

from chat import errors
from chat.actions.encryption import BrokenSeal, seal, unseal
from chat.errors import ChatError
from delivery import idempotency
from delivery.db.transactions import write
from delivery.idempotency import IdempotencyKey, StoredResponse


def once(
    guard: IdempotencyKey | None, work: Callable[[], dict[str, Any]], *, secret: bool = False
) -> tuple[dict[str, Any], bool]:
    """Do the work, which gives an answer in JSON's types, and say whether it was a repeat that got the first answer.

    The key is claimed in the work's transaction, before its locks. OPERATION_FAILED if it guarded another request; what
    the work raises uses nothing up. An answer that holds a `secret` is kept sealed, for as long as the key. Not for
    sends, which have guards of their own.
    """
    if guard is None:
        return work(), False
    if (known := _known(guard, secret)) is not None:
        return known, True
    try:
        with write():
            idempotency.hold({guard: ""})
            answer = work()
            text = orjson.dumps(answer).decode()
            idempotency.answer(guard, seal(text) if secret else text)
        return answer, False
    except IntegrityError:
        # The same request was faster elsewhere; or the work itself failed, and fails again.
        if (known := _known(guard, secret)) is not None:
            return known, True
        raise


def require_same(guard: IdempotencyKey, held: StoredResponse) -> None:
    """OPERATION_FAILED if the key guards another request."""
    if held.fingerprint != guard.fingerprint:
        raise _used()


def _known(guard: IdempotencyKey, secret: bool) -> dict[str, Any] | None:
    held = idempotency.held([guard.claim]).get(guard.claim)
    if held is None:
        return None
    require_same(guard, held)
    try:
        answer: dict[str, Any] = orjson.loads(unseal(held.answer) if secret else held.answer)
    except BrokenSeal:
        raise ChatError(errors.OPERATION_FAILED, "This was done, and its answer cannot be told again.") from None
    return answer


def claim_requests(guards: Iterable[IdempotencyKey]) -> dict[IdempotencyKey, ChatError]:
    """Claim the guards of whole requests that do several things; those that were used for another request.

    Each of the things is guarded once more in the transaction that stores it, so that a retry goes on where an earlier
    attempt ended.
    """
    wanted = list(guards)
    first = {guard.claim: guard for guard in reversed(wanted)}
    if not first:
        return {}
    for attempt in range(2):
        try:
            with write():
                held = idempotency.held(list(first))
                idempotency.hold({guard: "" for claim, guard in first.items() if claim not in held})
            break
        except IntegrityError:
            # Somebody claimed one of them between our look and our insert: the second look finds it.
            if attempt:
                raise
    prints = {claim: held[claim].fingerprint if claim in held else guard.fingerprint for claim, guard in first.items()}
    return {guard: _used() for guard in wanted if prints[guard.claim] != guard.fingerprint}


def _used() -> ChatError:
    return ChatError(errors.OPERATION_FAILED, "This Idempotency-Key was used for another request.")
