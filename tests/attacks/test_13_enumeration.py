"""Attack 13: sign-in, password reset, addresses and timing reveal no accounts.

User names are public here (every message shows one), so registration may say that a name is taken; addresses and
phone numbers are not.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.actions import avatar_set, service_create, user_deactivate, user_register
from accounts.mail import wait_until_sent
from accounts.models import User
from tests.support.identity_provider import picture

PASSWORD = "a good password"
FORM = "application/x-www-form-urlencoded"
KNOWN, SHUT_OUT, UNKNOWN = "olivia", "quentin", "zebedee"


@pytest.fixture(autouse=True)
def _users(db: None) -> None:
    for number, name in enumerate((KNOWN, SHUT_OUT)):
        user = user_register(
            username=name, password=PASSWORD, email=f"{name}@example.org", phone_number=f"555-{number}"
        )
    user_deactivate(user_id=user.pk)


def _plain(page: bytes, given: str) -> str:
    """Return the page without the typed text and its CSRF token."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.decode()).replace(given, "GIVEN")


def _answers(path: str, forms: dict[str, dict[str, str]]) -> tuple[set[tuple[int, str]], set[int]]:
    """Return the answer to each form and its number of queries."""
    answers, queries = set(), set()
    for given, form in forms.items():
        client = Client()
        with CaptureQueriesContext(connection) as captured:
            client.post(path, form)
        queries.add(len(captured))
        page = client.post(path, form, follow=True)
        answers.add((page.status_code, _plain(page.content, given)))
    wait_until_sent()
    return answers, queries


def test_a_password_reset_reveals_no_accounts() -> None:
    forms = {f"{name}@example.org": {"email": f"{name}@example.org"} for name in (KNOWN, SHUT_OUT, UNKNOWN)}
    answers, queries = _answers("/accounts/reset/", forms)
    assert len(answers) == 1 and len(queries) == 1


def test_a_wrong_password_reveals_no_accounts() -> None:
    forms = {name: {"username": name, "password": "wrong"} for name in (KNOWN, SHUT_OUT, UNKNOWN)}
    answers, _ = _answers("/accounts/login/", forms)
    assert len(answers) == 1


def test_a_right_password_of_a_deactivated_user_is_like_a_wrong_one() -> None:
    forms = {SHUT_OUT: {"username": SHUT_OUT, "password": PASSWORD}, UNKNOWN: {"username": UNKNOWN, "password": "x"}}
    answers, _ = _answers("/accounts/login/", forms)
    assert len(answers) == 1


@pytest.mark.parametrize("path", ["/accounts/login/", "/login", "/admin/login/"])
def test_a_sign_in_hashes_as_often_for_unknown_users(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing takes nearly all of the time."""
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def count(self: MD5PasswordHasher, password: str, *rest: str) -> str:
        hashed.append(password)
        return encode(self, password, *rest)

    no_password = user_register(username="linked", password=PASSWORD, phone_number="555-2")
    no_password.set_unusable_password()
    no_password.save()
    service_create(username="shop")
    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    names = {
        "username": [KNOWN, SHUT_OUT, "linked", "shop", UNKNOWN],
        "phone_number": ["555-0", "555-1", "555-2", "555-9"],
    }
    field = "phone_number" if path == "/login" else "username"
    counts = set()
    for name in names[field]:
        hashed.clear()
        Client().post(path, urlencode({field: name, "password": "wrong"}), FORM, follow=True)
        counts.add(len(hashed))
    assert counts == ({0} if path == "/admin/login/" else {1}), "the admin leads to the site's own form"


def test_a_password_reset_hashes_nothing_and_mails_beside_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reset for a known address has no work of its own that a client could measure."""
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *given: pytest.fail("a password was hashed"))
    sent_by: list[str] = []
    monkeypatch.setattr(EmailMessage, "send", lambda self, *rest: sent_by.append(threading.current_thread().name))
    for name in (KNOWN, SHUT_OUT, UNKNOWN):
        assert Client().post("/accounts/reset/", {"email": f"{name}@example.org"}).status_code == 302
    wait_until_sent()
    assert len(sent_by) == 1 and threading.current_thread().name not in sent_by


def test_a_phone_number_reveals_no_accounts() -> None:
    bodies = {urlencode({"phone_number": number, "password": "wrong"}) for number in ("555-0", "555-1", "555-9")}
    assert len({Client().post("/login", body, FORM).content for body in bodies}) == 1


def test_a_taken_address_is_answered_like_a_free_one() -> None:
    user_register(username="mallory", password=PASSWORD)
    client, pages = Client(), set()
    client.post("/accounts/login/", {"username": "mallory", "password": PASSWORD})
    for email in (f"{KNOWN}@example.org", "free@example.org"):
        page = client.post("/accounts/email/", {"email": email, "current_password": PASSWORD}, follow=True)
        pages.add(_plain(page.content, email))
    wait_until_sent()
    assert len(pages) == 1


@pytest.mark.parametrize("path", ["/avatars/1-0123456789abcdef.webp", "/avatars/999999-0123456789abcdef.webp"])
def test_a_missing_picture_is_answered_like_an_unknown_user(path: str, client: Client) -> None:
    assert client.get(path).status_code == 404


def test_guessed_picture_urls_find_no_picture(client: Client, settings: Settings, tmp_path: Path) -> None:
    """An earlier URL redirects to the present picture, but a made-up one does not."""
    settings.DATA_DIR = tmp_path
    user = User.objects.get(username=KNOWN)
    before, after = (avatar_set(user_id=user.pk, picture=picture()).avatar for _ in range(2))
    Path(tmp_path, "media", before.lstrip("/")).unlink()
    assert client.get(before)["Location"] == after
    half = before.removesuffix(".webp")[-8:]
    for made_up in ("0" * 16, "0" * 8 + half, half * 2):
        assert client.get(f"/avatars/{user.pk}-{made_up}.webp").status_code == 404
