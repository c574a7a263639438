"""Seals of messages on the channel layer: they prove that a node of this site has sent a message."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

_SEAL_BYTES = 16


class MessageSeal:
    """Makes and checks seals with a key derived from the cluster's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.blake2b(secret.encode(), person=b"imsite.relay").digest()

    def make(self, kind: str, node: str, packed: Sequence[bytes]) -> bytes:
        """Return the seal of a message of this kind from this node with these encoded events."""
        digest = hashlib.blake2b(f"{kind} {node}".encode(), key=self._key, digest_size=_SEAL_BYTES)
        for data in packed:
            digest.update(len(data).to_bytes(4, "big"))
            digest.update(data)
        return digest.digest()

    def is_valid(self, seal: bytes, kind: str, node: str, packed: Sequence[bytes]) -> bool:
        """Return whether the message has this seal. Raises TypeError or AttributeError for values of other types."""
        return hmac.compare_digest(seal, self.make(kind, node, packed))
