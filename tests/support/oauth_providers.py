"""The site's OAuth providers, redirected to the tests' identity provider at TEST_IDENTITY_PROVIDER."""

from __future__ import annotations

import os
from typing import Any

from accounts.oauth import providers


def _here(url: str, host: str = "127.0.0.1") -> str:
    port = os.environ["TEST_IDENTITY_PROVIDER"]
    return f"http://{host}:{port}/{url.split('://', 1)[1]}"


class _Elsewhere:
    """Mixin that sends the provider's requests to the identity provider."""

    def authorization_url(self) -> str:
        return _here(super().authorization_url(), "localhost")  # type: ignore[misc]

    def request(self, url: str, **how: Any) -> Any:
        return super().request(_here(url), **how)  # type: ignore[misc]

    def fetch(self, url: str) -> Any:
        return super().fetch(_here(url))  # type: ignore[misc]


class GitHub(_Elsewhere, providers.GitHub):
    pass


class Google(_Elsewhere, providers.Google):
    pass


class OpenIdConnect(_Elsewhere, providers.OpenIdConnect):
    def sign_in_url(self) -> str:
        return _here(super().sign_in_url(), "localhost")


class WeChat(_Elsewhere, providers.WeChat):
    pass
