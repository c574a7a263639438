"""The encoders that turn events into frames, by codec. The layers above register them at start.

Delivery itself does not read bodies.
"""

from __future__ import annotations

from collections.abc import Callable

from delivery.hub.segments import Frame
from delivery.log import Entry

Encoder = Callable[[Entry], Frame | None]
"""Returns the frame of an event; None for kinds that the codec does not have. Must be pure and fast."""

encoders: dict[str, Encoder] = {}
