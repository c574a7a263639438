"""The site's settings with the tests' identity provider."""

from imsite.settings import *  # noqa: F403

OAUTH_PROVIDERS = {
    "github": "tests.support.oauth_providers.GitHub",
    "google": "tests.support.oauth_providers.Google",
    "sso": "tests.support.oauth_providers.OpenIdConnect",
    "wechat": "tests.support.oauth_providers.WeChat",
}
