"""Describes the calls for the OpenAPI document: shapes as components, and statuses and headers of all calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import msgspec
from drf_spectacular.drainage import set_override
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from chat.api.v1 import pagination
from chat.api.v1.schema import KEY_LIMIT, Problem, Shape

F = TypeVar("F", bound=Callable[..., Any])
Example = Mapping[str, Any]

ALWAYS = (400, 401, 403, 404, 405, 413, 415, 429, 503)
"""Statuses that every call may return."""
_REFERENCE = "#/components/schemas/{name}"


@dataclass(frozen=True)
class FileBody:
    """A request body with a file: its media type, its schema, and an example."""

    media_type: str
    schema: Example
    example: Any


class ShapeComponents(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Makes each `Shape`, and each shape that it contains, a component of its own name."""

    target_class = "chat.api.v1.schema.Shape"
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: str) -> str:
        set_override(self.target, "suppress_collision_warning", True)
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        _, components = msgspec.json.schema_components([self.target], ref_template=_REFERENCE)
        own: dict[str, Any] = components.pop(self.target.__name__)
        for name, schema in components.items():
            made: Any = ResolvedComponent
            component = made(name=name, type=made.SCHEMA, object=name, schema=schema)
            auto_schema.registry.register_on_missing(component)
        return own


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "chat.api.common.authentication.ApiToken"
    match_subclasses = True
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An API token of a service."}


def described(
    summary: str,
    *,
    gives: Mapping[int, type[Shape] | None],
    takes: type[Shape] | None = None,
    takes_file: FileBody | None = None,
    refuses: Sequence[int] = (),
    query: Sequence[OpenApiParameter] = (),
    sent: Mapping[str, Example] | None = None,
    got: Mapping[str, Example] | None = None,
    idempotent: bool = False,
    tag: str = "",
) -> Callable[[F], F]:
    """Describe a call: `takes` is the shape of its request, `gives` its response shapes by status, `refuses` its error
    statuses besides ALWAYS. `takes_file` is a request that is not JSON.

    `sent` and `got` are examples of requests and of successful responses, by name. The docstring is the description.
    `idempotent` documents the header `Idempotency-Key`.
    """
    responses: dict[Any, Any] = {
        status: OpenApiResponse(shape or None, description="Done.") for status, shape in gives.items()
    }
    for status in sorted({*ALWAYS, *refuses}):
        responses[status, "application/problem+json"] = OpenApiResponse(Problem, description="Refused.")
    success = [str(status) for status in gives]
    examples = [OpenApiExample(name, value=dict(value), request_only=True) for name, value in (sent or {}).items()]
    examples += [
        OpenApiExample(name, value=dict(value), response_only=True, status_codes=success)
        for name, value in (got or {}).items()
    ]
    if takes_file is not None:
        example = OpenApiExample("A file", takes_file.example, request_only=True, media_type=takes_file.media_type)
        examples.append(example)
    parameters = list(query)
    if idempotent:
        parameters.append(
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "minLength": 1, "maxLength": KEY_LIMIT},
                OpenApiParameter.HEADER,
                description=(
                    "The same key with the same body, on any node: the first answer, for IM_IDEMPOTENCY_HOURS (24). "
                    "With another body: 409."
                ),
            )
        )
        responses[409, "application/problem+json"] = OpenApiResponse(Problem, description="Refused.")
    made: Callable[[F], F] = extend_schema(
        summary=summary,
        request=takes if takes_file is None else {takes_file.media_type: dict(takes_file.schema)},
        responses=responses,
        parameters=parameters,
        examples=examples,
        tags=[tag] if tag else None,
    )
    return made


def paged(name: str, item: type[Shape]) -> type[Shape]:
    """Return the shape of a page of such items, with this name in the document."""
    fields: list[Any] = [("results", list[item]), ("next", str | None)]  # type: ignore[valid-type]
    made: Any = msgspec.defstruct(name, fields, bases=(Shape,), kw_only=True)
    return cast(type[Shape], made)


def limited(largest: int) -> OpenApiParameter:
    """Return the parameter `limit` of a list with this maximum."""
    schema = {"type": "integer", "minimum": 1, "maximum": largest, "default": min(pagination.USUAL, largest)}
    return OpenApiParameter("limit", schema, description="The most results in a page.")


LIMIT = limited(pagination.LARGEST)
CURSOR = OpenApiParameter(
    "cursor", {"type": "string"}, description="`next` of the previous page; absent: the first page."
)
