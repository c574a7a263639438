"""Attack 22: a passkey signs in its own user, on this site, once for each challenge, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client

from accounts.actions import user_deactivate
from accounts.models import Passkey, User
from accounts.selectors.users import user_by_session
from tests.support.account_pages import session_key, sign_in
from tests.support.passkeys import ADD, HOST, ORIGIN, Authenticator, add_passkey, use_passkey
from tests.support.second_factor import SETTINGS, STEP, reauthenticate, take_first_step

OPTIONS, ANSWER = "/accounts/passkey/options/", "/accounts/passkey/"


def _key_of(username: str, *, sign_count: int = 1) -> Authenticator:
    client, authenticator = Client(), Authenticator(sign_count=sign_count)
    sign_in(client, username)
    reauthenticate(client)
    assert add_passkey(client, authenticator).status_code == 200
    return authenticator


def _refused(client: Client, response: Any) -> bool:
    return (response.status_code, response.json()["reason"]) == (400, "passkey_refused") and (
        SESSION_KEY not in client.session
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://testserver.evil.example"},
        {"origin": "https://testserver"},
        {"origin": "http://testserver:8000"},
        {"origin": "null"},
        {"host": "evil.example"},
        {"verifies_user": False},
        {"user_handle": b"1000000"},
        {"credential_id": b"unknown"},
    ],
    ids=str,
)
def test_a_wrong_answer_is_refused(alice: User, wrong: dict[str, Any]) -> None:
    key = _key_of("alice")
    for name, value in wrong.items():
        setattr(key, name, value)
    client = Client()
    assert _refused(client, use_passkey(client, key))
    assert Passkey.objects.get().last_used_at is None


def test_a_signature_of_another_key_is_refused(alice: User) -> None:
    key, client = _key_of("alice"), Client()
    key.key = Authenticator().key
    assert _refused(client, use_passkey(client, key))


def test_a_challenge_is_used_once(alice: User) -> None:
    key, client = _key_of("alice"), Client()
    answer = key.get(client.post(OPTIONS).json())
    assert client.post(ANSWER, {"answer": answer}).status_code == 200
    client.post("/accounts/logout/")
    assert _refused(client, client.post(ANSWER, {"answer": answer}))
    # A failed answer uses it up as well.
    options = client.post(OPTIONS).json()
    assert _refused(client, client.post(ANSWER, {"answer": "{}"}))
    assert _refused(client, client.post(ANSWER, {"answer": key.get(options)}))


def test_of_two_answers_to_a_challenge_at_once_one_signs_in(alice: User) -> None:
    """Both requests have read the session before the other is answered. This key counts no signatures."""
    key, client, other = _key_of("alice", sign_count=0), Client(), Client()
    options = client.post(OPTIONS).json()
    session = other.session
    session["passkey_challenge"] = client.session["passkey_challenge"]
    session.save()
    key.sign_count = -1
    answer = key.get(options)
    assert client.post(ANSWER, {"answer": answer}).status_code == 200
    assert _refused(other, other.post(ANSWER, {"answer": answer}))


def test_a_user_name_does_not_replace_a_passkey(alice: User) -> None:
    """Alice signs in with a provider and has no password. A stranger at her open browser knows her user name."""
    key, client = _key_of("alice"), Client()
    alice.set_unusable_password()
    alice.save(update_fields=["password"])
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/accounts/confirm/", {"username_confirmation": "alice"}).status_code == 200
    assert client.get(SETTINGS)["Location"].startswith("/accounts/confirm/")
    client.post("/accounts/deactivate/", {"username_confirmation": "alice"})
    alice.refresh_from_db()
    assert alice.is_active
    assert use_passkey(client, key, "/accounts/confirm/").status_code == 200
    assert client.get(SETTINGS).status_code == 200
    client.post("/accounts/deactivate/")
    alice.refresh_from_db()
    assert not alice.is_active


def test_a_challenge_of_another_browser_or_for_another_purpose_is_refused(alice: User) -> None:
    key = _key_of("alice")
    client, other = Client(), Client()
    client.post(OPTIONS)
    assert _refused(client, client.post(ANSWER, {"answer": key.get(other.post(OPTIONS).json())}))
    client = take_first_step()
    options = client.post(f"{STEP}options/").json()
    assert _refused(client, client.post(ANSWER, {"answer": key.get(options)}))


def test_a_copied_key_is_refused_once_the_counts_cross(alice: User) -> None:
    key, client = _key_of("alice"), Client()
    assert use_passkey(Client(), key).status_code == 200
    key.sign_count -= 1
    assert _refused(client, use_passkey(client, key))
    key.sign_count = -1
    assert _refused(client, use_passkey(client, key))


def test_a_passkey_of_another_user_does_not_take_the_second_step(alice: User, bob: User) -> None:
    _key_of("alice")
    bobs = _key_of("bob")
    client = take_first_step("alice")
    options = client.post(f"{STEP}options/").json()
    assert len(options["publicKey"]["allowCredentials"]) == 1
    assert _refused(client, client.post(f"{STEP}passkey/", {"answer": bobs.get(options)}))


def test_the_second_step_needs_the_first(alice: User) -> None:
    key, client = _key_of("alice"), Client()
    answer = key.get(client.post(OPTIONS).json())
    for path in (f"{STEP}options/", f"{STEP}passkey/"):
        response = client.post(path, {"answer": answer})
        assert (response.status_code, response.json()["reason"]) == (403, "second_step_expired")
    assert SESSION_KEY not in client.session


def test_a_passkey_of_a_closed_account_is_answered_like_an_unknown_one(alice: User) -> None:
    key, client = _key_of("alice"), Client()
    user_deactivate(user_id=alice.pk)
    assert _refused(client, use_passkey(client, key))


def test_a_key_is_added_to_one_account_only(alice: User, bob: User) -> None:
    key, client = _key_of("alice"), Client()
    sign_in(client, "bob")
    reauthenticate(client)
    assert add_passkey(client, key).json()["reason"] == "passkey_refused"
    assert Passkey.objects.get().user == alice
    for foreign in ({"origin": "https://evil.example", "host": HOST}, {"origin": ORIGIN, "host": "evil.example"}):
        assert add_passkey(client, Authenticator(**foreign)).json()["reason"] == "passkey_refused"


def test_passkeys_of_others_are_neither_renamed_nor_removed(alice: User, bob: User) -> None:
    _key_of("alice")
    client = Client()
    sign_in(client, "bob")
    reauthenticate(client)
    for number in (Passkey.objects.get().pk, "0", "９", "9" * 30):
        assert client.post(f"{ADD}{number}/", {"name": "Mine"}).status_code == 302
        assert client.post(f"{ADD}{number}/remove/").status_code == 302
    assert Passkey.objects.get().name == "My key"


@pytest.mark.parametrize(
    "answer", ["", "[]", "{", "\0", "null", '{"rawId": 1}', '{"response": {}}', "[" * 9999, "9" * 70_000]
)
def test_a_malformed_answer_is_refused_plainly(db: None, answer: str) -> None:
    client = Client()
    client.post(OPTIONS)
    assert _refused(client, client.post(ANSWER, {"answer": answer}))


def test_the_options_tell_nothing_of_accounts(alice: User, bob: User) -> None:
    _key_of("alice")
    options = Client().post(OPTIONS, {"username": "alice"}).json()["publicKey"]
    assert options.keys() == {"challenge", "rpId", "userVerification"}
    assert (options["rpId"], options["userVerification"]) == (HOST, "required")


def test_the_session_before_the_sign_in_does_not_become_the_one_after_it(alice: User) -> None:
    key, client = _key_of("alice"), Client()
    options = client.post(OPTIONS).json()
    planted = session_key(client)
    assert client.post(ANSWER, {"answer": key.get(options)}).status_code == 200
    assert session_key(client) != planted and user_by_session(planted) is None


def test_a_call_without_the_csrf_token_is_refused(alice: User) -> None:
    key, client = _key_of("alice"), Client(enforce_csrf_checks=True)
    assert client.post(OPTIONS).status_code == 403
    assert client.post(ANSWER, {"answer": key.get({"publicKey": {"challenge": "AAAA"}})}).status_code == 403
