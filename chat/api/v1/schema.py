"""Base class and field types of the request and response shapes. The OpenAPI document is generated from them."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from accounts.numbers import parse_decimal
from chat import reasons
from chat.account_errors import ALL_REASONS
from chat.errors import ChatError

KEY_LIMIT = 128
"""Characters of an Idempotency-Key."""
_decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}
_decoders_lock = threading.Lock()

Id = Annotated[str, Meta(pattern="^[1-9][0-9]{0,18}$", description="An id: a decimal number, as a string.")]
UserName = Annotated[str, Meta(min_length=1, max_length=128, description="A user's immutable user name.")]
AppNumber = Annotated[int, Meta(ge=1, le=2**31 - 1, description="The number of an app (a platform).")]
Milliseconds = Annotated[int, Meta(ge=0, description="Unix time in milliseconds.")]
Position = Annotated[int, Meta(ge=0, description="Position in the event log.")]
Count = Annotated[int, Meta(ge=0)]


SHOWN_MARKUP = (
    "The chat page shows a subset of Markdown: `**bold**`, `*italic*` or `_italic_`, `~~strikethrough~~`, code between "
    "backticks, a code block between two lines of three backticks (a language may follow the first), `> ` before each "
    "line of a quote, `- ` or `1. ` before each item of a list (two more spaces for a list within an item), and "
    "`[text](https://ci.example/)` for a link to an http, https or mailto address. Web addresses become links, and `@` "
    "before a user's name a mention. An address between `<` and `>` is shown without them and gets no preview. The "
    "name of a custom emoji between colons becomes its picture. Line breaks stay. Marks within words, as in "
    "`snake_case`, and other Markdown are shown as they are written, and so is a mark after a backslash. Other "
    "clients get the text as it is stored."
)
"""The markup that the page shows (static/js/lib/markup.js), for the descriptions of texts."""


class Shape(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A JSON object. Unknown fields are ignored."""


class Person(Shape):
    """A user who can send: an account, a guest or a service."""

    userId: str
    id: Id
    name: str
    avatar: str
    kind: str


class Problem(Shape):
    """The reason for a refused call, as RFC 9457 defines it.

    Further members, such as `retryAfter` and `limit`, may be present.
    """

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    code: Annotated[int, Meta(description="The class of the error, as `/api/protocol/#codes` lists them.")]
    reason: Annotated[
        str,
        Meta(
            description="The key of the reason, as `/api/protocol/#reasons` lists them. More may come.",
            extra_json_schema={"x-extensible-enum": list(ALL_REASONS)},
        ),
    ]


def number(text: str) -> int:
    """Return the row id in the text. Raise ChatError ID_NOT_FOUND for text that cannot be an id."""
    row_id = parse_decimal(text)
    if not row_id:
        raise ChatError(reasons.ID_NOT_FOUND)
    return row_id


def milliseconds(at: datetime) -> int:
    """Return the time in Unix milliseconds, the unit of all times in the API."""
    return round(at.timestamp() * 1000)


def parse(raw: bytes, shape: type[Any]) -> Any:
    """Parse JSON text into this shape.

    Raise ChatError INVALID_DATA, whose sentence names the field, or BODY_NOT_JSON.
    """
    try:
        return _decoder(shape).decode(raw)
    except msgspec.ValidationError as error:
        raise ChatError(reasons.INVALID_DATA, sentence=str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ChatError(reasons.BODY_NOT_JSON) from error


def _decoder(shape: type[Any]) -> msgspec.json.Decoder[Any]:
    # msgspec looks at a type when it decodes it for the first time. If two threads do so at once, the process crashes.
    with _decoders_lock:
        if shape not in _decoders:
            _decoders[shape] = msgspec.json.Decoder(shape)
        return _decoders[shape]
