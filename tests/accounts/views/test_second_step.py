"""Users with an authenticator app take a second step when they sign in."""

from __future__ import annotations

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import second_step
from accounts.actions import email_set, sign_out_everywhere, user_deactivate
from accounts.mail import wait_until_sent
from accounts.models import Device, RecoveryCode, User
from tests.support.account_pages import sign_in
from tests.support.second_factor import STEP, add_app, app_code, take_first_step


def test_alice_signs_in_with_password_and_code(alice: User) -> None:
    secret, _ = add_app(alice)
    client = take_first_step(next_page="/x?y=1")
    assert "One more step to sign in as <strong>alice</strong>" in client.get(STEP).content.decode()
    assert SESSION_KEY not in client.session and not Device.objects.exists()
    response = client.post(STEP, {"code": app_code(secret)})
    assert response["Location"] == "/x?y=1" and client.session[SESSION_KEY] == str(alice.pk)
    assert Device.objects.get().user == alice


def test_a_code_may_have_spaces_and_be_of_the_next_step(alice: User) -> None:
    secret, _ = add_app(alice)
    code = app_code(secret, later=1)
    assert take_first_step().post(STEP, {"code": f" {code[:3]} {code[3:]} "}).status_code == 302


def test_a_wrong_code_is_refused_with_the_form(alice: User) -> None:
    add_app(alice)
    client = take_first_step()
    page = client.post(STEP, {"code": "12345"}).content.decode()
    assert "This code is wrong or has been used already." in page and 'name="code"' in page and "12345" not in page
    assert SESSION_KEY not in client.session


def test_a_recovery_code_signs_in_and_is_reported_by_mail(alice: User) -> None:
    _, codes = add_app(alice)
    email_set(user_id=alice.pk, email="alice@example.org")
    client = take_first_step()
    assert "Recovery code" in client.get(f"{STEP}?recovery=1").content.decode()
    assert client.post(f"{STEP}?recovery=1", {"code": codes[0].upper().replace("-", " ")}).status_code == 302
    assert client.session[SESSION_KEY] == str(alice.pk)
    assert RecoveryCode.objects.filter(user=alice).count() == 9
    wait_until_sent()
    assert "A recovery code of your account alice was used." in mail.outbox[0].body


def test_a_user_without_a_second_factor_has_no_second_step(alice: User) -> None:
    client = take_first_step()
    assert client.session[SESSION_KEY] == str(alice.pk)
    assert client.get(STEP)["Location"] == "/accounts/login/"


@pytest.mark.parametrize("end", ["time", "deactivated", "signed out everywhere"])
def test_the_second_step_ends(alice: User, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _ = add_app(alice)
    client = take_first_step()
    if end == "time":
        monkeypatch.setattr(second_step, "LIFETIME_SECONDS", -1)
    elif end == "deactivated":
        user_deactivate(user_id=alice.pk)
    else:
        sign_out_everywhere(user_id=alice.pk)
    page = client.post(STEP, {"code": app_code(secret)}, follow=True)
    assert "This took too long. Sign in again." in page.content.decode()
    assert SESSION_KEY not in client.session


def test_a_first_step_as_another_user_ends_the_present_session(alice: User, bob: User) -> None:
    secret, _ = add_app(bob)
    client = take_first_step("alice")
    assert sign_in(client, "bob") == 302
    assert SESSION_KEY not in client.session and not Device.objects.filter(user=alice).exists()
    client.post(STEP, {"code": app_code(secret)})
    assert client.session[SESSION_KEY] == str(bob.pk)


def test_staff_without_a_second_factor_are_led_to_set_it_up(alice: User, settings: Settings) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    client = take_first_step()
    assert client.get("/admin/").status_code == 200
    settings.IM_STAFF_SECOND_FACTOR = True
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/confirm/?next=")
    assert client.get("/admin/accounts/user/").status_code == 302
    assert not User.objects.get(pk=alice.pk).has_perm("chat.view_state")
    add_app(alice)
    assert client.get("/admin/").status_code == 200
    assert User.objects.get(pk=alice.pk).has_perm("chat.view_state")


def test_the_admin_asks_for_the_second_step(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    secret, _ = add_app(alice)
    client = Client()
    login = client.get("/admin/", follow=True).redirect_chain[-1][0]
    client.post(login, {"username": "alice", "password": "a good password", "next": "/admin/"})
    assert client.get("/admin/").status_code == 302
    assert client.post(STEP, {"code": app_code(secret)})["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
