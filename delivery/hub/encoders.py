"""How an entry becomes a frame, by codec. The layers above register theirs once, at start: delivery knows no bodies."""

from __future__ import annotations

from collections.abc import Callable

from delivery.hub.outbox import Frame
from delivery.log import Entry

Encoder = Callable[[Entry], Frame | None]
"""Pure and fast; None where the codec does not show this kind."""

encoders: dict[str, Encoder] = {}
