"""What delivery must ask of the layers above it. They register it once, at start (`chat.apps`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from delivery.log import Entry, Span
from delivery.outbox import Frame


def _nobody(person: int, credential: str) -> Sequence[Span] | None:
    raise RuntimeError("Nobody has registered who belongs to which channel.")


@dataclass
class Hooks:
    """`standing(person, credential)`: all stays of the person, or None if the credential holds no more (synchronous).

    `encoders`: by codec, how an entry becomes a frame (None: this codec does not show it); pure and fast.
    """

    standing: Callable[[int, str], Sequence[Span] | None] = _nobody
    encoders: dict[str, Callable[[Entry], Frame | None]] = field(default_factory=dict)


hooks = Hooks()
