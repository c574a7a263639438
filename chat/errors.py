"""Error codes and close codes of the wire protocols, and the exception that carries a reason. Pure.

`chat.reasons` lists the reasons.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Code:
    """A coarse class of errors: `number` and `text` go over the wires, `http` is the status of REST answers.

    `retry`: the same request may succeed later.
    """

    number: int
    text: str
    when: str
    http: int
    retry: bool = False


SUCCESS = Code(200, "Success", "The request was carried out.", 200)
NOT_LOGGED_IN = Code(1000, "Not logged in", "A command that needs a log-in came before it.", 401)
ILLEGAL_PARAMETER = Code(1001, "Illegal parameter", "The frame or one of its fields is not valid.", 400)
ILLEGAL_USER_ID = Code(1002, "Illegal user id", "The name is empty, too long, taken, or not the caller's.", 400)
NOT_AUTHORISED = Code(1003, "Not authorised", "The token is wrong, the app is unknown, or a right is missing.", 403)
SERVER_ERROR = Code(1004, "Server error", "The site failed.", 500, retry=True)
NO_DATA = Code(1005, "No data", "It does not exist, or the caller may not know of it.", 404)
ADD_FAILED = Code(1006, "Could not add", "The site failed to create something.", 500, retry=True)
DELETE_FAILED = Code(1007, "Could not delete", "The site failed to delete something.", 500, retry=True)
STORE_FAILED = Code(1008, "Could not store", "The site failed to store something.", 500, retry=True)
OPERATION_FAILED = Code(1009, "Operation failed", "It is not possible in this state, such as a second log-in.", 409)
NO_SUCH_COMMAND = Code(1010, "No such command", "The command does not exist.", 404)
TOO_MUCH = Code(
    1011, "Too much", "Too many, too fast or too large; the data says the limit or when to try again.", 429, retry=True
)

CODES = (
    SUCCESS, NOT_LOGGED_IN, ILLEGAL_PARAMETER, ILLEGAL_USER_ID, NOT_AUTHORISED, SERVER_ERROR, NO_DATA, ADD_FAILED,
    DELETE_FAILED, STORE_FAILED, OPERATION_FAILED, NO_SUCH_COMMAND, TOO_MUCH,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a refusal. The key is part of the protocol and never changes; the sentence may.

    `text` tells users what happened and what to do; `%(name)s` in it stands for a member of the refusal's data. `when`
    tells developers in which case it occurs. `retry`: the same request may succeed later.
    """

    key: str
    code: Code
    text: str
    when: str
    retry: bool = False


class ChatError(Exception):
    """A refused request.

    `data` is sent to the client: the sentence as `error`, and the keyword arguments. `sentence` replaces the reason's
    text if a validator gives a more exact one. `unsent`: parameters of the sentence, in any protocol's wording, that
    are not in `data`. Raises KeyError if the text needs a parameter that is missing.
    """

    def __init__(
        self, reason: Reason, /, *, sentence: str = "", unsent: Mapping[str, object] | None = None, **data: Any
    ) -> None:
        self.reason = reason
        self.code = reason.code
        self.text = sentence or reason.text
        self.params = {} if sentence else {**(unsent or {}), **_as_shown(data)}
        self.data: dict[str, Any] = {"error": sentence or self.text % self.params, **data}
        super().__init__(self.data["error"])


def _as_shown(data: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters for the sentence: seconds to wait are rounded up to whole seconds."""
    return data | {"retryAfter": math.ceil(data["retryAfter"])} if "retryAfter" in data else data


@dataclass(frozen=True, slots=True)
class Close:
    """A WebSocket close code of the site. `reconnect`: clients should connect again by themselves."""

    number: int
    reason: str
    reconnect: bool


LOGIN_DEADLINE = Close(4000, "no log-in in time", reconnect=False)
SIGNED_OUT = Close(4001, "signed out", reconnect=False)
IDLE_TIMEOUT = Close(4002, "silent for too long", reconnect=True)
TOO_MANY_CONNECTIONS = Close(4003, "too many connections of this person", reconnect=False)
TOO_SLOW = Close(4008, "too slow: come back and sync", reconnect=True)
FLOOD = Close(4029, "too many requests", reconnect=True)
PING_TIMEOUT = Close(1011, "keepalive ping timeout", reconnect=True)
DRAINING = Close(1012, "service restart", reconnect=True)
