"""Describes the types of msgspec structs in words, for the protocol page. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import NODEFAULT, inspect

_PLAIN = {
    inspect.StrType: "text",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
    inspect.DictType: "object",
    inspect.AnyType: "anything",
}
_LARGEST = 2**31
"""Greater bounds are limits of the database and are not shown."""


@dataclass(frozen=True, slots=True)
class Described:
    """A type in words: its name, or the name of its items if `many`, its limits and its description."""

    name: str
    shape: str = ""
    """The name of the object type, if it is one."""
    many: bool = False
    limits: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object."""

    name: str
    type: Described
    required: bool
    default: str


def described(kind: inspect.Type) -> Described:
    """Describe a type."""
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            known, extra = described(inner), extra or {}
            # The name of a titled type implies its limits.
            titled = "title" in extra
            return Described(
                str(extra["title"]) if titled else known.name,
                known.shape,
                known.many,
                () if titled else known.limits,
                str(extra.get("description", known.about)),
            )
        case inspect.UnionType(types=types):
            return _united(
                [described(kind_type) for kind_type in types if not isinstance(kind_type, inspect.NoneType)], kind
            )
        case inspect.ListType(item_type=item):
            known = described(item)
            return Described(known.name, known.shape, True, (*_limits(kind), *known.limits), known.about)
        case inspect.LiteralType(values=values):
            return Described(" | ".join(_literal(value) for value in values))
        case inspect.StructType(cls=shape):
            return Described(shape.__name__, shape.__name__)
        case _:
            return Described(_PLAIN[type(kind)], limits=tuple(_limits(kind)))


def fields(shape: type[msgspec.Struct]) -> list[Field]:
    """Return the fields of an object type."""
    kind = inspect.type_info(shape)
    assert isinstance(kind, inspect.StructType)
    return [_field(field) for field in kind.fields]


def shapes(kinds: Any) -> Iterator[type[msgspec.Struct]]:
    """Yield every object type that occurs in these types, each once."""
    seen: set[type] = set()
    waiting = list(inspect.multi_type_info(kinds))
    while waiting:
        match waiting.pop(0):
            case inspect.StructType(cls=shape, fields=members) if shape not in seen:
                seen.add(shape)
                waiting += [member.type for member in members]
                yield shape
            case inspect.Metadata(type=inner):
                waiting.append(inner)
            case inspect.UnionType(types=types):
                waiting += types
            case inspect.ListType(item_type=item):
                waiting.append(item)


def _field(field: inspect.Field) -> Field:
    kind = field.type
    if field.default is None and isinstance(kind, inspect.UnionType):
        # Null means the same as an absent field.
        kind = inspect.UnionType(
            tuple(kind_type for kind_type in kind.types if not isinstance(kind_type, inspect.NoneType))
        )
    return Field(field.encode_name, described(kind), field.required, _default(field))


def _united(parts: list[Described], kind: inspect.UnionType) -> Described:
    first, *others = parts
    names = [first.name, *(other.name for other in others), *(["null"] if _nullable(kind) else [])]
    return Described(" | ".join(names), first.shape, first.many, first.limits, first.about)


def _nullable(kind: inspect.UnionType) -> bool:
    return any(isinstance(kind_type, inspect.NoneType) for kind_type in kind.types)


def _limits(kind: inspect.Type) -> Iterator[str]:
    match kind:
        case inspect.IntType(ge=low, le=high) | inspect.FloatType(ge=low, le=high):
            if high is not None and high < _LARGEST:
                yield f"{low}–{high}" if low is not None else f"≤ {high}"
            elif low:
                yield f"≥ {low}"
        case inspect.StrType(min_length=low, max_length=high) | inspect.ListType(min_length=low, max_length=high):
            unit = "items" if isinstance(kind, inspect.ListType) else "characters"
            if high is not None:
                yield f"{low}–{high} {unit}" if low else f"≤ {high} {unit}"


def _literal(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _default(field: inspect.Field) -> str:
    if field.default is not NODEFAULT and field.default is not None and field.default is not msgspec.UNSET:
        return _literal(field.default)
    return ""
