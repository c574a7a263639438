"""A write that happens once for a key, however often and wherever it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from django.db import IntegrityError

from chat import errors
from chat.errors import ChatError
from delivery import keys
from delivery.keys import Guard, Held
from delivery.transactions import write


def once(guard: Guard | None, work: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """Do the work, which gives an answer in JSON's types, and say whether it was a repeat that got the first answer.

    The key is claimed in the work's transaction, before its locks. OPERATION_FAILED if it guarded another request; what
    the work raises uses nothing up. Not for sends, which have guards of their own.
    """
    if guard is None:
        return work(), False
    if (known := _known(guard)) is not None:
        return known, True
    try:
        with write():
            keys.hold({guard: ""})
            answer = work()
            keys.answer(guard, orjson.dumps(answer).decode())
        return answer, False
    except IntegrityError:
        # The same request was faster elsewhere; or the work itself failed, and fails again.
        if (known := _known(guard)) is not None:
            return known, True
        raise


def require_same(guard: Guard, held: Held) -> None:
    """OPERATION_FAILED if the key guards another request."""
    if held.fingerprint != guard.fingerprint:
        raise ChatError(errors.OPERATION_FAILED, "This Idempotency-Key was used for another request.")


def _known(guard: Guard) -> dict[str, Any] | None:
    held = keys.held([guard.claim]).get(guard.claim)
    if held is None:
        return None
    require_same(guard, held)
    answer: dict[str, Any] = orjson.loads(held.answer)
    return answer
