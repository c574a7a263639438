"""Fixtures for calls of the REST API by a service with a token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chat.account_errors import ALL_REASONS
from chat.api.common.throttles import throttles
from tests.chat.api.conftest import Grant


@dataclass(frozen=True)
class Reply:
    """The answer to a call."""

    status: int
    data: Any
    headers: dict[str, str]

    @property
    def code(self) -> int:
        """Return the code of a problem."""
        return int(self.data["code"])


class Caller:
    """A program that calls `/api/v1/…` with or without a token."""

    def __init__(self, authorization: str | None, **environment: str) -> None:
        self._client = Client(**environment)
        self._headers = {} if authorization is None else {"Authorization": authorization}

    def __call__(self, method: str, path: str, body: Any = None, /, **headers: str) -> Reply:
        raw = body if isinstance(body, bytes | str) else b"" if body is None else json.dumps(body)
        given = self._headers | {name.replace("_", "-"): value for name, value in headers.items()}
        content_type = given.pop("Content-Type", "application/json")
        reply = self._client.generic(method, f"/api/v1/{path}", raw, content_type, headers=given)
        kind = reply.headers.get("Content-Type", "")
        data = json.loads(reply.content) if "json" in kind else reply.content
        if reply.status_code >= 400:
            assert kind == "application/problem+json", (reply.status_code, reply.content)
            assert data["status"] == reply.status_code and data["detail"]
            assert ALL_REASONS[data["reason"]].code.number == data["code"], data
        return Reply(reply.status_code, data, dict(reply.headers))

    def get(self, path: str, **headers: str) -> Reply:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self("POST", path, body, **headers)


@pytest.fixture(autouse=True)
def _whole_allowances() -> Iterator[None]:
    throttles.reset()
    yield
    throttles.reset()


@pytest.fixture
def bot(shop: User, grant: Grant) -> Caller:
    """Return the shop with the permission to use the gateway."""
    return Caller(grant(shop, "use_gateway"))


@pytest.fixture
def speaker(shop: User, grant: Grant) -> Caller:
    """Return the shop with the permission to send in the name of users as well."""
    return Caller(grant(shop, "use_gateway", "speak_for_others"))
