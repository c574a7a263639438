"""The account pages, as a browser uses them."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY
from django.forms import Form, PasswordInput
from django.test import Client
from django.utils.translation import trans_real
from pytest_django.fixtures import Settings

from accounts.actions import guest_create, system_user, user_deactivate, user_register
from accounts.credentials import session_credential
from accounts.forms import profile, sign_in
from accounts.models import User
from accounts.selectors.users import user_by_session
from imsite.translations import compile_translations
from tests.accounts.conftest import PASSWORD, Revocations

WRONG = "do not belong together"
ELSEWHERE = [
    "//elsewhere.example/",
    "https://elsewhere.example/",
    "/\\elsewhere.example",
    "http:///elsewhere.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //elsewhere.example",
    "\t//elsewhere.example",
    "https:elsewhere.example",
]


def _sign_in(client: Client, username: str, password: str = PASSWORD, **more: str) -> int:
    return client.post("/accounts/login/", {"username": username, "password": password} | more).status_code


def _key(client: Client) -> str:
    return client.session.session_key or ""


@pytest.fixture
def chinese(settings: Settings) -> None:
    """The catalogue is compiled, and read afresh."""
    compile_translations(settings.LOCALE_PATHS)
    trans_real._translations.pop("zh-hans", None)


def test_alice_signs_in_by_any_spelling_of_her_name(alice: User) -> None:
    for name in ("alice", "ALICE", "ａｌｉｃｅ"):
        client = Client()
        assert _sign_in(client, name) == 302
        assert client.session[SESSION_KEY] == str(alice.pk)


def test_she_goes_on_to_a_page_of_this_site(alice: User, client: Client) -> None:
    response = client.post(
        "/accounts/login/?next=/admin/", {"username": "alice", "password": PASSWORD, "next": "/x?y=1"}
    )
    assert response["Location"] == "/x?y=1"


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("page", ["login", "register"])
def test_next_never_leads_elsewhere(alice: User, client: Client, page: str, target: str) -> None:
    name = "alice" if page == "login" else "carol"
    form = {"username": name, "password": PASSWORD, "again": PASSWORD, "next": target}
    assert client.post(f"/accounts/{page}/", form)["Location"] == "/"
    assert b"elsewhere" not in client.get(f"/accounts/{page}/", {"next": target}).content


def test_who_does_not_exist_is_answered_like_a_wrong_password(alice: User, bob: User) -> None:
    user_deactivate(user_id=bob.pk)
    guest, system = guest_create(name="夏圭？"), system_user()
    answers = set()
    attempts = [
        ("alice", "wrong"),
        ("nobody", "wrong"),
        ("bob", PASSWORD),
        (guest.username, ""),
        (guest.username, "!"),
        ("夏圭？", "wrong"),
        (system.username, "wrong"),
    ]
    for name, password in attempts:
        client = Client()
        response = client.post("/accounts/login/", {"username": name, "password": password or " "})
        assert SESSION_KEY not in client.session
        page = response.content.decode().replace(name, "NAME")
        answers.add((response.status_code, re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)))
    assert len(answers) == 1
    assert WRONG in answers.pop()[1]


def test_every_answer_costs_one_password_hash(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """The time of a sign-in is that of its hash, so a name cannot be found out by the clock."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    monkeypatch.setattr(PBKDF2PasswordHasher, "iterations", 1000)
    hashed: list[str] = []
    encode = PBKDF2PasswordHasher.encode

    def counted(self: PBKDF2PasswordHasher, password: str, *args: object) -> str:
        hashed.append(password)
        return encode(self, password, *args)

    user_register(username="carol", password=PASSWORD)
    user_register(username="dave", password=PASSWORD)
    User.objects.filter(username="dave").update(is_active=False)
    guest = guest_create(name="Guest")
    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    for name in ("carol", "nobody", "dave", guest.username):
        hashed.clear()
        assert _sign_in(Client(), name, "wrong") == 200
        assert len(hashed) == 1, name


