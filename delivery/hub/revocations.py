"""Functions that are called for each revocation in the event log. The layers above register them at start.

Connections are closed by the hub itself; these functions drop what else this process knows of the credentials.
"""

from __future__ import annotations

from collections.abc import Callable

from delivery.log import Entry

revocation_listeners: list[Callable[[Entry], None]] = []
"""Called on the event loop, in log order. They must be fast and never fail."""
