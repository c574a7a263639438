"""Attack 22: with the password of a user who has a second factor, nobody gets in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import email_set, token_issue, user_update
from accounts.mail import wait_until_sent
from accounts.models import User
from accounts.rate_limits import second_factor_rate_limit
from accounts.second_factor.attempts import notice_rate_limiter
from accounts.selectors.users import user_by_session
from tests.support.account_pages import session_key, sign_in
from tests.support.fixtures.users import PASSWORD
from tests.support.second_factor import STEP, add_app, app_code, take_first_step

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _rate_limit() -> Iterator[None]:
    second_factor_rate_limit.reset()
    notice_rate_limiter.reset()
    yield
    second_factor_rate_limit.reset()
    notice_rate_limiter.reset()


def test_without_the_second_step_nothing_is_usable(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    add_app(alice)
    client = take_first_step()
    # WebSocket and REST know the session by this look-up.
    assert user_by_session(session_key(client)) is None
    for page in ("/accounts/profile/", "/accounts/data/", "/accounts/second-factor/", "/accounts/confirm/"):
        assert client.get(page)["Location"].startswith("/accounts/login/")
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.post("/accounts/data/export/").status_code == 302
    assert client.post("/accounts/password/", {"current_password": PASSWORD, "password": "x" * 12}).status_code == 302
    assert b"alice" not in client.get("/").content


def test_the_rights_of_staff_rest_until_they_have_a_second_factor(alice: User, settings: Settings) -> None:
    settings.IM_STAFF_SECOND_FACTOR = True
    settings.IM_MONITORING_NETWORKS = settings.IM_API_DOCS_NETWORKS = ()
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    client, token = take_first_step(), token_issue(user=alice)
    paths = ("/admin/", "/admin/nodes/", "/admin/accounts/user/", "/healthz", "/api/protocol/")

    def opened() -> set[str]:
        found = {path for path in paths if client.get(path).status_code == 200}
        # A token of the user is a session of a program: it gets no further than the user.
        answer = Client().get("/api/v1/channels/", headers={"Authorization": f"Bearer {token}"})
        return found | ({"REST"} if answer.status_code == 200 else set())

    assert opened() == set()
    add_app(alice)
    assert opened() == {*paths, "REST"}


def test_a_code_works_once(alice: User) -> None:
    secret, _ = add_app(alice)
    code = app_code(secret)
    assert take_first_step().post(STEP, {"code": code}).status_code == 302
    repeated = take_first_step()
    assert repeated.post(STEP, {"code": code}).status_code == 200 and SESSION_KEY not in repeated.session


def test_a_code_older_than_the_last_one_is_refused(alice: User) -> None:
    secret, _ = add_app(alice)
    earlier, later = app_code(secret), app_code(secret, later=1)
    assert take_first_step().post(STEP, {"code": later}).status_code == 302
    assert take_first_step().post(STEP, {"code": earlier}).status_code == 200


def test_a_recovery_code_works_once(alice: User) -> None:
    _, codes = add_app(alice)
    assert take_first_step().post(STEP, {"code": codes[0]}).status_code == 302
    assert take_first_step().post(STEP, {"code": codes[0]}).status_code == 200


def test_codes_of_another_user_are_refused(alice: User, bob: User) -> None:
    add_app(alice)
    secret, codes = add_app(bob)
    client = take_first_step("alice")
    for code in (app_code(secret), codes[0]):
        assert client.post(STEP, {"code": code}).status_code == 200
    assert SESSION_KEY not in client.session


def test_guessing_codes_is_limited_by_user_wherever_it_comes_from(alice: User, settings: Settings) -> None:
    settings.IM_SECOND_FACTOR_RATE = 3
    secret, _ = add_app(alice)
    for number in range(3):
        client = take_first_step()
        assert client.post(STEP, {"code": "000 00"}, REMOTE_ADDR=f"192.0.2.{number}").status_code == 200
    # Now the right code is refused as well, in every browser.
    client = take_first_step()
    refused = client.post(STEP, {"code": app_code(secret)}, REMOTE_ADDR="192.0.2.9")
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0
    assert SESSION_KEY not in client.session


def test_the_user_is_told_once_that_codes_are_being_guessed(alice: User, settings: Settings) -> None:
    settings.IM_SECOND_FACTOR_RATE = 2
    add_app(alice)
    email_set(user_id=alice.pk, email="alice@example.org")
    client = take_first_step()
    for _ in range(2):
        assert client.post(STEP, {"code": "000 00"}).status_code == 200
    wait_until_sent()
    assert not mail.outbox
    for _ in range(3):
        assert client.post(STEP, {"code": "000 00"}).status_code == 429
    wait_until_sent()
    [told] = mail.outbox
    assert told.to == ["alice@example.org"] and told.subject == "Many sign-in codes were tried · imsite"
    assert "for your account alice" in told.body and "change your password" in told.body


@pytest.mark.parametrize("code", ["", " ", "\0", "１２３４５６", "²³¹²³¹", "9" * 41, "0" * 7, "-1", "null"])
def test_malformed_codes_are_refused_plainly(alice: User, code: str) -> None:
    add_app(alice)
    client = take_first_step()
    assert client.post(STEP, {"code": code}).status_code == 200
    assert SESSION_KEY not in client.session


def test_a_planted_session_does_not_get_the_second_step_of_its_victim(alice: User, bob: User) -> None:
    """Mallory puts the cookie of a session that waits for her own second step into Alice's browser."""
    add_app(alice)
    mallory_secret, _ = add_app(bob)
    mallory = take_first_step("bob")
    planted = session_key(mallory)
    alices = Client()
    alices.cookies["sessionid"] = planted
    assert sign_in(alices, "alice") == 302
    assert session_key(alices) != planted
    assert mallory.get(STEP)["Location"] == "/accounts/login/"
    assert mallory.post(STEP, {"code": app_code(mallory_secret)})["Location"] == "/accounts/login/"
    assert SESSION_KEY not in alices.session


