"""Generates the OpenAPI document from the views and the registry of events, once per process."""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from drf_spectacular.generators import SchemaGenerator

from chat import reasons
from chat.api.v1 import problems
from chat.errors import ChatError
from chat.webhooks.outgoing.schema import Batch

_ID = {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
_NAME = {"type": "string", "minLength": 1, "maxLength": 128}
PATH_PARAMETERS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "channel_id": ("A channel's id.", _ID, "7"),
    "message_id": ("A message's id.", _ID, "4711"),
    "webhook_id": ("A webhook's id.", _ID, "3"),
    "invite_id": ("An invite link's id.", _ID, "7"),
    "hook_id": ("An incoming webhook's id.", _ID, "3"),
    "bot_id": ("A bot's id.", _ID, "3"),
    "app": ("The number of an app.", {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}, 101),
    "name": ("A user name.", _NAME, "alice"),
    "external_id": (
        "The calling service's own id of the user.",
        {"type": "string", "minLength": 1, "maxLength": 200},
        "c-1042",
    ),
    "key": ("The id of an upload.", {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}, "kq2Zc7bVb0u4b1Xq3m8N5w"),
    "attachment_id": (
        "The id of a file of the message.",
        {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"},
        "kq2Zc7bVb0u4b1Xq3m8N5w",
    ),
    "preview_id": (
        "The id of a link preview in a message.",
        {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"},
        "Vx2bT0mQy4uJc8rN1sKf3A",
    ),
    "scheduled_id": ("The id of a scheduled message.", {"type": "string", "pattern": "^[0-9]+$"}, "17"),
    "emoji": (
        "One emoji, or the name of a custom one between colons.",
        {"type": "string", "minLength": 1, "maxLength": 32},
        "👍",
    ),
    "token": ("The secret part of a response URL.", {"type": "string"}, "12:1tXY…"),
    "secret": ("The secret part of an incoming webhook's URL.", {"type": "string"}, "nQ7…"),
}
"""Path parameters: description, schema and example."""
REFUSALS: dict[str, tuple[str, ChatError]] = {
    "400": (
        "A parameter or the body is invalid.",
        ChatError(reasons.INVALID_DATA, sentence="Expected `str`, got `int` - at `$.msg`"),
    ),
    "401": ("The token is missing or invalid.", ChatError(reasons.API_TOKEN_INVALID)),
    "403": (
        "The token's user lacks a permission.",
        ChatError(reasons.PERMISSION_REQUIRED, permission="chat.use_gateway"),
    ),
    "404": ("It does not exist, or the caller has no access to it.", ChatError(reasons.CHANNEL_NOT_FOUND)),
    "405": ("The path does not support this method.", ChatError(reasons.METHOD_NOT_ALLOWED)),
    "409": (
        "Impossible in this state, or the idempotency key was used with another body.",
        ChatError(reasons.CHANNEL_CLOSED),
    ),
    "412": ("The version of the upload protocol is not supported.", ChatError(reasons.UPLOAD_VERSION)),
    "413": ("The request is too large.", ChatError(reasons.BODY_TOO_LARGE, limit=1048576)),
    "415": ("The body, or a file in it, has a type that is not accepted.", ChatError(reasons.MEDIA_TYPE_UNSUPPORTED)),
    "422": ("The picture cannot be decoded within the limits.", ChatError(reasons.PICTURE_REFUSED, limit=50)),
    "423": ("The upload is being completed.", ChatError(reasons.UPLOAD_BUSY)),
    "429": (
        "Too many calls. Retry after the seconds in Retry-After.",
        ChatError(reasons.RATE_LIMITED, retryAfter=0.5),
    ),
    "503": ("A temporary fault. The same request may succeed later.", ChatError(reasons.INTERNAL_ERROR, retryAfter=1)),
}
"""Refusals by HTTP status: description, an example code and an example text."""

_HEADERS = {
    "RateLimit-Limit": "Calls that the token can make in a burst.",
    "RateLimit-Remaining": "Calls that are left of the burst.",
    "RateLimit-Reset": "Seconds until the whole burst is available again.",
    "Retry-After": "Seconds to wait before the next call.",
}
_SIGNED = (
    ("Imsite-Timestamp", "Unix seconds.", "1795168800"),
    (
        "Imsite-Signature",
        "`v1=` and the hexadecimal HMAC-SHA256 of the timestamp, a dot and the body, keyed with the webhook's secret.",
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
    """Return the OpenAPI document as a dict."""
    headers: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return headers


@functools.cache
def document_text() -> bytes:
    """Return the OpenAPI document as JSON."""
    return msgspec.json.encode(document())


def describe_webhooks(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the requests that the site sends to webhooks. A postprocessing hook of drf-spectacular."""
    schemas = msgspec.json.schema_components([Batch], ref_template="#/components/schemas/Webhook{name}")[1]
    for schema in schemas.values():
        # The tests are strict; receivers should accept new fields.
        schema.pop("additionalProperties", None)
    result["components"]["schemas"] |= {f"Webhook{name}": schema for name, schema in sorted(schemas.items())}
    body = {"schema": {"$ref": "#/components/schemas/WebhookBatch"}, "example": _BATCH}
    result["webhooks"] = {
        "events": {
            "post": {
                "summary": "Events",
                "description": (
                    "The site POSTs this to a webhook's URL. Verify the signature over the raw body, and that the "
                    "timestamp is recent. An event may be sent more than once: recognize it by its `position`."
                ),
                "tags": ["webhooks"],
                "parameters": [_header(*header) for header in _SIGNED],
                "requestBody": {"required": True, "content": {"application/json": body}},
                "responses": {
                    "2XX": {"description": "Accepted. After any other answer, also a redirect, the site retries."},
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
    """Add the permission that each call needs. A postprocessing hook of drf-spectacular."""
    for path, _regex, method, view in generator.endpoints:
        if needed := getattr(view.cls, "permissions", {}).get(method):
            result["paths"][path][method.lower()]["description"] += f"\n\nNeeds the permission `{needed}`."
    return result


def explain_headers(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the rate limit headers. A postprocessing hook of drf-spectacular."""
    headers = {name: {"description": text, "schema": {"type": "integer"}} for name, text in _HEADERS.items()}
    result["components"]["headers"] = headers
    limits = [name for name in _HEADERS if name.startswith("RateLimit")]
    for path, operations in result["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                header_names = limits if path.startswith("/api/v1/") and status != "401" else []
                header_names = [*header_names, "Retry-After"] if status in ("429", "503") else header_names
                if header_names:
                    response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in header_names}
    return result


def explain_paths(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe the path parameters of all calls. A postprocessing hook of drf-spectacular."""
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path" and parameter["name"] in PATH_PARAMETERS:
                    meaning, schema, example = PATH_PARAMETERS[parameter["name"]]
                    parameter |= {"description": meaning, "schema": schema, "example": example}
    return result


def explain_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe each refusal and add an example. A postprocessing hook of drf-spectacular."""
    for path in result["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get(problems.MEDIA_TYPE)
                if content is not None and status in REFUSALS:
                    meaning, refusal = REFUSALS[status]
                    response["description"] = meaning
                    content["example"] = problems.problem_body(refusal, int(status))
    return result
