"""The OpenAPI document contains every call with all that a caller needs, and its examples are valid."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from chat.account_errors import ALL_REASONS
from chat.api.v1 import problems
from chat.api.v1.endpoint import NotFoundView
from chat.wire.schema.events import WEBHOOK_EVENTS
from imsite.api_docs import openapi

V1 = "/api/v1/"
MAKE_NOTHING = {
    "presence/query/", "webhooks/{webhook_id}/ping/", "attachments/", "uploads/", "scheduled/{scheduled_id}/send/",
    "push-subscription/test/",
}  # fmt: skip
"""Calls that make nothing which lasts, or nothing twice. A file that is uploaded twice is deleted unless it is sent.

A scheduled message is sent once.
"""
ALWAYS_REFUSED_WITH = {"400", "401", "403", "429"}


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in openapi.document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


OPERATIONS = dict(_operations())
each_operation = pytest.mark.parametrize("name", OPERATIONS)
each_of_v1 = pytest.mark.parametrize("name", [name for name in OPERATIONS if f" {V1}" in name])


def holds(schema: dict[str, Any], value: Any) -> None:
    """Check that the value matches the schema."""
    jsonschema_rs.Draft202012Validator({**schema, "components": openapi.document()["components"]}).validate(value)


def examples(content: dict[str, Any]) -> list[Any]:
    found = [example["value"] for example in content.get("examples", {}).values()]
    return [*found, content["example"]] if "example" in content else found


def test_the_document_is_openapi_3_1() -> None:
    assert openapi.document()["openapi"].startswith("3.1.")


def test_every_call_is_in_the_document() -> None:
    """The calls are all paths that Django routes to API views, except the catch-all for unknown paths."""
    routed = {path for path, view in _views() if issubclass(view, APIView) and not issubclass(view, NotFoundView)}
    assert routed == set(openapi.document()["paths"])


def test_a_problem_names_every_reason() -> None:
    reason = openapi.document()["components"]["schemas"]["Problem"]["properties"]["reason"]
    assert set(reason["x-extensible-enum"]) == set(ALL_REASONS)


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)


@each_operation
def test_an_operation_has_a_summary_and_a_description(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"] and not operation["summary"].endswith(".")
    assert operation["description"], f"the method of {name} needs a docstring"
    assert operation["tags"]


@each_operation
def test_an_operation_has_an_example_of_a_successful_answer(name: str) -> None:
    for status, response in OPERATIONS[name]["responses"].items():
        if status < "300" and status != "204":
            for content in response["content"].values():
                assert examples(content), f"{name} needs an example of {status}"


@each_operation
def test_an_operation_has_an_example_request(name: str) -> None:
    operation = OPERATIONS[name]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        assert examples(content), f"{name} needs an example of its body"
    for parameter in operation.get("parameters", ()):
        assert parameter["description"], f"{parameter['name']} of {name} needs a description"


@each_operation
def test_examples_match_their_schema(name: str) -> None:
    operation = OPERATIONS[name]
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for place in [*bodies, *operation["responses"].values()]:
        for content in place.get("content", {}).values():
            for example in examples(content):
                holds(content["schema"], example)


@each_of_v1
def test_an_operation_lists_its_refusals(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    assert set(responses) >= ALWAYS_REFUSED_WITH
    for status, response in responses.items():
        if status >= "400":
            assert response["description"] == openapi.REFUSALS[status][0]
            example = response["content"][problems.MEDIA_TYPE]["example"]
            assert example["status"] == int(status)


@each_of_v1
def test_an_operation_names_its_permission(name: str) -> None:
    method, path = name.split()
    permission = VIEWS[path].permissions[method]
    if permission is not None:
        assert OPERATIONS[name]["description"].endswith(f"\n\nNeeds the permission `{permission}`.")


@each_of_v1
def test_a_creating_operation_accepts_an_idempotency_key(name: str) -> None:
    parameters = {parameter["name"] for parameter in OPERATIONS[name].get("parameters", ())}
    if name.startswith("POST ") and name.removeprefix(f"POST {V1}") not in MAKE_NOTHING:
        assert "Idempotency-Key" in parameters


@each_of_v1
def test_an_answer_describes_the_rate_limit_headers(name: str) -> None:
    for status, response in OPERATIONS[name]["responses"].items():
        told = set(response.get("headers", ()))
        assert ("RateLimit-Remaining" in told) is (status != "401")
        assert ("Retry-After" in told) is (status in ("429", "503"))
        for header in response.get("headers", {}).values():
            assert header["$ref"].rpartition("/")[2] in openapi.document()["components"]["headers"]


def test_the_document_describes_the_webhook_payloads() -> None:
    content = openapi.document()["webhooks"]["events"]["post"]["requestBody"]["content"]["application/json"]
    holds(content["schema"], content["example"])
    kinds = openapi.document()["components"]["schemas"]["WebhookBatch"]["properties"]["events"]["items"]
    assert set(kinds["discriminator"]["mapping"]) == set(WEBHOOK_EVENTS)
    for bad in ({"event": "message.sent", "position": 1, "time": 1, "data": {}}, {"event": "other"}):
        with pytest.raises(jsonschema_rs.ValidationError):
            holds(content["schema"], {"webhook": "3", "events": [bad]})


def _views() -> Iterator[tuple[str, type]]:
    def below(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, type]]:
        for pattern in resolver.url_patterns:
            path = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
            if isinstance(pattern, URLResolver):
                yield from below(pattern, path)
            elif isinstance(pattern, URLPattern) and hasattr(pattern.callback, "cls"):
                yield path, pattern.callback.cls

    return below(get_resolver(), "/")


VIEWS: dict[str, Any] = dict(_views())
