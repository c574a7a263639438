"""Types of the fields that commands take. Ids are decimal strings on the wire; numbers are accepted too."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Id = Annotated[int, Meta(ge=1, le=2**63 - 1, title="id")]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
PageSize = Annotated[int, Meta(ge=1, le=100)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
Names = Annotated[list[Name], Meta(max_length=1000)]


class ChannelTarget(Struct):
    """Names a channel."""

    target: Id


class MessageTarget(Struct):
    """Names a message of a channel."""

    target: Id
    id: Id
