"""Types are described in words."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType, inspect

from imsite.api_docs import types
from imsite.api_docs.types import Described


class Inner(Struct):
    id: Annotated[int, Meta(ge=1, title="id")]


class Outer(Struct):
    name: str
    one: Inner | None = None
    many: list[Inner] | UnsetType = UNSET
    size: int = 50


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (str, Described("text")),
        (bool, Described("boolean")),
        (int | None, Described("number | null")),
        (Annotated[int, Meta(ge=1, le=100)], Described("number", limits=("1–100",))),
        (Annotated[int, Meta(ge=0, le=2**63 - 1)], Described("number")),
        (Annotated[int, Meta(ge=2)], Described("number", limits=("≥ 2",))),
        (Annotated[int, Meta(ge=1, title="id", description="Whose.")], Described("id", about="Whose.")),
        (Annotated[str, Meta(min_length=1, max_length=9)], Described("text", limits=("1–9 characters",))),
        (Annotated[list[str], Meta(max_length=9)], Described("text", many=True, limits=("≤ 9 items",))),
        (Literal["a", "b"], Described('"a" | "b"')),
        (list[Inner], Described("Inner", shape="Inner", many=True)),
    ],
    ids=str,
)
def test_a_type_is_described_in_words(kind: object, expected: Described) -> None:
    assert types.described(inspect.type_info(kind)) == expected


def test_fields_state_whether_they_are_optional_and_their_defaults() -> None:
    name, one, many, size = types.fields(Outer)
    assert (name.required, one.required, many.required, size.required) == (True, False, False, False)
    assert one.type == Described("Inner", shape="Inner"), "null says no more than absent"
    assert many.type == Described("Inner", shape="Inner", many=True)
    assert (one.default, many.default, size.default) == ("", "", "50")


def test_every_nested_shape_is_found_once() -> None:
    assert list(types.shapes([Outer, list[Inner]])) == [Outer, Inner]
