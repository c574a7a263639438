"""Find the drafts of a batch that were sent before. Pure: loaded values in, a result out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chat import reasons
from chat.errors import ChatError
from chat.sending.drafts import Draft, StoredMessage

if TYPE_CHECKING:
    from chat.sending.decide import NewMessage
    from chat.sending.load import Loaded


class Duplicates:
    """Maps the keys of earlier batches, and of the new messages of this batch, to their messages."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._claimed = set(loaded.claimed)
        self._new: dict[object, NewMessage] = {}

    def find(self, draft: Draft) -> StoredMessage | NewMessage | None:
        """Return the stored message of the draft, or the new message of this batch that it repeats; None if it is new.

        Raise ChatError IDEMPOTENCY_KEY_REUSED if its idempotency key was used for another request.
        """
        key, loaded = draft.idempotency_key, self._loaded
        if key is not None and (response := loaded.claimed.get(key.scoped_key)) is not None:
            if response.fingerprint != key.fingerprint:
                raise _key_reused()
            return loaded.responses[key.scoped_key]
        client_key = draft.client_key
        if client_key is not None and (stored := loaded.sent.get(client_key)) is not None:
            return stored
        if draft.scoped_key is not None and draft.scoped_key in self._claimed:
            return StoredMessage(draft.channel, 0, 0, repeated=True)
        for own_key in _keys(draft):
            if (new := self._new.get(own_key)) is not None:
                other = new.draft.idempotency_key
                if key is not None and other is not None and other.fingerprint != key.fingerprint:
                    raise _key_reused()
                return new
        return None

    def add(self, new: NewMessage) -> None:
        """Record a new message, so that later drafts of the batch with one of its keys repeat it."""
        if new.draft.scoped_key is not None:
            self._claimed.add(new.draft.scoped_key)
        for key in _keys(new.draft):
            self._new[key] = new


def _keys(draft: Draft) -> list[object]:
    keys: list[object] = []
    if draft.idempotency_key is not None:
        keys.append(draft.idempotency_key.scoped_key)
    if (client_key := draft.client_key) is not None:
        keys.append(client_key)
    return keys


def _key_reused() -> ChatError:
    return ChatError(reasons.IDEMPOTENCY_KEY_REUSED)
