"""Users change their password on the site's page."""

from __future__ import annotations

from urllib.parse import urlencode

from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.forms import Form, PasswordInput
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import guest_create
from accounts.credentials import session_credential
from accounts.forms import profile
from accounts.forms import sign_in as sign_in_forms
from accounts.models import User
from accounts.selectors.users import user_by_session
from tests.accounts.conftest import Revocations
from tests.support.account_pages import session_key, sign_in
from tests.support.fixtures.users import PASSWORD


def test_a_new_password_keeps_this_session_and_ends_the_others(
    alice: User, browser: Client, revocations: Revocations
) -> None:
    other = Client()
    sign_in(other, "alice")
    before = session_key(browser)
    form = {"current_password": PASSWORD, "password": "quite another", "password_confirmation": "quite another"}
    page = browser.post("/accounts/password/", form, follow=True).content.decode()
    assert "Your password has been changed" in page
    assert user_by_session(session_key(browser)) is not None
    assert user_by_session(session_key(other)) is None
    assert revocations(alice) == [{"credential": None, "except": session_credential(before)}]
    # A copy of the old cookie is invalid, but connections opened with it still end with the session.
    assert user_by_session(before) is None
    after = session_key(browser)
    browser.post("/accounts/logout/")
    assert revocations(alice)[1:] == [
        {"credential": session_credential(after), "except": None},
        {"credential": session_credential(before), "except": None},
    ]


def test_the_present_password_must_be_correct(alice: User, browser: Client, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    form = {"current_password": "wrong", "password": "quite another", "password_confirmation": "quite another"}
    response = browser.post("/accounts/password/", form)
    assert "The password is incorrect." in response.content.decode()
    assert [browser.post("/accounts/password/", form).status_code for _ in range(2)] == [200, 429]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_sign_in_failure_stores_no_typed_password(alice: User, browser: Client) -> None:
    """A wrong password is often nearly right, and the same form may contain a new one."""
    pages = {
        "/accounts/password/": {
            "current_password": "typed one",
            "password": "typed two",
            "password_confirmation": "typed two",
        },
        "/accounts/data/delete/": {"current_password": "typed three"},
        "/accounts/deactivate/": {"current_password": "typed four"},
        "/accounts/email/": {"current_password": "typed five", "email": "typed@six.example"},
        "/accounts/login/": {"username": "alice", "password": "typed seven"},
        "/login": {"phone_number": "typed eight", "password": "typed nine"},
    }
    for page, form in pages.items():
        browser.post(page, urlencode(form), "application/x-www-form-urlencoded")
    rows = list(AccessAttempt.objects.values("get_data", "post_data", "path_info", "failures_since_start"))
    assert sum(row["failures_since_start"] for row in rows) == len(pages)
    assert "typed" not in str(rows)


def test_every_password_field_is_excluded_from_login_failures() -> None:
    known = {"password", *django_settings.AXES_SENSITIVE_PARAMETERS}
    shown = [form for form in (*vars(sign_in_forms).values(), *vars(profile).values()) if isinstance(form, type)]
    fields = {
        name
        for form in shown
        if issubclass(form, Form)
        for name, field in form.base_fields.items()
        if isinstance(field.widget, PasswordInput)
    }
    assert {"password", "password_confirmation", "current_password"} <= fields <= known


def test_an_anonymous_visitor_signs_in_before_changing_a_password(db: None, client: Client) -> None:
    assert client.get("/accounts/password/")["Location"] == "/accounts/login/?next=/accounts/password/"


def test_a_guest_cannot_change_a_password(db: None, client: Client) -> None:
    client.force_login(guest_create(name="夏圭？"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/accounts/password/")["Location"] == "/accounts/register/"
