"""Which of the messages that want to be stored have been sent before: by their client id, or by the key of a call.

Asked under the locks of the transaction that stores them, so that what is not known then is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import orjson

from chat import errors
from chat.errors import ChatError
from chat.models import Message, MessageKey
from delivery import idempotency
from delivery.idempotency import Claim, IdempotencyKey, StoredResponse


class Sent(Protocol):
    """What makes a message one that was sent before."""

    @property
    def channel(self) -> int: ...
    @property
    def key(self) -> tuple[int, str] | None: ...
    @property
    def claim(self) -> Claim | None: ...
    @property
    def guard(self) -> IdempotencyKey | None: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a draft. `repeated`: an earlier send with the same key, whose result this is.

    `remembered` is what the first of them asked to be remembered along with its guard.
    """

    channel: int
    id: int
    seq: int
    time: int = 0
    position: int = 0
    repeated: bool = False
    remembered: str = ""


Outcome = Stored | Exception
"""What became of a draft, or why it was not stored: a ChatError if it may not be sent, else a fault here."""


class SendKeys:
    """The keys of a batch. `used`: what was stored under client ids of its senders."""

    def __init__(self, sent: Sequence[Sent], used: Iterable[MessageKey]) -> None:
        self._held = idempotency.held(
            [claim for one in sent for claim in (one.claim, _claim(one)) if claim is not None]
        )
        # What another request left under the same key is none of ours, and need not be readable.
        requests = {(one.guard.claim, one.guard.fingerprint) for one in sent if one.guard is not None}
        self._by_guard = {
            claim: _remembered(held) for claim, held in self._held.items() if (claim, held.fingerprint) in requests
        }
        self._by_key = {
            (key.sender_id, key.client_id): Stored(key.channel_id, key.pk, key.seq, repeated=True)
            for key in used
            if key.client_id is not None
        }
        self._place()
        self._first: dict[object, tuple[int, Sent]] = {}

    def _place(self) -> None:
        """Give what was stored before its time and position, which its keys do not tell."""
        known = [*self._by_guard.values(), *self._by_key.values()]
        if not known:
            return
        rows = Message.objects.filter(pk__in={one.id for one in known}).values_list("pk", "time", "position")
        places = {pk: (time, position) for pk, time, position in rows}

        def placed(one: Stored) -> Stored:
            time, position = places.get(one.id, (one.time, 0))
            return replace(one, time=time, position=position)

        self._by_guard = {claim: placed(one) for claim, one in self._by_guard.items()}
        self._by_key = {key: placed(one) for key, one in self._by_key.items()}

    def earlier(self, sent: Sent) -> Outcome | int | None:
        """What became of it before; its index if it is earlier in this batch; None if it is new.

        A ChatError if its guard was used for another request.
        """
        guard = sent.guard
        if guard is not None and (held := self._held.get(guard.claim)) is not None:
            return self._by_guard[guard.claim] if held.fingerprint == guard.fingerprint else _used()
        if sent.key is not None and (stored := self._by_key.get(sent.key)) is not None:
            return stored
        if sent.claim is not None and sent.claim in self._held:
            return Stored(sent.channel, 0, 0, repeated=True)
        for mark in _marks(sent):
            if (first := self._first.get(mark)) is not None:
                index, other = first
                same = guard is None or other.guard is None or other.guard.fingerprint == guard.fingerprint
                return index if same else _used()
        return None

    def admitted(self, index: int, sent: Sent) -> None:
        """It is new, and will be stored: who comes later in the batch with the same key repeats it."""
        if sent.claim is not None:
            self._held[sent.claim] = StoredResponse("", "")
        for mark in _marks(sent):
            self._first[mark] = index, sent


def hold(stored: Iterable[tuple[IdempotencyKey, Stored]]) -> None:
    """Claim the keys of stored messages, each with the response that a retry gets.

    Raises IntegrityError as `delivery.idempotency.hold` does.
    """
    idempotency.hold(
        {
            guard: orjson.dumps([one.channel, one.id, one.seq, one.time, one.remembered]).decode()
            for guard, one in stored
        }
    )


def _remembered(held: StoredResponse) -> Stored:
    channel, pk, seq, time, remembered = orjson.loads(held.answer)
    return Stored(channel, pk, seq, time, repeated=True, remembered=remembered)


def _claim(sent: Sent) -> Claim | None:
    return None if sent.guard is None else sent.guard.claim


def _marks(sent: Sent) -> list[object]:
    return [mark for mark in (_claim(sent), sent.key) if mark is not None]


def _used() -> ChatError:
    return ChatError(errors.OPERATION_FAILED, "This Idempotency-Key was used for another request.")
