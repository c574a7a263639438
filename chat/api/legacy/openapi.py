"""OpenAPI descriptions of the calls outside `/api/v1/`: forms in, 200 out, with `{"code", "msg", "data"}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from chat import errors

F = TypeVar("F", bound=Callable[..., Any])
Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
YES_OR_NO: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$", "description": "A decimal number, as a string."}
CODES = tuple(code.number for code in errors.CODES)
FAILED = -1
_FORM = "application/x-www-form-urlencoded"


class ServiceTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "chat.api.legacy.access.ServiceToken"
    name = "serviceToken"

    def get_security_definition(self, auto_schema: Any) -> Schema:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token of a service. From a network in IM_OPEN_GATEWAY none is needed.",
        }


class UserTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "chat.api.legacy.protobuf_clients.HeaderTokenAuthentication"
    name = "personToken"

    def get_security_definition(self, auto_schema: Any) -> Schema:
        return {"type": "apiKey", "in": "header", "name": "token", "description": "A user's token."}


def text_fields(of: Schema | None = None) -> Schema:
    return {"type": "array", "items": of or TEXT}


def object_schema(**fields: Schema) -> Schema:
    """Return the schema of an object that has all these fields."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def form_call(
    summary: str,
    *,
    tag: str,
    gives: Schema | None = None,
    got: Mapping[str, Any] | None = None,
    optional: frozenset[str] | set[str] = frozenset(),
    codes: tuple[int, ...] = CODES,
    **parameters: tuple[str, Schema, Any],
) -> Callable[[F], F]:
    """Describe a call. `parameters`: purpose, type and example of each. `gives`: schema of `data` in a success, `got`:
    an example.

    A view method named `get` takes the parameters from the query, any other from the form.
    """

    def describe(view: F) -> F:
        in_query = view.__name__ == "get"
        query = [
            OpenApiParameter(
                name,
                {**schema},
                description=meaning,
                required=name not in optional,
                examples=[OpenApiExample("Example", value=example)],
            )
            for name, (meaning, schema, example) in parameters.items()
            if in_query
        ]
        fields = {name: {**schema, "description": meaning} for name, (meaning, schema, _) in parameters.items()}
        form = {**object_schema(**fields), "required": [name for name in fields if name not in optional]}
        sent = OpenApiExample(
            "Request",
            value={name: example for name, (_, _, example) in parameters.items()},
            request_only=True,
            media_type=_FORM,
        )
        refused = errors.NOT_AUTHORISED
        made: F = extend_schema(
            summary=summary,
            tags=[tag],
            parameters=query,
            request=None if in_query else {_FORM: form},
            responses={200: OpenApiResponse(_answer(gives, codes), description="`code` is the result.")},
            examples=[
                *([] if in_query or not parameters else [sent]),
                _example("Success", {"code": 200, "msg": errors.SUCCESS.text, "data": dict(got or {})}),
                _example(
                    "Refused",
                    {"code": FAILED, "msg": "This call needs a token.", "data": {}}
                    if FAILED in codes
                    else {"code": refused.number, "msg": refused.text, "data": {"error": "This token is not valid."}},
                ),
            ],
        )(view)
        return made

    return describe


def _answer(gives: Schema | None, codes: tuple[int, ...]) -> Schema:
    """Return the schema of a response.

    `data` of a success is that of the call; otherwise, and for a repeated call, it has at most an `error`.
    """
    refusal = {"type": "object", "properties": {"error": TEXT}}
    return object_schema(
        code={"type": "integer", "enum": list(codes)},
        msg=TEXT,
        data=refusal if gives is None else {"anyOf": [gives, refusal]},
    )


def _example(name: str, value: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=["200"])
