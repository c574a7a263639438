"""Users sign in and out on the site's pages."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import guest_create, system_user, user_deactivate, user_register
from accounts.credentials import session_credential
from accounts.models import User
from accounts.selectors.users import user_by_session
from tests.accounts.conftest import Revocations
from tests.support.account_pages import session_key, sign_in
from tests.support.fixtures.users import PASSWORD

WRONG = "Incorrect username or password"

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


def test_alice_signs_in_by_any_spelling_of_her_name(alice: User) -> None:
    for name in ("alice", "ALICE", "ａｌｉｃｅ"):
        client = Client()
        assert sign_in(client, name) == 302
        assert client.session[SESSION_KEY] == str(alice.pk)


def test_alice_is_redirected_to_a_page_of_this_site(alice: User, client: Client) -> None:
    response = client.post(
        "/accounts/login/?next=/admin/", {"username": "alice", "password": PASSWORD, "next": "/x?y=1"}
    )
    assert response["Location"] == "/x?y=1"


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("page", ["login", "register"])
def test_next_never_redirects_to_another_site(alice: User, client: Client, page: str, target: str) -> None:
    name = "alice" if page == "login" else "carol"
    form = {"username": name, "password": PASSWORD, "password_confirmation": PASSWORD, "next": target}
    assert client.post(f"/accounts/{page}/", form)["Location"] == "/"
    assert b"elsewhere" not in client.get(f"/accounts/{page}/", {"next": target}).content


def test_an_unknown_name_is_answered_like_a_wrong_password(alice: User, bob: User) -> None:
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
    """A sign-in always takes the time of its hash, so its duration reveals no names."""
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
        assert sign_in(Client(), name, "wrong") == 200
        assert len(hashed) == 1, name


def test_too_many_failures_lock_known_and_unknown_names(alice: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    pages = set()
    for spellings in (["alice", "ALICE", "ａｌｉｃｅ"], ["nobody", "Nobody", "ｎobody"]):
        client = Client()
        assert [sign_in(client, name, "wrong") for name in spellings] == [200, 200, 429]
        response = client.post("/accounts/login/", {"username": spellings[0], "password": PASSWORD})
        assert response.status_code == 429
        assert response["Retry-After"] == str(settings.IM_LOGIN_LOCK_SECONDS)
        pages.add(response.content)
    assert len(pages) == 1
    assert "Too many failed sign-ins" in pages.pop().decode()
    assert sign_in(Client(REMOTE_ADDR="198.51.100.7"), "alice") == 302


def test_a_sign_in_resets_the_count_of_failures(alice: User, client: Client, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        assert [sign_in(client, "alice", password) for password in ("wrong", "wrong", PASSWORD)] == [200, 200, 302]


def test_signing_out_requires_post_and_ends_the_session(alice: User, browser: Client, revocations: Revocations) -> None:
    key = session_key(browser)
    assert browser.get("/accounts/logout/").status_code == 405
    assert user_by_session(key) is not None
    assert browser.post("/accounts/logout/").status_code == 302
    assert user_by_session(key) is None
    assert revocations(alice) == [{"credential": session_credential(key), "except": None}]


def test_signing_out_of_the_admin_ends_the_session_too(alice: User, browser: Client, revocations: Revocations) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    key = session_key(browser)
    browser.post("/admin/logout/")
    assert user_by_session(key) is None
    assert revocations(alice) == [{"credential": session_credential(key), "except": None}]


def test_signing_in_as_bob_ends_alices_session_in_that_browser(
    alice: User, bob: User, browser: Client, revocations: Revocations
) -> None:
    key = session_key(browser)
    assert "Alice" not in browser.get("/accounts/login/").content.decode()
    assert "alice" in browser.get("/accounts/login/").content.decode()
    assert sign_in(browser, "bob") == 302
    assert user_by_session(key) is None
    assert revocations(alice) == [{"credential": session_credential(key), "except": None}]
    assert browser.session[SESSION_KEY] == str(bob.pk)


def test_signing_in_creates_a_new_session_key(alice: User, client: Client) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    sign_in(client, "alice")
    assert session_key(client) != planted
    assert user_by_session(planted or "") is None
