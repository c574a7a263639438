"""The id of the request that the current task or thread works for. Each log line names it (`request`).

An HTTP request has the id that a proxy gave it (`X-Request-ID`), or one of its own. A request on a WebSocket has
`<connection>.<number>`, which is also the `origin` of its events. A call between nodes takes its caller's id along.
Work for several requests, such as a commit, has none.
"""

from __future__ import annotations

import itertools
import re
import secrets
from contextvars import ContextVar
from functools import cache

HEADER = b"x-request-id"
METADATA_KEY = HEADER.decode()
"""The key of a call between nodes, in the metadata of gRPC."""
_ALLOWED = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_current: ContextVar[str] = ContextVar("request_id", default="")
_numbers = itertools.count(1)


def request_id() -> str:
    """Return the id of the present request; an empty string outside of one."""
    return _current.get()


def set_request_id(value: str) -> None:
    """Set the id for this task and what it starts."""
    _current.set(value)


def accept_request_id(given: str | bytes) -> None:
    """Set the id that a proxy or another node gives; a new one if it gives none, or one that is no plain word."""
    text = given.decode("latin-1") if isinstance(given, bytes) else given
    _current.set(text if _ALLOWED.fullmatch(text) else f"{_process()}-{next(_numbers):x}")


@cache
def _process() -> str:
    """Return a random word for this process. Workers are forked before they ask."""
    return secrets.token_hex(4)
