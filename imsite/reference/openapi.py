"""The OpenAPI document, made once a process of the views' own descriptions."""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from drf_spectacular.generators import SchemaGenerator


@functools.cache
def document() -> dict[str, Any]:
    """All calls that programs can make."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@functools.cache
def document_text() -> bytes:
    return msgspec.json.encode(document())