def test_too_many_tries_lock_the_name_whoever_it_is(alice: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    pages = set()
    for spellings in (["alice", "ALICE", "ａｌｉｃｅ"], ["nobody", "Nobody", "ｎobody"]):
        client = Client()
        assert [_sign_in(client, name, "wrong") for name in spellings] == [200, 200, 429]
        response = client.post("/accounts/login/", {"username": spellings[0], "password": PASSWORD})
        assert response.status_code == 429
        assert response["Retry-After"] == str(settings.IM_LOGIN_LOCK_SECONDS)
        pages.add(response.content)
    assert len(pages) == 1
    assert "Too many tries" in pages.pop().decode()
    assert _sign_in(Client(REMOTE_ADDR="198.51.100.7"), "alice") == 302


def test_a_success_forgets_the_tries_before_it(alice: User, client: Client, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        assert [_sign_in(client, "alice", password) for password in ("wrong", "wrong", PASSWORD)] == [200, 200, 302]


def test_carol_registers_and_is_signed_in(db: None, client: Client) -> None:
    form = {"username": "Carol", "nickname": "", "password": PASSWORD, "again": PASSWORD, "next": "/somewhere"}
    response = client.post("/accounts/register/", form)
    assert (response.status_code, response["Location"]) == (302, "/somewhere")
    found = user_by_session(_key(client))
    assert found is not None
    assert (found[0].username, found[0].nickname) == ("Carol", "Carol")


def test_fields_that_nobody_asked_for_are_ignored(db: None, client: Client) -> None:
    more = {
        "is_staff": "1",
        "is_superuser": "1",
        "kind": "service",
        "is_active": "",
        "id": "7",
        "date_joined": "1999-01-01",
    }
    client.post("/accounts/register/", {"username": "carol", "password": PASSWORD, "again": PASSWORD} | more)
    carol = User.objects.get(username="carol")
    assert not (carol.is_staff or carol.is_superuser)
    assert carol.kind == User.Kind.PERSON
    assert carol.is_active
    assert carol.date_joined.year != 1999


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"username": "ＡＬＩＣＥ"}, "This name is taken."),
        ({"username": "admin"}, "This name is reserved."),
        ({"username": "ca\u200brol"}, "invisible or control"),
        ({"username": " carol"}, "begin or end with a blank"),
        ({"nickname": "Ca\u202erol"}, "invisible or control"),
        ({"password": "ab", "again": "ab"}, "too short"),
        ({"again": "another"}, "The two passwords differ."),
    ],
)
def test_a_refusal_stands_at_its_field(alice: User, client: Client, fields: dict[str, str], text: str) -> None:
    form = {"username": "carol", "password": PASSWORD, "again": PASSWORD} | fields
    response = client.post("/accounts/register/", form)
    assert response.status_code == 200
    field = "again" if "another" in fields.values() else next(iter(fields))
    assert text in " ".join(response.context["form"].errors[field])
    assert f'id="id_{field}_error"' in response.content.decode()
    assert User.objects.count() == 1
    assert PASSWORD not in response.content.decode()


def test_a_refusal_is_in_the_readers_language(alice: User, client: Client, chinese: None) -> None:
    form = {"username": "alice", "password": PASSWORD, "again": PASSWORD}
    page = client.post("/accounts/register/", form, headers={"accept-language": "zh-CN"}).content.decode()
    assert "该名字已被占用。" in page
    assert '<html lang="zh-hans">' in page
    form = {"username": "carol", "nickname": "\u200b", "password": PASSWORD, "again": PASSWORD}
    page = client.post("/accounts/register/", form, headers={"accept-language": "zh-CN"}).content.decode()
    assert "名字不能含有不可见字符或控制字符。" in page


def test_where_registration_is_closed_nobody_registers(db: None, client: Client, settings: Settings) -> None:
    settings.IM_REGISTRATION = False
    form = {"username": "carol", "password": PASSWORD, "again": PASSWORD}
    for response in (client.get("/accounts/register/"), client.post("/accounts/register/", form)):
        assert response.status_code == 403
        assert "Registration is closed" in response.content.decode()
    assert not User.objects.exists()
    assert "/accounts/register/" not in client.get("/accounts/login/").content.decode()


def test_signing_out_takes_a_post_and_ends_the_session(alice: User, browser: Client, revocations: Revocations) -> None:
    key = _key(browser)
    assert browser.get("/accounts/logout/").status_code == 405
    assert user_by_session(key) is not None
    assert browser.post("/accounts/logout/").status_code == 302
    assert user_by_session(key) is None
    assert revocations(alice) == [{"credential": session_credential(key), "except": None}]


def test_signing_out_of_the_admin_ends_the_session_too(alice: User, browser: Client, revocations: Revocations) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    key = _key(browser)
    browser.post("/admin/logout/")
    assert user_by_session(key) is None
    assert revocations(alice) == [{"credential": session_credential(key), "except": None}]


def test_signing_in_as_bob_ends_alices_session_in_that_browser(
    alice: User, bob: User, browser: Client, revocations: Revocations
) -> None:
    key = _key(browser)
    assert "Alice" not in browser.get("/accounts/login/").content.decode()
    assert "alice" in browser.get("/accounts/login/").content.decode()
    assert _sign_in(browser, "bob") == 302
    assert user_by_session(key) is None
    assert revocations(alice) == [{"credential": session_credential(key), "except": None}]
    assert browser.session[SESSION_KEY] == str(bob.pk)


