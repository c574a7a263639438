"""A form with a CSRF token from before a sign-in elsewhere is offered again; a sign-out happens at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import app_create, email_set
from accounts.models import User
from tests.support.fixtures.users import PASSWORD

OWN = "http://testserver"
FOREIGN = "https://elsewhere.example"
STALE = "a" * 64
"""A well-formed token that no browser has got."""


class StrictBrowser:
    """A browser whose forms are checked for their CSRF token."""

    def __init__(self, username: str = "") -> None:
        self.client = Client(enforce_csrf_checks=True)
        if username:
            self.submit("/accounts/login/", {"username": username, "password": PASSWORD}, token=self.token())

    def token(self, page: str = "/accounts/login/") -> str:
        return token_in(self.client.get(page))

    def submit(self, path: str, form: dict[str, Any], *, token: str = STALE, origin: str | None = OWN) -> HttpResponse:
        headers = {"origin": origin} if origin else {}
        response: HttpResponse = self.client.post(path, form | {"csrfmiddlewaretoken": token}, headers=headers)
        return response

    @property
    def user_id(self) -> str | None:
        return self.client.session.get(SESSION_KEY)

    def open(self, page: str) -> dict[str, str]:
        """Return the hidden fields of the page's first form."""
        form = self.client.get(page).content.decode().partition('method="post"')[2].partition("</form>")[0]
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)"', form))

    def sign_in_elsewhere(self, username: str) -> None:
        """Sign out, and sign in as another user, in another tab."""
        self.submit("/accounts/logout/", {})
        self.submit("/accounts/login/", {"username": username, "password": PASSWORD}, token=self.token())


def token_in(page: HttpResponse) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert found
    return found[1]


def shown(page: HttpResponse) -> str:
    """Return the page, which must be the site's own."""
    assert page.status_code == 403
    html = page.content.decode()
    assert "<style" not in html and "script-src 'self'" in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]
    return html


def test_a_sign_in_after_one_in_another_tab_is_offered_again(alice: User, bob: User) -> None:
    browser = StrictBrowser()
    early = browser.token()
    form = {"username": "bob", "password": PASSWORD, "next": "/x"}
    browser.submit("/accounts/login/", form | {"username": "alice"}, token=early)
    page = browser.submit("/accounts/login/", form, token=early)
    html = shown(page)
    assert 'value="bob"' in html and 'name="next" value="/x"' in html and PASSWORD not in html
    assert "You are signed in as alice. Check the form" in html
    assert browser.user_id == str(alice.pk)
    assert browser.submit("/accounts/login/", form, token=token_in(page))["Location"] == "/x"
    assert browser.user_id == str(bob.pk)


def test_a_registration_is_offered_again_without_its_passwords(db: None) -> None:
    browser = StrictBrowser()
    browser.token()
    names = {"username": "carol", "nickname": "Carol <3"}
    page = browser.submit("/accounts/register/", {**names, "password": PASSWORD, "password_confirmation": PASSWORD})
    html = shown(page)
    assert 'value="carol"' in html and "Carol &lt;3" in html and PASSWORD not in html
    assert not User.objects.filter(username="carol").exists()


def test_a_profile_is_offered_again_as_it_was_typed(alice: User) -> None:
    browser = StrictBrowser("alice")
    typed = {"nickname": "Alicia", "status_text": "Painting", "time_zone": "Asia/Tokyo", "shares_read": "on"}
    html = shown(browser.submit("/accounts/profile/", typed))
    assert 'value="Alicia"' in html and 'value="Painting"' in html
    assert '<option value="Asia/Tokyo" selected>' in html
    boxes = {name: " checked" in tag for tag, name in re.findall(r'(<input[^>]*name="(shares_\w+)"[^>]*>)', html)}
    assert boxes == {"shares_presence": False, "shares_read": True, "shares_typing": False}
    alice.refresh_from_db()
    assert (alice.nickname, alice.time_zone) == ("Alice", "")


def test_what_alice_has_typed_is_not_offered_to_bob(alice: User, bob: User) -> None:
    browser = StrictBrowser("alice")
    early = browser.open("/accounts/profile/")
    browser.sign_in_elsewhere("bob")
    for path, typed in (
        ("/accounts/profile/", {"nickname": "Alicia", "status_text": "Alicia is painting"}),
        ("/accounts/email/", {"email": "Alicia@example.org"}),
        ("/accounts/devices/all/", {"extra": "Alicia"}),
    ):
        html = shown(browser.submit(path, early | typed, token=early["csrfmiddlewaretoken"]))
        assert "Alicia" not in html and "Send again" not in html
        assert "opened by another user. This browser is now signed in as bob." in html
    assert 'value="Bob"' in browser.client.get("/accounts/profile/").content.decode()


