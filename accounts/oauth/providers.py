"""The sites by which people may sign in, and what each says of somebody.

The protocol is the library's. Nothing of its own accounts, pipelines or stored access tokens is used: who comes back is
told as an `Identity`, and the token that told it is forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from social_core.backends.github import GithubOAuth2
from social_core.backends.google import GoogleOAuth2
from social_core.backends.weixin import WeixinOAuth2
from social_core.exceptions import AuthResponseError
from social_django.models import DjangoStorage
from social_django.strategy import DjangoStrategy

from accounts.oauth.identity import Identity

PICTURE_BYTES = 2_000_000
_PICTURE_TIMEOUT = 4.0


class Strategy(DjangoStrategy):
    """The library's way to Django, but for its end: what the provider said is returned, and nobody is signed in."""

    def authenticate(self, backend: Any, **kwargs: Any) -> Any:
        return backend.identity(kwargs["response"])


class Provider:
    """What ours add to the library's backends."""

    picture_hosts: tuple[str, ...] = ()
    """Where the provider keeps pictures: hosts, or ends of hosts that begin with a dot. Nothing else is fetched."""

    def identity(self, response: dict[str, Any]) -> Identity:
        raise NotImplementedError

    def subject(self: Any, response: dict[str, Any]) -> dict[str, Any]:
        """The fields of an Identity that say who it is."""
        key = self.id_key()
        value = response.get(key)
        if not isinstance(value, str | int) or isinstance(value, bool) or not str(value):
            raise AuthResponseError(self, claim=key, code="missing_claim", stage="user_info")
        return {"provider": self.name, "subject": str(value), "subject_key": key}

    def picture(self, url: str) -> bytes | None:
        """The picture at `url`, if that is where this provider keeps pictures and it is not too large.

        None for everything else, and when it does not come soon.
        """
        if not self._is_picture(url):
            return None
        try:
            with self.fetch(url) as answer:
                if answer.status_code != requests.codes.ok:
                    return None
                return _bounded(answer.iter_content(16_384))
        except requests.RequestException:
            return None

    def _is_picture(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            plain = parts.scheme == "https" and parts.port is None and parts.username is None
        except ValueError:
            return False
        host = parts.hostname or ""
        return plain and any(host == end or (end.startswith(".") and host.endswith(end)) for end in self.picture_hosts)

    def fetch(self, url: str) -> requests.Response:
        """Ask for a file, without following anywhere else."""
        return requests.get(url, timeout=_PICTURE_TIMEOUT, stream=True, allow_redirects=False)


class GitHub(Provider, GithubOAuth2[Any]):
    picture_hosts = ("avatars.githubusercontent.com",)

    def identity(self, response: dict[str, Any]) -> Identity:
        listed = [entry for entry in response.get("emails") or () if isinstance(entry, dict)]
        primary = next((entry for entry in listed if entry.get("primary")), None)
        confirmed = primary is not None and primary.get("verified") is True
        return Identity(
            **self.subject(response),
            name=_text(response, "name"),
            handle=_text(response, "login"),
            email=_text(primary or {}, "email") if confirmed else "",
            email_unconfirmed=primary is not None and not confirmed,
            picture=_text(response, "avatar_url"),
        )


class Google(Provider, GoogleOAuth2[Any]):
    picture_hosts = (".googleusercontent.com",)

    def validate_email_verified(self, response: Any, **kwargs: Any) -> None:
        """We ask that ourselves, of whom we do not know yet."""

    def identity(self, response: dict[str, Any]) -> Identity:
        email, confirmed = _text(response, "email"), response.get("email_verified") is True
        return Identity(
            **self.subject(response),
            name=_text(response, "name"),
            email=email if confirmed else "",
            email_unconfirmed=bool(email) and not confirmed,
            picture=_text(response, "picture"),
        )


class WeChat(Provider, WeixinOAuth2[Any]):
    picture_hosts = ("thirdwx.qlogo.cn", "wx.qlogo.cn")

    def user_data(self, access_token: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The library guesses at the answer's encoding, which is UTF-8 whatever its header says."""
        answer = self.request(
            "https://api.weixin.qq.com/sns/userinfo",
            params={"access_token": access_token, "openid": self.subject(kwargs["response"])["subject"]},
        )
        answer.encoding = "utf-8"
        try:
            data = answer.json()
        except ValueError as error:
            raise AuthResponseError(self, code="malformed_response", stage="user_info") from error
        if not isinstance(data, dict):
            raise AuthResponseError(self, code="malformed_response", stage="user_info")
        self.process_error(data, stage="user_info")
        return data

    def identity(self, response: dict[str, Any]) -> Identity:
        # Pictures are named by http addresses; their hosts answer by https as well.
        picture = _text(response, "headimgurl").replace("http://", "https://", 1)
        return Identity(**self.subject(response), name=_text(response, "nickname"), picture=picture)


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One way in: the word for it in addresses, how people call it, and the settings that switch it on."""

    slug: str
    english: str
    backend: str
    """As links are stored."""
    key: str
    secret: str

    @property
    def title(self) -> str:
        """In the language of whoever looks."""
        return gettext(self.english)

    @property
    def enabled(self) -> bool:
        return bool(getattr(settings, self.key) and getattr(settings, self.secret))


WAYS = (
    ProviderConfig("github", "GitHub", "github", "SOCIAL_AUTH_GITHUB_KEY", "SOCIAL_AUTH_GITHUB_SECRET"),
    ProviderConfig(
        "google", "Google", "google-oauth2", "SOCIAL_AUTH_GOOGLE_OAUTH2_KEY", "SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET"
    ),
    ProviderConfig("wechat", "WeChat", "weixin", "SOCIAL_AUTH_WEIXIN_KEY", "SOCIAL_AUTH_WEIXIN_SECRET"),
)


def ways() -> list[ProviderConfig]:
    """Those that the operator has switched on."""
    return [way for way in WAYS if way.enabled]


def way(slug: str) -> ProviderConfig | None:
    return next((one for one in ways() if one.slug == slug), None)


def provider(way: ProviderConfig, request: HttpRequest, back: str = "") -> Any:
    """The provider in the context of a request; `back` is the path to which it sends people."""
    made = import_string(settings.OAUTH_PROVIDERS[way.slug])
    return made(Strategy(DjangoStorage, request), redirect_uri=back or None)


def origins(request: HttpRequest) -> list[str]:
    """Where the buttons of the ways in lead, for the Content-Security-Policy of pages that have them."""
    found = set()
    for one in ways():
        parts = urlsplit(provider(one, request).authorization_url())
        found.add(f"{parts.scheme}://{parts.netloc}")
    return sorted(found)


def _text(response: dict[str, Any], name: str) -> str:
    value = response.get(name)
    return value.strip() if isinstance(value, str) else ""


def _bounded(chunks: Iterable[bytes]) -> bytes | None:
    """All of it; None past the bound in size, or in time, however slowly it drips."""
    whole, deadline = bytearray(), time.monotonic() + _PICTURE_TIMEOUT
    for chunk in chunks:
        whole += chunk
        if len(whole) > PICTURE_BYTES or time.monotonic() > deadline:
            return None
    return bytes(whole)
