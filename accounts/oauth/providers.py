"""OAuth providers: their configuration, and the conversion of their answers to an `Identity`.

The social-auth library implements OAuth 2. Its user accounts, pipelines and stored access tokens are not used: a
completed sign-in returns an `Identity`, and the access token is discarded.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from social_core.backends.github import GithubOAuth2
from social_core.backends.google import GoogleOAuth2
from social_core.backends.open_id_connect import OpenIdConnectAuth
from social_core.backends.weixin import WeixinOAuth2
from social_core.exceptions import AuthResponseError
from social_django.models import UID_LENGTH, DjangoStorage
from social_django.strategy import DjangoStrategy

from accounts.oauth.identity import Identity

PICTURE_MAX_BYTES = 2_000_000
_PICTURE_TIMEOUT_SECONDS = 4.0
_CONNECT_TIMEOUT_SECONDS = 2.0
"""Seconds for each address of the picture's host."""


class Strategy(DjangoStrategy):
    """The library's Django strategy. A completed sign-in returns the `Identity` and does not sign a user in.

    Session data of the library lasts for one request; `accounts.oauth.flow` carries it to the next.
    """

    def __init__(self, storage: Any, request: HttpRequest) -> None:
        super().__init__(storage, request)
        self.session = cast(SessionBase, {})

    def authenticate(self, backend: Any, **kwargs: Any) -> Any:
        return backend.identity(kwargs["response"])


