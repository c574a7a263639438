"""Users set up an authenticator app and recovery codes on the account pages."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import email_set
from accounts.encryption import decrypt
from accounts.mail import wait_until_sent
from accounts.models import AuthenticatorApp, RecoveryCode, User
from tests.support.account_pages import sign_in
from tests.support.second_factor import SETTINGS, STEP, add_app, app_code, reauthenticate, take_first_step

APP = f"{SETTINGS}app/"
CODES = f"{SETTINGS}recovery-codes/"


def _codes_on(page: str) -> list[str]:
    return re.findall(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", page)


def test_alice_sets_up_an_app_and_signs_in_with_it(alice: User, browser: Client) -> None:
    email_set(user_id=alice.pk, email="alice@example.org")
    reauthenticate(browser)
    page = browser.get(APP).content.decode()
    [shown] = re.findall(r'data-testid="secret">([A-Z2-7 ]+)<', page)
    secret = shown.replace(" ", "")
    assert "<svg" in page and browser.post(APP, {"code": "000000"}).status_code == 200
    assert shown in browser.get(APP).content.decode()
    code = app_code(secret)
    codes = _codes_on(browser.post(APP, {"code": code}, follow=True).content.decode())
    assert len(set(codes)) == 10
    alice.refresh_from_db()
    assert alice.has_second_factor
    row = AuthenticatorApp.objects.get(user=alice)
    assert secret not in row.secret and decrypt(row.secret) == secret
    # The code of the set-up has been used.
    assert take_first_step().post(STEP, {"code": code}).status_code == 200
    assert take_first_step().post(STEP, {"code": app_code(secret, later=1)}).status_code == 302
    wait_until_sent()
    assert "An authenticator app was added to your account alice." in mail.outbox[0].body
    assert secret not in mail.outbox[0].body


def test_recovery_codes_are_shown_once_and_stored_as_digests(alice: User, browser: Client) -> None:
    _, earlier = add_app(alice)
    reauthenticate(browser)
    codes = _codes_on(browser.post(CODES, follow=True).content.decode())
    assert len(codes) == 10 and not set(codes) & set(earlier)
    assert browser.get(CODES)["Location"] == SETTINGS
    stored = RecoveryCode.objects.filter(user=alice).values_list("digest", flat=True)
    assert len(stored) == 10 and not any(code in stored for code in codes)
    assert take_first_step().post(STEP, {"code": earlier[0]}).status_code == 200
    assert take_first_step().post(STEP, {"code": codes[0]}).status_code == 302
    assert "9 codes left" in browser.get(SETTINGS).content.decode()


def test_alice_turns_it_off_again(alice: User, browser: Client) -> None:
    email_set(user_id=alice.pk, email="alice@example.org")
    add_app(alice)
    reauthenticate(browser)
    for _ in range(2):
        # The second time there is nothing to remove, and nothing to tell.
        browser.post(f"{APP}remove/")
    alice.refresh_from_db()
    assert not alice.has_second_factor and not RecoveryCode.objects.exists()
    assert "Off." in browser.get(SETTINGS).content.decode()
    wait_until_sent()
    [letter] = mail.outbox
    assert "The authenticator app was removed from your account alice." in letter.body


def test_changes_that_send_mails_are_limited(alice: User, browser: Client, settings: Settings) -> None:
    settings.IM_SECOND_FACTOR_RATE = 2
    add_app(alice)
    reauthenticate(browser)
    pages = [browser.post(CODES)["Location"] for _ in range(3)]
    assert pages == [CODES, CODES, SETTINGS]
    assert RecoveryCode.objects.filter(user=alice).count() == 10
    refused = browser.post(f"{SETTINGS}passkeys/add/", {"answer": "{}"})
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0


def test_it_offers_to_sign_out_devices_that_took_no_second_step(alice: User, browser: Client) -> None:
    earlier = Client()
    sign_in(earlier, "alice")
    reauthenticate(browser)
    assert "devices/others/" not in browser.get(SETTINGS).content.decode()
    add_app(alice)
    assert "devices/others/" in browser.get(SETTINGS).content.decode()
    browser.post("/accounts/devices/others/")
    assert SESSION_KEY in browser.session and earlier.get("/accounts/profile/").status_code == 302


@pytest.mark.parametrize("path", [SETTINGS, APP, f"{APP}remove/", CODES])
def test_each_page_asks_for_the_password_first(alice: User, browser: Client, path: str) -> None:
    secret, _ = add_app(alice)
    assert browser.get(path)["Location"].startswith("/accounts/confirm/?next=")
    assert browser.post(path, {"code": app_code(secret)})["Location"].startswith("/accounts/confirm/?next=")
    wrong = browser.post("/accounts/confirm/", {"current_password": "wrong"})
    assert "The password is incorrect." in wrong.content.decode()
    assert browser.get(path)["Location"].startswith("/accounts/confirm/")
    alice.refresh_from_db()
    assert alice.has_second_factor and RecoveryCode.objects.count() == 10


def test_the_confirmation_redirects_to_pages_of_this_site_only(alice: User, browser: Client) -> None:
    for wanted, page in ((APP, APP), ("https://elsewhere.example/", SETTINGS), ("//elsewhere.example", SETTINGS)):
        response = browser.post("/accounts/confirm/", {"current_password": "a good password", "next": wanted})
        assert response["Location"] == page


def test_a_user_without_a_password_confirms_with_a_code(alice: User, browser: Client) -> None:
    email_set(user_id=alice.pk, email="alice@example.org")
    secret, codes = add_app(alice)
    alice.set_unusable_password()
    alice.save(update_fields=["password"])
    browser.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.post("/accounts/confirm/", {"username_confirmation": "alice"}).status_code == 200
    assert browser.post("/accounts/confirm/", {"code": "123 456"}).status_code == 200
    assert browser.post("/accounts/confirm/", {"code": codes[3]}).status_code == 302
    assert browser.post("/accounts/confirm/", {"code": app_code(secret)}).status_code == 302
    wait_until_sent()
    assert [letter.subject for letter in mail.outbox] == ["A recovery code was used · imsite"]


def test_an_app_survives_a_new_secret_key(alice: User, settings: Settings) -> None:
    secret, codes = add_app(alice)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert take_first_step().post(STEP, {"code": app_code(secret)}).status_code == 302
    settings.SECRET_KEY_FALLBACKS = []
    assert take_first_step().post(STEP, {"code": app_code(secret, later=1)}).status_code == 302
    settings.SECRET_KEY = "unrelated"
    assert take_first_step().post(STEP, {"code": codes[0]}).status_code == 302
