"""Each provider's response becomes an identity, and pictures come from known hosts only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.test import RequestFactory
from pytest_django.fixtures import Settings
from social_core.exceptions import AuthProviderError, AuthResponseError

from accounts.oauth import providers
from accounts.oauth.providers import PROVIDERS, authorization_origins, enabled_providers, provider_backend
from tests.support.identity_provider import KEYS


@pytest.fixture
def switched_on(settings: Settings) -> None:
    for name, value in KEYS.items():
        setattr(settings, name, value)


def _provider(slug: str) -> Any:
    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    return provider_backend(next(way for way in PROVIDERS if way.slug == slug), request)


def test_a_github_account_is_identified_by_number() -> None:
    said = {"id": 4711, "login": "octo", "name": "Octo", "avatar_url": "https://avatars.githubusercontent.com/u/1"}
    identity = _provider("github").identity(said)
    assert (identity.provider, identity.subject, identity.subject_key) == ("github", "4711", "id")
    assert (identity.handle, identity.name, identity.email) == ("octo", "Octo", "")


@pytest.mark.parametrize(
    ("emails", "email", "unconfirmed"),
    [
        ([{"email": "a@b.example", "primary": True, "verified": True}], "a@b.example", False),
        ([{"email": "a@b.example", "primary": True, "verified": False}], "", True),
        ([{"email": "a@b.example", "primary": True, "verified": "true"}], "", True),
        ([{"email": "a@b.example", "primary": True}], "", True),
        ([{"email": "a@b.example", "primary": False, "verified": True}], "", False),
        (["a@b.example"], "", False),
        ([], "", False),
    ],
)
def test_only_a_confirmed_primary_address_of_github_counts(emails: Any, email: str, unconfirmed: bool) -> None:
    identity = _provider("github").identity({"id": 1, "emails": emails, "email": "public@b.example"})
    assert (identity.email, identity.email_unconfirmed) == (email, unconfirmed)


@pytest.mark.parametrize("confirmed", [False, None, "true", 1])
def test_an_email_unconfirmed_by_google_is_ignored(confirmed: object) -> None:
    identity = _provider("google").identity({"sub": "1", "email": "a@b.example", "email_verified": confirmed})
    assert (identity.email, identity.email_unconfirmed) == ("", True)


def test_an_openid_account_is_identified_by_issuer_and_subject() -> None:
    """Two providers may number their users alike."""
    backend = _provider("sso")
    subjects = []
    for issuer in ("https://sso.example", "https://other.example/realm"):
        backend.id_token = {"iss": issuer, "sub": "7"}
        subjects.append(backend.identity({"sub": "7"}).subject)
    assert subjects == ["https://sso.example#7", "https://other.example/realm#7"]
    with pytest.raises(AuthResponseError):
        backend.identity({"sub": "7" * 255})


@pytest.mark.parametrize(("slug", "key"), [("github", "id"), ("google", "sub"), ("wechat", "openid")])
@pytest.mark.parametrize("subject", [None, "", True, {"a": 1}, ["1"]])
def test_an_identity_without_a_subject_is_refused(slug: str, key: str, subject: object) -> None:
    with pytest.raises(AuthResponseError):
        _provider(slug).identity({key: subject, "name": "Alice", "email": "a@b.example", "email_verified": True})


def test_names_that_are_not_strings_are_ignored() -> None:
    identity = _provider("google").identity({"sub": "1", "name": {"$ne": ""}, "picture": 7})
    assert (identity.name, identity.picture) == ("", "")


@pytest.mark.parametrize(
    "url",
    [
        "http://avatars.githubusercontent.com/u/1",
        "https://avatars.githubusercontent.com.elsewhere.example/u/1",
        "https://elsewhere.example/?avatars.githubusercontent.com",
        "https://avatars.githubusercontent.com@169.254.169.254/latest",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/",
        "https://avatars.githubusercontent.com:8443/u/1",
        "https://avatars.githubusercontent.com:x/u/1",
        "file:///etc/passwd",
        "//avatars.githubusercontent.com/u/1",
        "",
    ],
)
def test_a_picture_from_another_host_is_not_fetched(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **how: object) -> None:
        raise AssertionError("this must not be asked for")

    monkeypatch.setattr(requests, "get", refuse)
    assert _provider("github").picture(url) is None
    assert _provider("google").picture(url) is None


class _Answer:
    status_code = 200

    def __init__(self, size: int) -> None:
        self._size = size

    def __enter__(self) -> _Answer:
        return self

    def __exit__(self, *fault: object) -> None:
        pass

    def iter_content(self, size: int) -> Iterator[bytes]:
        for _ in range(0, self._size, size):
            yield b"x" * size


@pytest.mark.parametrize(("size", "kept"), [(100_000, True), (providers.PICTURE_MAX_BYTES * 2, False)])
def test_a_picture_download_is_limited_and_follows_no_redirect(
    size: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def get(url: str, **how: Any) -> _Answer:
        asked.append(how)
        return _Answer(size)

    monkeypatch.setattr(requests, "get", get)
    found = _provider("google").picture("https://lh3.googleusercontent.com/a/1")
    assert (found is not None) == kept
    # Each address of the host has two seconds.
    assert asked[0]["allow_redirects"] is False and asked[0]["timeout"] == (2.0, 4.0)


def test_a_dead_address_of_a_provider_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def request(method: str, url: str, **how: Any) -> None:
        asked.append(how)
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests, "request", request)
    with pytest.raises(AuthProviderError):
        _provider("github").user_data("token")
    assert asked[0]["timeout"] == (2.0, 8.0)


def test_a_provider_needs_both_keys(settings: Settings, switched_on: None) -> None:
    assert [way.slug for way in enabled_providers()] == ["github", "google", "sso", "wechat"]
    settings.SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET = ""
    assert [way.slug for way in enabled_providers()] == ["github", "sso", "wechat"]


def test_the_csp_allows_forms_to_enabled_providers_only(settings: Settings, switched_on: None) -> None:
    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    wanted = ["https://accounts.google.com", "https://github.com", "https://open.weixin.qq.com", "https://sso.example"]
    assert authorization_origins(request) == wanted
    settings.SOCIAL_AUTH_GITHUB_KEY = ""
    assert authorization_origins(request) == [wanted[0], *wanted[2:]]
