"""Compares whatever a test gets over a wire with what the protocol page says of it."""

from __future__ import annotations

from typing import Any

import msgspec

from chat.wire.schema.events import EVENTS

faults: list[str] = []
"""What came that the page does not say; a fixture of tests/support/fixtures fails the test for it."""


def hold(cmd: str, data: Any, *, good: bool, asked: bool) -> None:
    """Check the data of a reply (`good`: a successful one) or, if nobody asked, of a push."""
    # Programs of tests/load import this module without Django's apps, which the commands need.
    from chat.commands.registry import COMMANDS

    if asked and good:
        if cmd in COMMANDS:
            _compare(f"The reply to {cmd}", data, COMMANDS[cmd].returns)
        if cmd == "sync":
            for event in data.get("events", ()):
                _hold_push(event["cmd"], event["response"]["data"])
    elif not asked and good and cmd not in COMMANDS.keys() - EVENTS.keys():
        _hold_push(cmd, data)


def _hold_push(cmd: str, data: Any) -> None:
    kind = EVENTS.get(cmd)
    if kind is None or not kind.is_push:
        faults.append(f"{cmd} is no push by chat/wire/schema/events.py.")
    else:
        _compare(f"The push {cmd}", data, kind.data)


def _compare(what: str, data: Any, shape: Any) -> None:
    try:
        msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        faults.append(f"{what} is not what chat/wire says: {error}")
