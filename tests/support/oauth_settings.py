"""The site's settings, but for the identity provider that people sign in by."""

from imsite.settings import *  # noqa: F403

OAUTH_PROVIDERS = {
    "github": "tests.support.oauth_providers.GitHub",
    "google": "tests.support.oauth_providers.Google",
    "wechat": "tests.support.oauth_providers.WeChat",
}