class IdentityBackend:
    """Mixin for the library's backends: turns the provider's answer into an `Identity` and downloads the picture."""

    picture_hosts: tuple[str, ...] = ()
    """Hosts that pictures are downloaded from. An entry that begins with a dot matches all subdomains."""

    def sign_in_url(self: Any) -> str:
        """Return an address on the origin of the provider's pages for signing in, without a request."""
        return str(self.authorization_url())

    def identity(self, response: dict[str, Any]) -> Identity:
        """Return the identity that the provider's user info describes."""
        raise NotImplementedError

    def subject(self: Any, response: dict[str, Any]) -> dict[str, Any]:
        """Return the identifying fields of an Identity. Raises AuthResponseError without a usable subject."""
        key = self.id_key()
        value = response.get(key)
        if not isinstance(value, str | int) or isinstance(value, bool) or not str(value):
            raise AuthResponseError(self, claim=key, code="missing_claim", stage="user_info")
        return {"provider": self.name, "subject": str(value), "subject_key": key}

    def picture(self, url: str) -> bytes | None:
        """Download the picture at `url`. None for other hosts, for failures, and past the size or time limit."""
        if not self._is_allowed_picture_url(url):
            return None
        try:
            with self.fetch(url) as response:
                if response.status_code != requests.codes.ok:
                    return None
                return _read_bounded(response.iter_content(16_384))
        except requests.RequestException:
            return None

    def _is_allowed_picture_url(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            is_plain = parts.scheme == "https" and parts.port is None and parts.username is None
        except ValueError:
            return False
        host = parts.hostname or ""
        return is_plain and any(
            host == allowed or (allowed.startswith(".") and host.endswith(allowed)) for allowed in self.picture_hosts
        )

    def fetch(self, url: str) -> requests.Response:
        """Request a file without following redirects."""
        timeout = (_CONNECT_TIMEOUT_SECONDS, _PICTURE_TIMEOUT_SECONDS)
        return requests.get(url, timeout=timeout, stream=True, allow_redirects=False)


class GitHub(IdentityBackend, GithubOAuth2[Any]):
    """Identifies users by their numeric GitHub id, because a GitHub user name can change."""

    picture_hosts = ("avatars.githubusercontent.com",)

    def identity(self, response: dict[str, Any]) -> Identity:
        emails = [entry for entry in response.get("emails") or () if isinstance(entry, dict)]
        primary = next((entry for entry in emails if entry.get("primary")), None)
        confirmed = primary is not None and primary.get("verified") is True
        return Identity(
            **self.subject(response),
            name=_text(response, "name"),
            handle=_text(response, "login"),
            email=_text(primary or {}, "email") if confirmed else "",
            email_unconfirmed=primary is not None and not confirmed,
            picture=_text(response, "avatar_url"),
        )


class Google(IdentityBackend, GoogleOAuth2[Any]):
    """Identifies users by the `sub` claim."""

    picture_hosts = (".googleusercontent.com",)

    def validate_email_verified(self, response: Any, **kwargs: Any) -> None:
        """Accept unverified addresses here; a sign-up refuses them with its own message."""

    def identity(self, response: dict[str, Any]) -> Identity:
        email, confirmed = _text(response, "email"), response.get("email_verified") is True
        return Identity(
            **self.subject(response),
            name=_text(response, "name"),
            email=email if confirmed else "",
            email_unconfirmed=bool(email) and not confirmed,
            picture=_text(response, "picture"),
        )


class WeChat(IdentityBackend, WeixinOAuth2[Any]):
    """Identifies users by their openid. WeChat gives no email address."""

    picture_hosts = ("thirdwx.qlogo.cn", "wx.qlogo.cn")

    def user_data(self, access_token: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Request the user info and decode it as UTF-8. The library guesses the encoding from a wrong header."""
        reply = self.request(
            "https://api.weixin.qq.com/sns/userinfo",
            params={"access_token": access_token, "openid": self.subject(kwargs["response"])["subject"]},
        )
        reply.encoding = "utf-8"
        try:
            data = reply.json()
        except ValueError as error:
            raise AuthResponseError(self, code="malformed_response", stage="user_info") from error
        if not isinstance(data, dict):
            raise AuthResponseError(self, code="malformed_response", stage="user_info")
        self.process_error(data, stage="user_info")
        return data

    def identity(self, response: dict[str, Any]) -> Identity:
        # WeChat gives http URLs, but its hosts serve https as well.
        picture = _text(response, "headimgurl").replace("http://", "https://", 1)
        return Identity(**self.subject(response), name=_text(response, "nickname"), picture=picture)


class OpenIdConnect(IdentityBackend, OpenIdConnectAuth[Any]):
    """Identifies users of any provider that speaks OpenID Connect by its issuer and the `sub` claim.

    Another provider may use the same subjects, such as numbers: if SOCIAL_AUTH_OIDC_ENDPOINT changes, nobody gets the
    account of another user.

    The nonce waits in the signed cookie of the sign-in, and the state, which it is bound to, is accepted once. So none
    is stored here. An address counts only if the provider says that it is confirmed; without a word about it, the user
    has none here.
    """

    def sign_in_url(self) -> str:
        """Return the provider's address. Its pages for signing in must be on the same host."""
        return self.oidc_endpoint()

    def get_and_store_nonce(self, url: str, state: Any) -> str:
        return str(self.strategy.random_string(64))

    def get_nonce(self, nonce: str) -> Any:
        return SimpleNamespace(id=0, assoc_type=(self._oauth2_transaction or {}).get("state"))

    def remove_nonce(self, nonce_id: int) -> None:
        pass

    def subject(self, response: dict[str, Any]) -> dict[str, Any]:
        found = super().subject(response)
        # The library has checked the issuer, which contains no "#".
        subject = f"{(self.id_token or {})['iss']}#{found['subject']}"
        if len(subject) > UID_LENGTH:
            raise AuthResponseError(self, claim="sub", code="invalid_claim", stage="user_info")
        return found | {"subject": subject}

    def identity(self, response: dict[str, Any]) -> Identity:
        email, confirmed = _text(response, "email"), response.get("email_verified")
        return Identity(
            **self.subject(response),
            name=_text(response, "name"),
            handle=_text(response, "preferred_username").partition("@")[0],
            email=email if confirmed is True else "",
            email_unconfirmed=bool(email) and confirmed is False,
        )


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One provider: its slug in URLs, its English name, and the two settings that enable it."""

    slug: str
    name: str
    backend: str
    """Name of the library's backend, which stored links refer to."""
    key_setting: str
    secret_setting: str
    endpoint_setting: str = ""
    """The setting with the provider's address, if it can be any, which is needed as well."""
    name_setting: str = ""
    """The setting with the name that users know it by."""

    @property
    def title(self) -> str:
        """The name that the operator has chosen, or else that in the active language."""
        chosen = str(getattr(settings, self.name_setting)) if self.name_setting else ""
        return chosen or gettext(self.name)

    @property
    def enabled(self) -> bool:
        needed = (self.key_setting, self.secret_setting, *filter(None, [self.endpoint_setting]))
        return all(getattr(settings, name) for name in needed)


PROVIDERS = (
    ProviderConfig("github", "GitHub", "github", "SOCIAL_AUTH_GITHUB_KEY", "SOCIAL_AUTH_GITHUB_SECRET"),
    ProviderConfig(
        "google", "Google", "google-oauth2", "SOCIAL_AUTH_GOOGLE_OAUTH2_KEY", "SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET"
    ),
    ProviderConfig(
        "sso",
        _("Single sign-on"),
        "oidc",
        "SOCIAL_AUTH_OIDC_KEY",
        "SOCIAL_AUTH_OIDC_SECRET",
        "SOCIAL_AUTH_OIDC_ENDPOINT",
        "IM_OIDC_NAME",
    ),
    ProviderConfig("wechat", "WeChat", "weixin", "SOCIAL_AUTH_WEIXIN_KEY", "SOCIAL_AUTH_WEIXIN_SECRET"),
)


def enabled_providers() -> list[ProviderConfig]:
    """Return the providers whose keys are set."""
    return [provider for provider in PROVIDERS if provider.enabled]


def enabled_provider(slug: str) -> ProviderConfig | None:
    """Return the enabled provider with this slug, if there is one."""
    return next((provider for provider in enabled_providers() if provider.slug == slug), None)


def provider_backend(provider: ProviderConfig, request: HttpRequest, callback_path: str = "") -> Any:
    """Return the library's backend for a request. The provider redirects the browser back to `callback_path`."""
    backend = import_string(settings.OAUTH_PROVIDERS[provider.slug])
    return backend(Strategy(DjangoStorage, request), redirect_uri=callback_path or None)


def authorization_origins(request: HttpRequest) -> list[str]:
    """Return the origins that the sign-in buttons lead to, for `form-action` of the Content-Security-Policy."""
    origins = set()
    for provider in enabled_providers():
        parts = urlsplit(provider_backend(provider, request).sign_in_url())
        origins.add(f"{parts.scheme}://{parts.netloc}")
    return sorted(origins)


def _text(response: dict[str, Any], name: str) -> str:
    value = response.get(name)
    return value.strip() if isinstance(value, str) else ""


def _read_bounded(chunks: Iterable[bytes]) -> bytes | None:
    """Return all chunks together; None if they exceed the size limit or take too long."""
    content, deadline = bytearray(), time.monotonic() + _PICTURE_TIMEOUT_SECONDS
    for chunk in chunks:
        content += chunk
        if len(content) > PICTURE_MAX_BYTES or time.monotonic() > deadline:
            return None
    return bytes(content)
