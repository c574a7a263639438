"""Compares all data that tests receive with its description on the protocol page."""

from __future__ import annotations

from typing import Any

import msgspec

from chat.account_errors import ALL_REASONS
from chat.wire.schema.events import EVENTS

_GUEST_NAMES = {key: {1002} for key in ALL_REASONS if key.startswith("name_")}
_OTHER_CODES = {"internal_error": {1006, 1007, 1008}, **_GUEST_NAMES}
"""Codes that a reason has besides its own: those of a command, and those for the name of a guest."""

faults: list[str] = []
"""Received data that the protocol page does not describe; a fixture of tests/support/fixtures fails the test."""


def check_envelope(cmd: str, data: Any, *, good: bool, asked: bool) -> None:
    """Check the data of a reply (`good`: a successful one), or of a push if it was not `asked` for."""
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


def check_refusal(cmd: str, code: int, reason: str | None) -> None:
    """Check that a refusal has a reason of the table and a code that belongs to it, and a success none."""
    if code == 200:
        if reason is not None:
            faults.append(f"The reply to {cmd} is a success, and yet has the reason {reason}.")
        return
    known = ALL_REASONS.get(reason or "")
    if known is None or code not in {known.code.number, *_OTHER_CODES.get(known.key, ())}:
        faults.append(f"{cmd} is refused with {code} {reason}, which is not in chat/reasons or accounts/errors.py.")


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