def test_each_step_gets_a_new_session(alice: User) -> None:
    secret, _ = add_app(alice)
    client = take_first_step()
    first = session_key(client)
    client.post(STEP, {"code": app_code(secret)})
    assert session_key(client) != first and user_by_session(first) is None
    stolen = Client()
    stolen.cookies["sessionid"] = first
    assert stolen.get(STEP)["Location"] == "/accounts/login/"


@pytest.mark.parametrize("page", ["password/", "email/", "deactivate/", "data/delete/"])
def test_an_open_browser_gives_no_way_around_the_second_factor(alice: User, page: str) -> None:
    """Alice has no password. With one of their own, a stranger at her browser could turn the second factor off."""
    _, codes = add_app(alice)
    alice.set_unusable_password()
    alice.save(update_fields=["password"])
    client, path = Client(), f"/accounts/{page}"
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    new = "a stranger's password"
    form = {"password": new, "password_confirmation": new, "username_confirmation": "alice", "email": "x@example.org"}
    for response in (client.get(path), client.post(path, form)):
        assert response["Location"].startswith("/accounts/confirm/?next=")
    alice.refresh_from_db()
    assert alice.is_active and not alice.has_usable_password()
    assert client.post("/accounts/confirm/", {"code": codes[0], "next": path})["Location"] == path
    assert client.get(path).status_code == 200


def test_the_sign_in_by_phone_number_gives_no_token(alice: User, client: Client) -> None:
    """Its answer is that to a wrong password."""
    user_update(user_id=alice.pk, nickname="Alice", phone_number="555-1", email=None)

    def log_in(password: str) -> dict[str, Any]:
        form = urlencode({"phone_number": "555-1", "password": password})
        answer: dict[str, Any] = client.post("/login", form, content_type=FORM).json()
        return answer

    assert log_in(PASSWORD)["code"] == 200
    add_app(alice)
    refused = log_in(PASSWORD)
    assert refused == log_in("wrong") and refused["code"] == -1


def test_the_sign_in_form_does_not_tell_who_has_a_second_factor(alice: User, bob: User) -> None:
    add_app(alice)
    pages = {
        Client().post("/accounts/login/", {"username": name, "password": "wrong"}).content.count(b"second")
        for name in ("alice", "bob")
    }
    assert len(pages) == 1