def test_a_new_password_keeps_this_browser_and_ends_the_other(
    alice: User, browser: Client, revocations: Revocations
) -> None:
    other = Client()
    _sign_in(other, "alice")
    before = _key(browser)
    form = {"present": PASSWORD, "password": "quite another", "again": "quite another"}
    page = browser.post("/accounts/password/", form, follow=True).content.decode()
    assert "Your password is changed" in page
    assert user_by_session(_key(browser)) is not None
    assert user_by_session(_key(other)) is None
    assert revocations(alice) == [{"credential": None, "except": session_credential(before)}]
    # A copy of the old cookie is worth nothing, but what was connected by it still ends with the session.
    assert user_by_session(before) is None
    after = _key(browser)
    browser.post("/accounts/logout/")
    assert revocations(alice)[1:] == [
        {"credential": session_credential(after), "except": None},
        {"credential": session_credential(before), "except": None},
    ]


def test_the_present_password_must_be_right(alice: User, browser: Client, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    form = {"present": "wrong", "password": "quite another", "again": "quite another"}
    response = browser.post("/accounts/password/", form)
    assert "This is not your password." in response.content.decode()
    assert [browser.post("/accounts/password/", form).status_code for _ in range(2)] == [200, 429]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_nothing_that_was_typed_is_kept_with_a_failure(alice: User, browser: Client) -> None:
    """A wrong password is often nearly right, and beside it a new one may stand."""
    pages = {
        "/accounts/password/": {"present": "typed one", "password": "typed two", "again": "typed two"},
        "/accounts/data/delete/": {"present": "typed three"},
        "/accounts/deactivate/": {"present": "typed four"},
        "/accounts/ways-in/email/": {"present": "typed five", "email": "typed@six.example"},
        "/accounts/login/": {"username": "alice", "password": "typed seven"},
        "/login": {"phone_number": "typed eight", "password": "typed nine"},
    }
    for page, form in pages.items():
        browser.post(page, urlencode(form), "application/x-www-form-urlencoded")
    rows = list(AccessAttempt.objects.values("get_data", "post_data", "path_info", "failures_since_start"))
    assert sum(row["failures_since_start"] for row in rows) == len(pages)
    assert "typed" not in str(rows)


def test_every_field_for_a_password_is_one_that_is_not_kept() -> None:
    known = {"password", *django_settings.AXES_SENSITIVE_PARAMETERS}
    shown = [form for form in (*vars(sign_in).values(), *vars(profile).values()) if isinstance(form, type)]
    fields = {
        name
        for form in shown
        if issubclass(form, Form)
        for name, field in form.base_fields.items()
        if isinstance(field.widget, PasswordInput)
    }
    assert {"password", "again", "present"} <= fields <= known


def test_a_stranger_signs_in_before_changing_a_password(db: None, client: Client) -> None:
    assert client.get("/accounts/password/")["Location"] == "/accounts/login/?next=/accounts/password/"


def test_a_guest_has_no_password_to_change(db: None, client: Client) -> None:
    client.force_login(guest_create(name="夏圭？"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/accounts/password/")["Location"] == "/accounts/register/"


@pytest.mark.parametrize("page", ["login", "register", "logout", "password"])
def test_a_form_from_elsewhere_is_refused(alice: User, browser: Client, page: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    form = {"username": "alice", "password": PASSWORD, "again": PASSWORD, "present": PASSWORD}
    assert strict.post(f"/accounts/{page}/", form, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert user_by_session(_key(browser)) is not None


def test_a_script_in_a_name_is_shown_as_text(db: None, client: Client) -> None:
    guest = guest_create(name="<script>x</script>")
    client.force_login(guest, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/accounts/login/").content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
    form = {"username": '"><script>y</script>', "password": PASSWORD, "again": PASSWORD}
    for path in ("login", "register"):
        assert "<script>y" not in client.post(f"/accounts/{path}/", form).content.decode()


@pytest.mark.parametrize("page", ["login", "register"])
def test_pages_carry_the_policy_and_are_not_cached(db: None, client: Client, page: str) -> None:
    response = client.get(f"/accounts/{page}/")
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


def test_a_session_is_new_after_signing_in(alice: User, client: Client) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    _sign_in(client, "alice")
    assert _key(client) != planted
    assert user_by_session(planted or "") is None


def test_the_admin_uses_the_same_sign_in(db: None, client: Client) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"


@pytest.mark.parametrize("asked", ["", "?next=", "?next=/admin/"])
def test_from_the_admin_s_own_address_one_comes_into_the_admin(client: Client, asked: str) -> None:
    there = client.get(f"/admin/login/{asked}").headers["Location"]
    assert there == "/accounts/login/?next=%2Fadmin%2F"


def test_from_a_page_of_the_admin_one_comes_back_to_it(client: Client) -> None:
    there = client.get("/admin/login/?next=/admin/chat/channel/%3Fq%3Da").headers["Location"]
    assert there == "/accounts/login/?next=%2Fadmin%2Fchat%2Fchannel%2F%3Fq%3Da"
