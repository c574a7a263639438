"""Calls need a token with the right permission or an open network, and never come from a page of another origin."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import guest_create, user_deactivate
from accounts.models import User
from chat.models import Message
from tests.chat.api.conftest import Answer, Grant, get, post
from tests.support.both_ways import each_way

pytestmark = [pytest.mark.usefixtures("web", "alice"), each_way]

CALLS = {
    "/user/list": {"appID": "101"},
    "/user/online": {"userID": "alice"},
    "/user/sendMessage": {"userID": "alice", "msgID": "1", "message": "hi"},
    "/user/sendMessageAll": {"appID": "101", "userID": "夏圭？", "msgID": "1", "message": "hi"},
    "/system/state": {},
}
each_call = pytest.mark.parametrize("path", CALLS)
USE, VIEW = "use_gateway", "view_state"


def call(client: Client, path: str, **headers: str) -> Answer:
    return (post if "send" in path else get)(client, path, headers, **CALLS[path])


@each_call
def test_a_program_on_loopback_needs_no_token(path: str) -> None:
    assert call(Client(), path)["code"] == 200
    assert call(Client(REMOTE_ADDR="::1"), path)["code"] == 200


@each_call
def test_a_program_elsewhere_needs_a_token(path: str, outside: Client) -> None:
    reply = call(outside, path)
    assert (reply["code"], reply["msg"]) == (1003, "Not authorised")
    assert not Message.objects.exists()


@each_call
def test_a_program_elsewhere_calls_with_a_token(path: str, outside: Client, shop: User, grant: Grant) -> None:
    assert call(outside, path, Authorization=grant(shop, USE, VIEW))["code"] == 200


@each_call
def test_a_token_without_the_permission_is_refused_on_loopback_too(path: str, shop: User, grant: Grant) -> None:
    other = USE if path == "/system/state" else VIEW
    assert call(Client(), path, Authorization=grant(shop, other))["code"] == 1003
    assert not Message.objects.exists()


@each_call
@pytest.mark.parametrize("scheme", ["Token", "Bearer"])
def test_tokens_are_sent_as_in_the_rest_api(path: str, scheme: str, outside: Client, shop: User, grant: Grant) -> None:
    token = grant(shop, USE, VIEW).split()[1]
    assert call(outside, path, Authorization=f"{scheme} {token}")["code"] == 200


@each_call
@pytest.mark.parametrize("credential", ["Token wrong", "Token", "Token a b", "Token \xff", "Basic {token}", "Bearer x"])
def test_a_wrong_credential_is_refused_on_loopback_too(path: str, credential: str, shop: User, grant: Grant) -> None:
    token = grant(shop, USE, VIEW).split()[1]
    assert call(Client(), path, Authorization=credential.format(token=token))["code"] == 1003


def test_the_token_of_a_service_that_was_deactivated_is_refused(outside: Client, shop: User, grant: Grant) -> None:
    token = grant(shop, USE)
    assert call(outside, "/user/list", Authorization=token)["code"] == 200
    user_deactivate(user_id=shop.pk)
    assert call(outside, "/user/list", Authorization=token)["code"] == 1003


def test_a_guest_has_no_permission(outside: Client, grant: Grant) -> None:
    assert call(outside, "/user/list", Authorization=grant(guest_create(name="夏圭？")))["code"] == 1003


def test_a_browser_session_is_ignored(outside: Client, alice: User, grant: Grant) -> None:
    grant(alice, USE, VIEW)
    outside.force_login(alice, "django.contrib.auth.backends.ModelBackend")
    for path in CALLS:
        assert call(outside, path)["code"] == 1003


def test_the_operator_allows_another_network(outside: Client, settings: Settings) -> None:
    settings.IM_OPEN_GATEWAY = ("203.0.113.0/24",)
    assert call(outside, "/user/list")["code"] == 200
    assert call(Client(REMOTE_ADDR="::ffff:203.0.113.9"), "/user/list")["code"] == 200
    assert call(Client(), "/user/list")["code"] == 1003


@pytest.mark.parametrize("address", ["", "unix:", "127.0.0.1.example"])
def test_a_client_without_an_address_is_in_no_open_network(address: str, settings: Settings) -> None:
    settings.IM_OPEN_GATEWAY = ("0.0.0.0/0", "::/0")
    assert call(Client(REMOTE_ADDR=address), "/user/list")["code"] == 1003


def test_a_forged_forwarding_header_gives_no_access(outside: Client, settings: Settings) -> None:
    for proxies in ("", "10.0.0.1"):
        settings.IM_TRUSTED_PROXIES = proxies
        assert call(outside, "/user/list", **{"X-Forwarded-For": "127.0.0.1"})["code"] == 1003


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_a_request_from_an_untrusted_proxy_is_not_loopback(header: str) -> None:
    assert call(Client(), "/user/list", **{header: "203.0.113.9"})["code"] == 1003


def test_an_address_from_a_trusted_proxy_is_used(settings: Settings) -> None:
    settings.IM_TRUSTED_PROXIES = "10.0.0.1"
    assert call(Client(REMOTE_ADDR="127.0.0.1"), "/user/list", **{"X-Forwarded-For": "127.0.0.1"})["code"] == 200


FOREIGN = [
    "http://elsewhere.example",
    "null",
    "https://testserver",
    "http://testserver:8000",
    "http://testserver.elsewhere.example",
    "http://friend.example",
    "https://friend.example:8444",
    "https://friend.example:8443, http://elsewhere.example",
    "",
]


@each_call
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_origin_is_refused(path: str, origin: str, settings: Settings) -> None:
    """This holds for any content: a form of another site posts without a preflight."""
    settings.IM_ALLOWED_ORIGINS = ("https://friend.example:8443",)
    assert call(Client(), path, Origin=origin)["code"] == 1003
    assert not Message.objects.exists()


@each_call
def test_a_page_of_another_origin_is_refused_with_a_token_too(path: str, shop: User, grant: Grant) -> None:
    token = grant(shop, USE, VIEW)
    assert call(Client(), path, Origin="http://elsewhere.example", Authorization=token)["code"] == 1003


@each_call
@pytest.mark.parametrize("origin", ["http://testserver", "https://friend.example:8443"])
def test_the_site_s_own_pages_and_those_on_the_list_may_call(path: str, origin: str, settings: Settings) -> None:
    settings.IM_ALLOWED_ORIGINS = ("https://friend.example:8443",)
    assert call(Client(enforce_csrf_checks=True), path, Origin=origin)["code"] == 200


@each_call
def test_an_unknown_host_is_refused_before_anything_happens(path: str) -> None:
    """An attacker points a host name at loopback; its pages send no Origin, as they call their own host."""
    client = Client(HTTP_HOST="rebound.example")
    response = client.post(path, CALLS[path]) if "send" in path else client.get(path, CALLS[path])
    assert response.status_code == 400
    assert not Message.objects.exists()
