"""Whatever a test gets over a wire is held against what the protocol page says of it."""

from __future__ import annotations

from typing import Any

import msgspec

from chat.wire.announced import PUSHES
from chat.wire.replies import REPLIES

faults: list[str] = []
"""What came that the page does not say; the fixture `documented` of tests/conftest.py fails the test for it."""


def hold_reply(cmd: str, data: Any) -> None:
    """Check the data of a successful reply."""
    # Without a shape a command fails tests/imsite/reference, once.
    if cmd in REPLIES:
        _hold(f"reply to {cmd}", data, REPLIES[cmd])
    if cmd == "sync":
        for event in data.get("events", ()):
            hold_push(event["cmd"], event["response"]["data"])


def hold_push(cmd: str, data: Any) -> None:
    """Check the data of a push."""
    if cmd in PUSHES:
        _hold(f"push {cmd}", data, PUSHES[cmd].data)
    else:
        faults.append(f"push {cmd} is not in chat/wire/announced.py")


def _hold(what: str, data: Any, shape: Any) -> None:
    try:
        msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        faults.append(f"{what} is not what chat/wire says: {error}")
