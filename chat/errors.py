"""Every code a client can see, once: when it happens, and whether trying again helps. All wires map from this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Code:
    """`number` and `text` go over the wires, `http` is the REST status; `retry`: the same again may work."""

    number: int
    text: str
    when: str
    http: int
    retry: bool = False


SUCCESS = Code(200, "Success", "The request was carried out.", 200)
NOT_LOGGED_IN = Code(1000, "Not logged in", "A command that needs a log-in came before it.", 401)
ILLEGAL_PARAMETER = Code(1001, "Illegal parameter", "The frame or one of its fields is not what it must be.", 400)
ILLEGAL_USER_ID = Code(1002, "Illegal user id", "The name is empty, too long, taken, or not the caller's.", 400)
NOT_AUTHORISED = Code(1003, "Not authorised", "A wrong token, an unknown app, or a right that is missing.", 403)
SERVER_ERROR = Code(1004, "Server error", "A fault here.", 500, retry=True)
NO_DATA = Code(1005, "No data", "It does not exist, or the caller may not know of it.", 404)
ADD_FAILED = Code(1006, "Could not add", "A fault here while something was being made.", 500, retry=True)
DELETE_FAILED = Code(1007, "Could not delete", "A fault here while something was being taken away.", 500, retry=True)
STORE_FAILED = Code(1008, "Could not store", "A fault here while something was being stored.", 500, retry=True)
OPERATION_FAILED = Code(1009, "Operation failed", "Not in this state, such as a second log-in.", 409)
NO_SUCH_COMMAND = Code(1010, "No such command", "The command does not exist.", 404)
TOO_MUCH = Code(
    1011, "Too much", "Too many, too fast or too large; the data says what and when to try again.", 429, retry=True
)

CODES = (
    SUCCESS, NOT_LOGGED_IN, ILLEGAL_PARAMETER, ILLEGAL_USER_ID, NOT_AUTHORISED, SERVER_ERROR, NO_DATA, ADD_FAILED,
    DELETE_FAILED, STORE_FAILED, OPERATION_FAILED, NO_SUCH_COMMAND, TOO_MUCH,
)  # fmt: skip


class ChatError(Exception):
    """A request refused with a code; `error` tells the person what to do, `data` adds facts for programs."""

    def __init__(self, code: Code, error: str = "", **data: Any) -> None:
        super().__init__(error or code.text)
        self.code = code
        self.data: dict[str, Any] | None = {"error": error, **data} if error or data else None


@dataclass(frozen=True, slots=True)
class Close:
    """A WebSocket close code of the site's own; `reconnect` tells a client whether to come back by itself."""

    number: int
    reason: str
    reconnect: bool


LOGIN_DEADLINE = Close(4000, "no log-in in time", reconnect=False)
SIGNED_OUT = Close(4001, "signed out", reconnect=False)
SILENT = Close(4002, "silent for too long", reconnect=True)
TOO_MANY_OF_PERSON = Close(4003, "too many connections of this person", reconnect=False)
TOO_SLOW = Close(4008, "too slow: come back and sync", reconnect=True)
FLOOD = Close(4029, "too many requests", reconnect=True)
GOING = Close(1012, "service restart", reconnect=True)
