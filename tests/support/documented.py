"""Whatever a test gets over a wire is held against what the protocol page says of it."""

from __future__ import annotations

from typing import Any

import msgspec

from chat.wire.schema.pushes import PUSHES
from chat.wire.schema.replies import REPLIES

faults: list[str] = []
"""What came that the page does not say; a fixture of tests/support/fixtures.py fails the test for it."""


def hold(cmd: str, data: Any, *, good: bool, asked: bool) -> None:
    """Check the data of a reply (`good`: a successful one) or, if nobody asked, of a push."""
    if asked and good:
        _hold_reply(cmd, data)
    elif not asked and good and cmd not in REPLIES.keys() - PUSHES.keys():
        _hold_push(cmd, data)


def _hold_reply(cmd: str, data: Any) -> None:
    # Without a shape a command fails tests/imsite/reference, once.
    if cmd in REPLIES:
        _compare(f"The reply to {cmd}", data, REPLIES[cmd])
    if cmd == "sync":
        for event in data.get("events", ()):
            _hold_push(event["cmd"], event["response"]["data"])


def _hold_push(cmd: str, data: Any) -> None:
    if cmd in PUSHES:
        _compare(f"The push {cmd}", data, PUSHES[cmd].data)
    else:
        faults.append(f"The push {cmd} is not in chat/wire/schema/pushes.py.")


def _compare(what: str, data: Any, shape: Any) -> None:
    try:
        msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        faults.append(f"{what} is not what chat/wire says: {error}")