def test_what_alice_has_typed_is_offered_to_her_after_she_signed_in_again(alice: User) -> None:
    browser = StrictBrowser("alice")
    early = browser.open("/accounts/profile/")
    browser.sign_in_elsewhere("alice")
    typed = early | {"nickname": "Alicia"}
    assert 'value="Alicia"' in shown(browser.submit("/accounts/profile/", typed, token=early["csrfmiddlewaretoken"]))
    button = early | {"extra": "1"}
    html = shown(browser.submit("/accounts/devices/all/", button, token=early["csrfmiddlewaretoken"]))
    assert "Send again" in html and html.count('name="form_user"') == 1


def test_the_page_is_in_the_users_language(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(language="zh-hans")
    browser = StrictBrowser("alice")
    assert "你现在的身份是 alice" in shown(browser.submit("/accounts/profile/", {"nickname": "Alicia"}))
    assert "表单没有提交" in shown(browser.submit("/accounts/email/remove/", {}))


def test_a_form_of_a_signed_out_user_leads_to_the_sign_in(alice: User) -> None:
    browser = StrictBrowser()
    browser.token()
    page = browser.submit("/accounts/profile/", {"nickname": "Alicia"})
    assert page["Location"] == "/accounts/login/?next=/accounts/profile/"
    assert "this page was out of date" in browser.client.get(page["Location"]).content.decode()


def test_missing_cookies_are_named(db: None) -> None:
    html = shown(StrictBrowser().submit("/accounts/login/", {"username": "alice", "password": PASSWORD}))
    assert "did not send this site" in html and 'value="alice"' in html


@pytest.mark.parametrize("path", ["/accounts/logout/", "/admin/logout/"])
@pytest.mark.parametrize("origin", [OWN, None])
def test_a_sign_out_always_signs_out(alice: User, path: str, origin: str | None) -> None:
    browser = StrictBrowser("alice")
    assert browser.submit(path, {}, origin=origin)["Location"] == "/"
    assert browser.user_id is None


def test_another_site_signs_nobody_out(alice: User) -> None:
    browser = StrictBrowser("alice")
    for origin in (FOREIGN, "null", "https://testserver"):
        assert "another site" in shown(browser.submit("/accounts/logout/", {}, origin=origin))
    assert browser.user_id == str(alice.pk)


def test_a_sign_out_works_behind_a_proxy_that_is_set_up_incorrectly(alice: User) -> None:
    """The browser itself says that the form is the site's own."""
    browser = StrictBrowser("alice")
    own = {"origin": "https://testserver", "sec-fetch-site": "same-origin"}
    browser.client.post("/accounts/logout/", headers=own)
    assert browser.user_id is None


def test_a_button_is_offered_again(alice: User) -> None:
    email_set(user_id=alice.pk, email="alice@example.org")
    browser = StrictBrowser("alice")
    page = browser.submit("/accounts/email/remove/", {"extra": ["1", '"2']})
    html = shown(page)
    assert "Send again" in html and 'name="extra" value="1"' in html and 'name="extra" value="&quot;2"' in html
    browser.submit("/accounts/email/remove/", {}, token=token_in(page))
    alice.refresh_from_db()
    assert alice.email is None


@pytest.mark.parametrize("origin", [FOREIGN, None])
def test_a_button_that_another_site_may_have_pressed_is_not_offered(alice: User, origin: str | None) -> None:
    browser = StrictBrowser("alice")
    html = shown(browser.submit("/accounts/devices/all/", {"planted": "1"}, origin=origin))
    assert "Send again" not in html and "planted" not in html and STALE not in html


def test_what_another_site_has_typed_is_not_offered(alice: User) -> None:
    browser = StrictBrowser("alice")
    page = browser.submit("/accounts/profile/", {"nickname": "Mallory"}, origin=FOREIGN)
    assert "Mallory" not in shown(page)


def test_a_file_is_chosen_again(alice: User) -> None:
    browser = StrictBrowser("alice")
    own = {"origin": OWN, "referer": f"{OWN}/accounts/profile/"}
    form = {"avatar": SimpleUploadedFile("me.png", b"png"), "csrfmiddlewaretoken": STALE}
    html = shown(browser.client.post("/accounts/profile/picture/", form, headers=own))
    assert "Send again" not in html and f'href="{OWN}/accounts/profile/"' in html


def test_a_guest_gets_a_new_token(settings: Settings, alice: User) -> None:
    settings.IM_GUESTS = True
    app_create(number=101, name="Web")
    browser, form = StrictBrowser("alice"), {"name": "Mia", "appId": "101"}
    refused = browser.submit("/accounts/guest/", form)
    answer: dict[str, str] = refused.json()  # type: ignore[attr-defined]
    assert (refused.status_code, answer["reason"]) == (403, "form_refused") and "as alice" in answer["error"]
    assert browser.user_id == str(alice.pk)
    assert browser.submit("/accounts/guest/", form, token=answer["csrf"]).status_code == 201
    foreign = browser.submit("/accounts/guest/", form, origin=FOREIGN)
    assert foreign.status_code == 403 and "csrf" not in foreign.json()  # type: ignore[attr-defined]


def test_a_form_with_a_passkey_gets_a_new_token_for_its_own_user(alice: User) -> None:
    path = "/accounts/passkey/options/"
    browser = StrictBrowser("alice")
    refused = browser.submit(path, {})
    answer: dict[str, str] = refused.json()  # type: ignore[attr-defined]
    assert (refused.status_code, answer["reason"]) == (403, "form_refused") and "as alice" in answer["error"]
    assert browser.submit(path, {}, token=answer["csrf"]).status_code == 200
    for foreign in (browser.submit(path, {}, origin=FOREIGN), browser.submit(path, {"form_user": "0"})):
        assert foreign.status_code == 403 and "csrf" not in foreign.json()  # type: ignore[attr-defined]


# -- the admin --------------------------------------------------------------------------------------------------------


def strict_admin(operator: User) -> StrictBrowser:
    browser = StrictBrowser()
    browser.client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    browser.token()
    return browser


def test_a_change_in_the_admin_is_offered_again(operator: User, alice: User) -> None:
    browser = strict_admin(operator)
    path = f"/admin/accounts/user/{alice.pk}/change/"
    page = browser.submit(path, {"nickname": "Alicia", "phone_number": "123", "email": "", "is_staff": "on"})
    html = page.content.decode()
    assert page.status_code == 403 and "You are signed in as olga" in html
    assert 'value="Alicia"' in html and 'value="123"' in html
    assert re.search(r'<input[^>]*name="is_staff"[^>]* checked', html)
    alice.refresh_from_db()
    assert alice.nickname == "Alice" and not alice.is_staff
    typed = {"nickname": "Alicia", "phone_number": "123", "email": ""}
    assert browser.submit(path, typed, token=token_in(page)).status_code == 302
    alice.refresh_from_db()
    assert alice.nickname == "Alicia"


def test_what_another_operator_has_typed_in_the_admin_is_not_offered(operator: User, alice: User) -> None:
    browser = strict_admin(operator)
    path = f"/admin/accounts/user/{alice.pk}/change/"
    early = browser.open(path)
    assert early["form_user"] == str(operator.pk)
    second = User.objects.create_superuser("oscar", password=PASSWORD)
    browser.client.force_login(second, backend="django.contrib.auth.backends.ModelBackend")
    page = browser.submit(path, early | {"nickname": "Alicia"}, token=STALE)
    html = page.content.decode()
    assert page.status_code == 403 and "now signed in as oscar" in html
    assert "Alicia" not in html and 'value="Alice"' in html


def test_a_new_user_in_the_admin_is_offered_again_without_the_password(operator: User) -> None:
    browser = strict_admin(operator)
    typed = {"username": "dora", "nickname": "Dora", "password1": PASSWORD, "password2": PASSWORD}
    page = browser.submit("/admin/accounts/user/add/", typed)
    html = page.content.decode()
    assert page.status_code == 403 and 'value="dora"' in html and PASSWORD not in html
    assert not User.objects.filter(username="dora").exists()


def test_an_action_in_the_admin_is_offered_again(operator: User, alice: User) -> None:
    browser = strict_admin(operator)
    path, form = f"/admin/accounts/user/{alice.pk}/deactivate/", {"confirmed": "deactivate"}
    page = browser.submit(path, form)
    assert 'name="confirmed" value="deactivate"' in shown(page)
    browser.submit(path, form, token=token_in(page))
    alice.refresh_from_db()
    assert not alice.is_active
