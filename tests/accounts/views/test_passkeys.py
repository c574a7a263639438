"""Users add passkeys and sign in with them, alone or after the password."""

from __future__ import annotations

import pytest
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import email_set
from accounts.mail import wait_until_sent
from accounts.models import Passkey, RecoveryCode, User
from tests.support.passkeys import ADD, Authenticator, add_passkey, use_passkey
from tests.support.second_factor import SETTINGS, STEP, add_app, app_code, reauthenticate, take_first_step


@pytest.fixture
def key(alice: User, browser: Client) -> Authenticator:
    """Return an authenticator with a passkey of Alice."""
    authenticator = Authenticator()
    reauthenticate(browser)
    assert add_passkey(browser, authenticator).status_code == 200
    alice.refresh_from_db()
    return authenticator


def test_alice_adds_a_passkey_and_gets_recovery_codes(alice: User, browser: Client) -> None:
    email_set(user_id=alice.pk, email="alice@example.org")
    reauthenticate(browser)
    response = add_passkey(browser, Authenticator(), "Phone <b>")
    assert response.json() == {"next": f"{SETTINGS}recovery-codes/"}
    assert browser.get(response.json()["next"]).content.decode().count("-") > 30
    page = browser.get(SETTINGS).content.decode()
    assert "Phone &lt;b&gt;" in page and "On. After your password" in page
    alice.refresh_from_db()
    assert alice.has_second_factor and RecoveryCode.objects.count() == 10
    wait_until_sent()
    assert "The passkey “Phone <b>” was added to your account alice." in mail.outbox[0].body


def test_alice_signs_in_with_the_passkey_alone(alice: User, key: Authenticator) -> None:
    client = Client()
    response = use_passkey(client, key, next="/x?y=1")
    assert response.json() == {"next": "/x?y=1"} and client.session[SESSION_KEY] == str(alice.pk)
    passkey = Passkey.objects.get()
    assert (passkey.sign_count, passkey.last_used_at is not None) == (2, True)
    assert use_passkey(Client(), key, next="https://elsewhere.example").json() == {"next": "/"}


def test_alice_takes_the_second_step_with_the_passkey(alice: User, key: Authenticator) -> None:
    client = take_first_step(next_page="/x")
    page = client.get(STEP).content.decode()
    assert "Use a passkey" in page and "Recovery code" in page
    # A touch is enough: the password was the other factor.
    key.verifies_user = False
    assert use_passkey(client, key, STEP).json() == {"next": "/x"}
    assert client.session[SESSION_KEY] == str(alice.pk)


def test_alice_confirms_with_the_passkey(alice: User, key: Authenticator) -> None:
    client = Client()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(SETTINGS).status_code == 302
    assert use_passkey(client, key, "/accounts/confirm/", next=f"{SETTINGS}app/").json() == {"next": f"{SETTINGS}app/"}
    assert client.get(SETTINGS).status_code == 200


def test_the_clocks_of_nodes_may_differ(alice: User, key: Authenticator) -> None:
    """Each step is answered by a node whose clock is half a minute behind that of the one before."""

    def set_clock_back(client: Client, name: str) -> None:
        session = client.session
        kept = session[name]
        session[name] = kept + 30 if isinstance(kept, int) else kept | {"at": kept["at"] + 30}
        session.save()

    client = take_first_step()
    options = client.post(f"{STEP}options/").json()
    for name in ("second_step", "passkey_challenge"):
        set_clock_back(client, name)
    assert client.post(f"{STEP}passkey/", {"answer": key.get(options)}).status_code == 200
    reauthenticate(client)
    set_clock_back(client, "reauthenticated_at")
    assert client.get(SETTINGS).status_code == 200


def test_a_passkey_that_is_shared_between_devices_counts_nothing(alice: User, browser: Client) -> None:
    authenticator = Authenticator(sign_count=0)
    reauthenticate(browser)
    add_passkey(browser, authenticator)
    for _ in range(2):
        authenticator.sign_count = -1
        assert use_passkey(Client(), authenticator).status_code == 200


def test_alice_renames_and_removes_a_passkey(alice: User, browser: Client, key: Authenticator) -> None:
    secret, _ = add_app(alice)
    passkey = Passkey.objects.get()
    browser.post(f"{ADD}{passkey.pk}/", {"name": " Work \u202elaptop "})
    assert ">Work laptop<" in browser.get(SETTINGS).content.decode()
    browser.post(f"{ADD}{passkey.pk}/remove/")
    alice.refresh_from_db()
    assert alice.has_second_factor and not Passkey.objects.exists()
    assert use_passkey(Client(), key).status_code == 400
    assert take_first_step().post(STEP, {"code": app_code(secret)}).status_code == 302


def test_removing_the_last_factor_turns_it_off(alice: User, browser: Client, key: Authenticator) -> None:
    browser.post(f"{ADD}{Passkey.objects.get().pk}/remove/")
    alice.refresh_from_db()
    assert not alice.has_second_factor and not RecoveryCode.objects.exists()


def test_the_number_of_passkeys_is_limited(
    alice: User, browser: Client, key: Authenticator, settings: Settings
) -> None:
    settings.IM_MAX_PASSKEYS_PER_USER = 1
    refused = add_passkey(browser, Authenticator())
    assert refused.status_code == 409 and refused.json()["reason"] == "passkey_limit_reached"


def test_adding_a_passkey_needs_the_password(alice: User, browser: Client) -> None:
    for path in (f"{ADD}options/", f"{ADD}add/", f"{ADD}1/", f"{ADD}1/remove/"):
        assert browser.post(path)["Location"].startswith("/accounts/confirm/?next=")
