"""The OpenAPI document, made once a process of the views' own descriptions."""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from drf_spectacular.generators import SchemaGenerator

from chat import errors
from chat.api.v1 import problems
from chat.errors import Code
from chat.webhooks.outgoing.schema import Batch

_ID = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
_NAME = {"type": "string", "minLength": 1, "maxLength": 128}
PATH_PARAMETERS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "channel_id": ("A channel's id.", _ID, "7"),
    "message_id": ("A message's id.", _ID, "4711"),
    "webhook_id": ("A webhook's id.", _ID, "3"),
    "hook_id": ("An incoming webhook's id.", _ID, "3"),
    "bot_id": ("A bot's id.", _ID, "3"),
    "app": ("The number of an app.", {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}, 101),
    "name": ("A person's user name.", _NAME, "alice"),
    "external_id": (
        "What the calling service calls the person.",
        {"type": "string", "minLength": 1, "maxLength": 200},
        "c-1042",
    ),
    "secret": ("The secret part of an incoming webhook's address.", {"type": "string"}, "nQ7…"),
}
"""What stands in paths: its meaning, its type, an example."""
REFUSALS: dict[str, tuple[str, Code, str]] = {
    "400": ("A parameter or the body is not what it must be.", errors.ILLEGAL_PARAMETER, "Expected `str` - at `$.msg`"),
    "401": ("No token, or one that is not valid.", errors.NOT_LOGGED_IN, "This token is not valid."),
    "403": (
        "The token's user lacks a right.",
        errors.NOT_AUTHORISED,
        "This call needs the permission chat.use_gateway.",
    ),
    "404": ("It does not exist, or is nothing to this caller.", errors.NO_DATA, "There is no such channel."),
    "405": ("The path has no such method.", errors.NO_SUCH_COMMAND, "This path has no such method."),
    "409": ("Not in this state, or the key belongs to another body.", errors.OPERATION_FAILED, "The group is closed."),
    "413": ("Larger than the site takes.", errors.TOO_MUCH, "A body has at most 1048576 bytes."),
    "415": ("The body is not JSON.", errors.ILLEGAL_PARAMETER, "Send JSON: Content-Type: application/json."),
    "429": ("Too many calls; Retry-After says when to come again.", errors.TOO_MUCH, "This token calls too much."),
    "503": ("A fault that passes; the same again may succeed.", errors.SERVER_ERROR, "A fault here. Try again."),
}
"""What a refusal of each status means, and one as it may look."""

_HEADERS = {
    "RateLimit-Limit": "Calls that the token may make at once.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until all of them are there again.",
    "Retry-After": "Seconds after which to come again.",
}
_SIGNED = (
    ("Imsite-Timestamp", "Unix seconds.", "1795168800"),
    (
        "Imsite-Signature",
        "`v1=` and the hexadecimal HMAC-SHA256, by the webhook's secret, of the timestamp, a dot, and the body.",
        "v1=c6bdf1441404ee9e22b4b57d18859ca72107b0bddf27c4b28cf4b5aa30704d37",
    ),
)
_BATCH = {
    "webhook": "3",
    "events": [
        {
            "event": "message.sent", "position": 9001, "time": 1795168800000,
            "data": {
                "target": "31", "type": "text", "msg": "Where is my parcel?", "from": "alice", "fromId": "9",
                "name": "Alice", "avatar": "", "id": "4711", "seq": 3, "time": 1795168800000, "position": 9001,
            },
        }
    ],
}  # fmt: skip


@functools.cache
def document() -> dict[str, Any]:
    """All calls that programs can make."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@functools.cache
def document_text() -> bytes:
    return msgspec.json.encode(document())


def describe_webhooks(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: what the site itself sends, to receivers of webhooks."""
    schemas = msgspec.json.schema_components([Batch], ref_template="#/components/schemas/Webhook{name}")[1]
    for schema in schemas.values():
        # The tests are strict; receivers should take what is new.
        schema.pop("additionalProperties", None)
    result["components"]["schemas"] |= {f"Webhook{name}": schema for name, schema in sorted(schemas.items())}
    body = {"schema": {"$ref": "#/components/schemas/WebhookBatch"}, "example": _BATCH}
    result["webhooks"] = {
        "events": {
            "post": {
                "summary": "Something happened",
                "description": (
                    "What is POSTed to a webhook's URL. Check the signature by the body as it came, and that the "
                    "timestamp is new. An event may come again: its `position` tells."
                ),
                "tags": ["webhooks"],
                "parameters": [_header(*header) for header in _SIGNED],
                "requestBody": {"required": True, "content": {"application/json": body}},
                "responses": {
                    "2XX": {"description": "Taken. All else, a redirect too, is tried again."},
                },
            }
        }
    }
    return result


def _header(name: str, description: str, example: str) -> dict[str, Any]:
    schema = {"type": "string"}
    about = {"description": description, "schema": schema, "example": example}
    return {"in": "header", "name": name, "required": True, **about}


def explain_rights(result: dict[str, Any], generator: SchemaGenerator, **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: say of each call which permission it needs."""
    for path, _regex, method, view in generator.endpoints:
        if needed := getattr(view.cls, "permissions", {}).get(method):
            result["paths"][path][method.lower()]["description"] += f"\n\nNeeds the permission `{needed}`."
    return result


def explain_headers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: what answers tell of how much more a token may ask."""
    made = {name: {"description": text, "schema": {"type": "integer"}} for name, text in _HEADERS.items()}
    result["components"]["headers"] = made
    limits = [name for name in _HEADERS if name.startswith("RateLimit")]
    for path, operations in result["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                told = limits if path.startswith("/api/v1/") and status != "401" else []
                told = [*told, "Retry-After"] if status in ("429", "503") else told
                if told:
                    response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in told}
    return result


def explain_paths(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: say of the parts of paths what they are, once for all calls."""
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in PATH_PARAMETERS:
                    meaning, schema, example = PATH_PARAMETERS[parameter["name"]]
                    parameter |= {"description": meaning, "schema": schema, "example": example}
    return result


def explain_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: say of each refusal what it means, with an example."""
    for path in result["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get(problems.MEDIA_TYPE)
                if content is not None and status in REFUSALS:
                    meaning, code, detail = REFUSALS[status]
                    response["description"] = meaning
                    content["example"] = problems.of(int(status), code, detail)
    return result
