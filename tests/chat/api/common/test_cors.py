"""Pages of allowed origins may read the answers; others may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from chat.models import Message
from tests.chat.api.conftest import FORM

pytestmark = pytest.mark.usefixtures("web")

FRIEND = "https://friend.example:8443"
PATHS = ["/user/list", "/user/online", "/user/sendMessage", "/user/sendMessageAll", "/system/state"]


@pytest.fixture(autouse=True)
def friend(settings: Settings) -> None:
    settings.IM_ALLOWED_ORIGINS = (FRIEND,)


def varies(response: Any) -> set[str]:
    return {name.strip() for name in response["Vary"].split(",")}


def preflight(path: str, origin: str, client: Client) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    return client.options(path, headers=headers)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_of_an_allowed_origin_may_read_the_answer(path: str) -> None:
    response = Client().get(path, {"appID": "101"}, headers={"Origin": FRIEND})
    assert response["Access-Control-Allow-Origin"] == FRIEND
    assert "Access-Control-Allow-Credentials" not in response
    assert "Origin" in varies(response)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null"])
def test_a_page_of_another_origin_may_not_read_the_answer(path: str, origin: str) -> None:
    response = Client().get(path, {"appID": "101"}, headers={"Origin": origin})
    assert not [name for name in response.headers if name.startswith("Access-Control-")]
    assert "Origin" in varies(response)


def test_answers_to_programs_vary_by_origin() -> None:
    response = Client().get("/user/list", {"appID": "101"})
    assert "Access-Control-Allow-Origin" not in response
    assert "Origin" in varies(response)
    assert response["Cache-Control"] == "no-store"


def test_a_page_of_an_allowed_origin_may_read_a_refusal() -> None:
    response = Client(REMOTE_ADDR="203.0.113.9").get("/user/list", headers={"Origin": FRIEND})
    assert response.json()["code"] == 1003
    assert response["Access-Control-Allow-Origin"] == FRIEND


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_needs_no_credentials(path: str) -> None:
    response = preflight(path, FRIEND, Client(REMOTE_ADDR="203.0.113.9"))
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == FRIEND
    assert ("POST" if "send" in path else "GET") in response["Access-Control-Allow-Methods"].split(", ")
    assert {"authorization", "content-type"} <= set(response["Access-Control-Allow-Headers"].split(", "))
    assert "Origin" in varies(response)


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null"])
def test_a_preflight_of_another_origin_allows_nothing(origin: str) -> None:
    response = preflight("/user/sendMessageAll", origin, Client())
    assert not [name for name in response.headers if name.startswith("Access-Control-")]


def test_a_preflight_sends_no_message() -> None:
    body = "appID=101&userID=alice&msgID=1&message=hi"
    Client().options("/user/sendMessageAll", body, FORM, headers={"Origin": FRIEND})
    assert not Message.objects.exists()
