"""Users manage devices, email address and deactivation in the browser."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import rate_limits
from accounts.actions import devices_record_use, session_end, token_create
from accounts.credentials import session_credential
from accounts.mail import wait_until_sent
from accounts.models import App, Device, User
from accounts.selectors.users import user_by_session, user_by_token
from tests.accounts.conftest import Revocations
from tests.support.account_pages import session_key
from tests.support.fixtures.users import PASSWORD

PAGE = "/accounts/sign-in-methods/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def _signed_in(username: str = "alice", agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": agent})
    assert client.post("/accounts/login/", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def test_a_browser_that_signs_in_is_listed(alice: User) -> None:
    page = _signed_in().get(PAGE).content.decode()
    assert "Firefox · Linux" in page and "127.0.0.1" in page and "This device" in page
    assert page.count('data-testid="device"') == 1


def test_the_secret_of_a_session_or_token_is_on_no_page(alice: User) -> None:
    made = token_create(user=alice, name="Build robot")
    client = _signed_in()
    page = client.get(PAGE).content.decode()
    assert "Build robot" in page
    assert made.token not in page and session_key(client) not in page and made.token[:15] not in page


def test_the_page_shows_the_last_address_and_app_of_a_device(alice: User) -> None:
    client = _signed_in()
    App.objects.create(number=901, name="Web of ours")
    devices_record_use({session_credential(session_key(client)): (901, "192.0.2.7")})
    page = client.get(PAGE).content.decode()
    assert "Web of ours" in page and "192.0.2.7" in page and "signed in" in page and "last seen" in page


def test_another_browser_is_signed_out_from_the_page(alice: User, revocations: Revocations) -> None:
    here, there = _signed_in(), _signed_in()
    key = session_key(there)
    device = Device.objects.get(credential=session_credential(key))
    here.post(f"/accounts/devices/{device.pk}/")
    assert user_by_session(key) is None
    assert there.get(PAGE).status_code == 302 and here.get(PAGE).status_code == 200
    assert revocations(alice)[-1] == {"credential": session_credential(key), "except": None}
    assert not Device.objects.filter(pk=device.pk).exists()


def test_a_token_is_revoked_from_the_page(alice: User, revocations: Revocations) -> None:
    made = token_create(user=alice)
    _signed_in().post(f"/accounts/devices/{made.device.pk}/")
    assert user_by_token(made.token) is None
    assert revocations(alice)[-1]["credential"] == made.device.credential


def test_alice_cannot_sign_out_a_device_of_bob(alice: User, bob: User) -> None:
    theirs = _signed_in("bob")
    device = Device.objects.get(user=bob)
    known = _signed_in().post(f"/accounts/devices/{device.pk}/", follow=True).content.decode()
    unknown = _signed_in().post(f"/accounts/devices/{2**60}/", follow=True).content.decode()
    assert "already signed out" in known and "already signed out" in unknown
    assert theirs.get(PAGE).status_code == 200


def test_the_present_browser_signs_itself_out(alice: User) -> None:
    client = _signed_in()
    for odd in (f"00{Device.objects.get(user=alice).pk}", "9" * 30, "x", "%00"):
        assert "already signed out" in client.post(f"/accounts/devices/{odd}/", follow=True).content.decode()
    client.post(f"/accounts/devices/{Device.objects.get(user=alice).pk}/")
    assert SESSION_KEY not in client.session


def test_signing_out_everywhere_ends_every_session(alice: User) -> None:
    here, there, made = _signed_in(), _signed_in(), token_create(user=alice)
    here.post("/accounts/devices/all/")
    for client in (here, there):
        assert client.get(PAGE).status_code == 302
    assert user_by_token(made.token) is None
    assert not Device.objects.filter(user=alice).exists()


def test_signing_out_the_others_keeps_this_browser(alice: User, revocations: Revocations) -> None:
    here, there, made = _signed_in(), _signed_in(), token_create(user=alice)
    earlier = session_key(here)
    assert "Sign out all other devices" in here.get(PAGE).content.decode()
    page = here.post("/accounts/devices/others/", follow=True).content.decode()
    assert "Your other devices are signed out." in page and page.count('data-testid="device"') == 1
    assert "Sign out all other devices" not in page
    assert there.get(PAGE).status_code == 302 and user_by_token(made.token) is None
    # The connections of this browser stay. A copy of its earlier cookie ends.
    assert revocations(alice) == [{"credential": None, "except": session_credential(earlier)}]
    assert session_key(here) != earlier and user_by_session(earlier) is None
    # Signing this browser out later closes these connections, too.
    here.post("/accounts/logout/")
    assert {"credential": session_credential(earlier), "except": None} in revocations(alice)


def test_a_session_ended_elsewhere_leaves_no_device(alice: User) -> None:
    client = _signed_in()
    session_end(user_id=alice.pk, session_key=session_key(client))
    assert not Device.objects.exists()
    client = _signed_in()
    Session.objects.update(expire_date=timezone.now() - timezone.timedelta(days=1))  # type: ignore[attr-defined]
    client.session.clear_expired()
    assert not Device.objects.exists()


def test_signing_in_again_replaces_the_earlier_device(alice: User, bob: User) -> None:
    client = _signed_in()
    client.post("/accounts/login/", {"username": "bob", "password": PASSWORD})
    assert [device.user for device in Device.objects.all()] == [bob]


def test_a_password_change_keeps_this_device_only(alice: User) -> None:
    here, _there = _signed_in(), _signed_in()
    made = token_create(user=alice)
    form = {"current_password": PASSWORD, "password": "another good one", "password_confirmation": "another good one"}
    here.post("/accounts/password/", form)
    assert [device.credential for device in Device.objects.all()] == [session_credential(session_key(here))]
    assert user_by_token(made.token) is None
    here.post(f"/accounts/devices/{Device.objects.get().pk}/")
    assert SESSION_KEY not in here.session


def test_an_older_session_is_listed_at_its_next_request(alice: User) -> None:
    client = _signed_in()
    Device.objects.all().delete()
    assert "This device" in client.get(PAGE).content.decode()


def test_a_user_without_a_password_sets_the_first(alice: User) -> None:
    client = _signed_in()
    alice.refresh_from_db()
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/accounts/password/").content.decode()
    assert "Set a password" in page and 'name="current_password"' not in page
    client.post("/accounts/password/", {"password": "another good one", "password_confirmation": "another good one"})
    alice.refresh_from_db()
    assert alice.check_password("another good one")
    assert client.get(PAGE).status_code == 200


# -- the email address ------------------------------------------------------------------------------------------------


def _request_email_change(client: Client, email: str, password: str = PASSWORD) -> str:
    page = client.post("/accounts/email/", {"email": email, "current_password": password}, follow=True)
    wait_until_sent()
    return page.content.decode()


def _link() -> str:
    found = re.search(r"http://testserver(/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


def test_an_address_is_stored_after_the_link_is_opened(alice: User) -> None:
    client = _signed_in()
    _request_email_change(client, "Alice@Example.org")
    alice.refresh_from_db()
    assert alice.email is None and mail.outbox[-1].to == ["alice@example.org"]
    assert "alice@example.org" in client.get(_link()).content.decode()
    alice.refresh_from_db()
    assert alice.email is None, "programs follow links too"
    client.post(_link())
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def test_the_link_works_once_and_for_its_user_only(alice: User, bob: User) -> None:
    client = _signed_in()
    _request_email_change(client, "alice@example.org")
    link = _link()
    assert _signed_in("bob").post(link).status_code == 400
    client.post(link)
    client.post("/accounts/email/remove/")
    alice.refresh_from_db()
    assert alice.email is None
    _request_email_change(client, "alice@other.example")
    client.post(_link())
    assert client.post(link).status_code == 400
    assert client.post(link[:-3] + "x/").status_code == 400
    alice.refresh_from_db()
    assert alice.email == "alice@other.example"


def test_the_earlier_address_is_told_of_a_change(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(email="alice@example.org")
    client = _signed_in()
    _request_email_change(client, "alice@other.example")
    client.post(_link())
    for _ in range(2):
        client.post("/accounts/email/remove/")
    wait_until_sent()
    told = [letter.to for letter in mail.outbox if letter.subject.startswith("Your email address has changed")]
    assert told == [["alice@example.org"], ["alice@other.example"]]


def test_changing_the_address_needs_the_password(alice: User) -> None:
    assert "The password is incorrect." in _request_email_change(_signed_in(), "mallory@example.org", "wrong")
    assert not mail.outbox


def test_the_page_does_not_reveal_a_taken_address(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(email="bob@example.org")
    client = _signed_in()
    taken = _request_email_change(client, "bob@example.org").replace("bob@example.org", "ADDRESS")
    free = _request_email_change(client, "free@example.org").replace("free@example.org", "ADDRESS")
    csrf = r'name="csrfmiddlewaretoken" value="\w+"'
    assert re.sub(csrf, "", taken) == re.sub(csrf, "", free)
    assert "already has it" in mail.outbox[-2].body and "http://" not in mail.outbox[-2].body


def test_mail_is_rate_limited(alice: User, settings: Settings) -> None:
    settings.IM_MAIL_RATE = 1
    rate_limits.mail_rate_limit.reset()
    client = _signed_in()
    _request_email_change(client, "alice@example.org")
    assert "Too many attempts" in _request_email_change(client, "alice@example.org")
    assert len(mail.outbox) == 1
    rate_limits.mail_rate_limit.reset()


# -- deactivation --------------------------------------------------------------------------------------------------


def test_alice_deactivates_her_account(alice: User, revocations: Revocations) -> None:
    client, other = _signed_in(), _signed_in()
    page = client.post("/accounts/deactivate/", {"current_password": PASSWORD}, follow=True).content.decode()
    assert "Your account is closed." in page
    alice.refresh_from_db()
    assert not alice.is_active and alice.nickname == "Alice"
    assert {"credential": None, "except": None} in revocations(alice)
    assert other.get(PAGE).status_code == 302
    assert Client().post("/accounts/login/", {"username": "alice", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("form", [{}, {"current_password": "wrong"}, {"username_confirmation": "alice"}])
def test_deactivation_needs_her_password(alice: User, form: dict[str, str]) -> None:
    _signed_in().post("/accounts/deactivate/", form)
    alice.refresh_from_db()
    assert alice.is_active


def test_a_user_without_a_password_confirms_with_the_user_name(alice: User) -> None:
    client = Client()
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/accounts/deactivate/", {"username_confirmation": "bob"})
    alice.refresh_from_db()
    assert alice.is_active
    client.post("/accounts/deactivate/", {"username_confirmation": "Alice"})
    alice.refresh_from_db()
    assert not alice.is_active
