"""Attack 12: OAuth with a replayed, missing or foreign state, a `next` to another site, or a foreign email address.

None of them signs a user in or links an account silently. tests/e2e/test_oauth.py covers the browser.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from pytest_django.fixtures import Settings
from social_core.exceptions import AuthResponseError
from social_django.models import Nonce, UserSocialAuth

from accounts import rate_limits
from accounts.actions import expired_credentials_delete, user_deactivate, user_register
from accounts.models import User
from accounts.oauth import flow, providers
from tests.support import openid
from tests.support.identity_provider import IdentityProvider
from tests.support.oauth_sign_in import return_address, signed_in

pytestmark = pytest.mark.slow

PASSWORD = "a good password"
WAYS = ["github", "google", "sso", "wechat"]
WITH_ADDRESSES = ["github", "google", "sso"]
ELSEWHERE = [
    "//elsewhere.example/",
    "https://elsewhere.example/",
    "/\\elsewhere.example",
    "http:///elsewhere.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "\t//elsewhere.example",
]


def links() -> list[tuple[str, str]]:
    return list(UserSocialAuth.objects.order_by("pk").values_list("uid", "user__username"))


@pytest.mark.parametrize("way", WAYS)
def test_alice_signs_up_and_signs_in_again(provider: IdentityProvider, way: str) -> None:
    for _ in range(2):
        client = Client()
        assert client.get(return_address(client, way))["Location"] == "/"
        assert signed_in(client) is not None
    assert len(links()) == 1
    assert User.objects.filter(social_auth__isnull=False).count() == 1


@pytest.mark.parametrize("way", WAYS)
def test_signing_in_creates_a_new_session(provider: IdentityProvider, way: str) -> None:
    client = Client()
    back = return_address(client, way)
    before = client.session.session_key
    client.get(back)
    assert before != client.session.session_key
    assert not [key for key in dict(client.session) if "sign_up" in key]


@pytest.mark.parametrize("way", WAYS)
def test_a_state_works_once_and_in_its_own_browser(provider: IdentityProvider, way: str) -> None:
    client, other = Client(), Client()
    back = return_address(client, way)
    return_address(other, way)
    assert other.get(back).status_code == 400
    client.get(back)
    assert signed_in(client) is not None and signed_in(other) is None
    client.post("/accounts/logout/")
    assert client.get(back).status_code == 400
    assert signed_in(client) is None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", ["", "state=", "state=x", "state=" + "x" * 500, "state=a&state=b", "state=%00"])
def test_an_unknown_state_causes_no_request_to_the_provider(provider: IdentityProvider, way: str, state: str) -> None:
    client = Client()
    return_address(client, way)
    provider.requested_paths.clear()
    answer = client.get(f"/accounts/oauth/{way}/done/?code=anything&{state}")
    assert answer.status_code == 400 and "Nothing was changed" in answer.content.decode()
    assert not provider.requested_paths and signed_in(client) is None


def test_a_state_of_one_provider_is_refused_by_another(provider: IdentityProvider) -> None:
    client = Client()
    query = urlsplit(return_address(client, "github")).query
    assert client.get(f"/accounts/oauth/google/done/?{query}").status_code == 400
    assert signed_in(client) is None


def test_a_state_expires(provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    from social_core.backends import oauth

    client = Client()
    back = return_address(client, "github")
    now = oauth._time()
    monkeypatch.setattr(oauth, "_time", lambda: now + 1801)
    assert client.get(back).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "of-another-sign-in"},
        {"aud": "another-client"},
        {"iss": "https://other.example"},
        {"exp": 1},
        {"sub": "9"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_token_of_another_sign_in_client_or_user_is_refused(
    provider: IdentityProvider, wrong: dict[str, object]
) -> None:
    provider.claims = wrong
    client = Client()
    answer = client.get(return_address(client, "sso"))
    assert answer.status_code == 502 and "did not respond as expected" in answer.content.decode()
    assert signed_in(client) is None and links() == []


def test_a_provider_whose_addresses_cannot_be_read_is_named(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(backend: providers.OpenIdConnect) -> None:
        raise AuthResponseError(backend, code="connection_failed")

    monkeypatch.setattr(providers.OpenIdConnect, "oidc_config", fail)
    answer = Client().post("/accounts/oauth/sso/")
    assert answer.status_code == 502 and "Single sign-on did not respond as expected" in answer.content.decode()
    # The page for signing in opens meanwhile.
    assert Client().get("/accounts/login/").status_code == 200


def test_a_token_that_another_key_has_signed_is_refused(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    back = return_address(client, "sso")
    monkeypatch.setattr(openid, "signing_key", lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert client.get(back).status_code == 502
    assert signed_in(client) is None


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_next_of_another_site_is_refused_at_the_start(provider: IdentityProvider, target: str) -> None:
    answer = Client().post("/accounts/oauth/github/", {"next": target})
    assert answer.status_code == 400 and "on another site" in answer.content.decode()
    assert not provider.requested_paths


def test_a_next_in_the_callback_is_ignored(provider: IdentityProvider) -> None:
    client = Client()
    assert client.get(return_address(client, "github") + "&next=//elsewhere.example")["Location"] == "/"


def test_oauth_starts_with_a_csrf_protected_post_only(provider: IdentityProvider) -> None:
    assert Client().get("/accounts/oauth/github/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/accounts/oauth/github/").status_code == 403


@pytest.mark.parametrize("way", WITH_ADDRESSES)
def test_an_unconfirmed_address_signs_nobody_in(provider: IdentityProvider, way: str) -> None:
    user_register(username="victim", password=PASSWORD, email="victim@example.org")
    for email in ("victim@example.org", "nobody@example.org"):
        provider.identity = replace(provider.identity, email=email, confirmed=False)
        client = Client()
        answer = client.get(return_address(client, way))
        assert answer.status_code == 403 and "is not verified" in answer.content.decode()
        assert signed_in(client) is None
    assert links() == []


@pytest.mark.parametrize("way", WITH_ADDRESSES)
def test_a_confirmed_address_of_another_user_links_nothing(provider: IdentityProvider, way: str) -> None:
    user_register(username="victim", password=PASSWORD, email="victim@example.org")
    provider.identity = replace(provider.identity, email="VICTIM@example.org")
    client = Client()
    assert client.get(return_address(client, way))["Location"] == "/accounts/oauth/sign-up/"
    assert signed_in(client) is None
    client.post("/accounts/oauth/sign-up/", {"username": "alice", "nickname": ""})
    assert signed_in(client) == "alice"
    assert User.objects.get(username="alice").email is None
    assert [name for _, name in links()] == ["alice"]


def test_a_confirmed_address_is_stored(provider: IdentityProvider) -> None:
    client = Client()
    client.get(return_address(client, "github"))
    assert User.objects.get(username=signed_in(client)).email == "alice@example.org"


def test_no_access_token_is_stored_or_logged(provider: IdentityProvider, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    back = return_address(client, "github")
    client.get(back)
    token, code = next(iter(provider._tokens)), parse_qs(urlsplit(back).query)["code"][0]
    assert UserSocialAuth.objects.get().extra_data == {}
    assert token not in str(dict(client.session)) and token not in caplog.text and code not in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_a_deactivated_user_cannot_sign_in(provider: IdentityProvider, way: str) -> None:
    first, second = Client(), Client()
    first.get(return_address(first, way))
    user_deactivate(user_id=UserSocialAuth.objects.get().user_id)
    answer = second.get(return_address(second, way))
    assert answer.status_code == 403 and "This account is closed." in answer.content.decode()
    assert signed_in(second) is None


def test_no_account_is_created_while_registration_is_closed(provider: IdentityProvider, settings: Settings) -> None:
    settings.IM_REGISTRATION = False
    client = Client()
    answer = client.get(return_address(client, "google"))
    assert answer.status_code == 403 and "Registration is closed" in answer.content.decode()
    assert links() == []


@pytest.mark.parametrize(("fault", "path"), [("failing_path", "token"), ("failing_path", "user"), ("garbled", "user")])
@pytest.mark.parametrize("way", WAYS)
def test_a_provider_failure_shows_an_error(provider: IdentityProvider, way: str, path: str, fault: str) -> None:
    client = Client()
    back = return_address(client, way)
    setattr(provider, fault, path)
    answer = client.get(back)
    assert answer.status_code == 502 and "Try again later" in answer.content.decode()
    assert signed_in(client) is None


def test_a_link_is_made_only_for_the_user_who_started_it(provider: IdentityProvider) -> None:
    for name in ("alice", "mallory"):
        user_register(username=name, password=PASSWORD)
    client = Client()
    client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    back = return_address(client, "github", "link/", current_password=PASSWORD)
    client.post("/accounts/login/", {"username": "mallory", "password": PASSWORD})
    assert client.get(back).status_code == 400
    assert links() == []


def test_a_guest_cannot_link_an_account(provider: IdentityProvider) -> None:
    from accounts.actions import guest_create

    client = Client()
    client.force_login(guest_create(name="Guest"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/accounts/oauth/github/link/")["Location"] == "/accounts/register/"
    client.get(return_address(client, "github", link="1"))
    assert [name for _, name in links()] == ["octo-alice"], "they come in as somebody new"


def test_linking_an_account_needs_the_password(provider: IdentityProvider) -> None:
    user_register(username="alice", password=PASSWORD)
    client = Client()
    client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    for form in ({}, {"current_password": "a guess"}, {"link": "1"}, {"username_confirmation": "alice"}):
        assert client.post("/accounts/oauth/github/link/", form).status_code == 200
    assert not provider.requested_paths
    client.get(return_address(client, "github", "link/", current_password=PASSWORD))
    assert [name for _, name in links()] == ["alice"]


def test_a_user_without_a_password_confirms_the_user_name_to_link(provider: IdentityProvider) -> None:
    client = Client()
    client.get(return_address(client, "github"))
    assert client.post("/accounts/oauth/google/link/", {"username_confirmation": "mallory"}).status_code == 200
    client.get(return_address(client, "google", "link/", username_confirmation="octo-alice"))
    assert [name for _, name in links()] == ["octo-alice"] * 2


def test_an_expired_sign_up_starts_again(provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    user_register(username="octo-alice", password=PASSWORD)
    client = Client()
    client.get(return_address(client, "github"))
    assert client.get("/accounts/oauth/sign-up/").status_code == 200
    monkeypatch.setattr(flow, "_SIGN_UP_SECONDS", -1)
    assert client.post("/accounts/oauth/sign-up/", {"username": "free"})["Location"] == "/accounts/login/"
    assert links() == []


@pytest.mark.parametrize("name", ["admin", "ali\u202ece", "a\u200bb", "pаypal", "alice\n", "~guest", ""])
def test_a_name_that_cannot_be_registered_is_refused_at_sign_up(provider: IdentityProvider, name: str) -> None:
    user_register(username="octo-alice", password=PASSWORD)
    client = Client()
    client.get(return_address(client, "github"))
    assert client.post("/accounts/oauth/sign-up/", {"username": name, "nickname": ""}).status_code == 200
    assert signed_in(client) is None and links() == []


def test_a_script_in_a_provider_name_is_escaped(provider: IdentityProvider) -> None:
    user_register(username="octo-alice", password=PASSWORD)
    provider.identity = replace(provider.identity, name='"><script>alert(1)</script>')
    client = Client()
    page = client.get(return_address(client, "github"), follow=True).content.decode()
    assert "&lt;script&gt;" in page and "<script>alert" not in page


def test_started_sign_ins_are_rate_limited_and_expire(provider: IdentityProvider, settings: Settings) -> None:
    settings.IM_OAUTH_RATE = 3
    rate_limits.oauth_rate_limit.reset()
    client = Client()
    answers = [client.post("/accounts/oauth/github/").status_code for _ in range(5)]
    assert answers == [302] * 3 + [429] * 2
    assert Nonce.objects.count() == 3
    Nonce.objects.update(timestamp=1)
    expired_credentials_delete()
    assert not Nonce.objects.exists()
    rate_limits.oauth_rate_limit.reset()
