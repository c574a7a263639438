"""Django settings. Values from the environment come through `imsite.options`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from imsite import options
from imsite.connection_urls import connection_url, redis_channel_urls, redis_url
from imsite.database import databases
from imsite.logging_config import LOGGING_SETTINGS
from imsite.options import DEVELOPMENT, read
from imsite.secret_key import generated_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = (BASE_DIR / str(read("IM_DATA_DIR"))).resolve()


def _secret_key() -> str:
    """Return SECRET_KEY; on a development start, a generated key from a file that only its owner can read."""
    if key := str(read("SECRET_KEY")):
        return key
    if not DEVELOPMENT:
        raise ImproperlyConfigured(
            "Set SECRET_KEY (for example: python -c 'import secrets; print(secrets.token_urlsafe(50))')."
        )
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    return generated_secret_key(DATA_DIR / "secret_key")


SECRET_KEY = _secret_key()
LOGGING = LOGGING_SETTINGS
REDIS_URL = redis_url()
REDIS_CHANNEL_URLS = redis_channel_urls()
DEBUG = False
ALLOWED_HOSTS = list(cast(tuple[str, ...], read("ALLOWED_HOSTS")))

# Options with these prefixes become settings of the same name.
for _option in options.OPTIONS:
    if _option.name.startswith(("IM_", "SOCIAL_AUTH_")):
        globals()[_option.name] = read(_option.name)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    # Without the search for admin modules, which imsite.admin_urls does at the first request for the admin.
    "imsite.admin_site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # After auth, whose permissions the roles use, and before staticfiles, which also has a `runserver` command.
    "imsite",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
    "social_django",
    "delivery",
    "accounts",
    "chat",
]
MIDDLEWARE = [
    "imsite.monitoring.access.MonitoringMiddleware",
    "imsite.middleware.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "imsite.static_files.StaticFilesMiddleware",
    # After the static files, of which a page loads many at once.
    "imsite.anonymous_rate_limit.AnonymousRateLimitMiddleware",
    "accounts.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.UserLocaleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "imsite.middleware.run_middleware_in_request_thread",
]
ROOT_URLCONF = "imsite.urls"
ASGI_APPLICATION = "imsite.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["accounts.templatetags.form_user"],
        },
    }
]

DATABASES = databases(DATA_DIR)
DATABASE_ROUTERS = ["delivery.db.replica.ReplicaRouter"] if len(DATABASES) > 1 else []
IM_PGBOUNCER = bool(read("IM_PGBOUNCER"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The channel layer connects nodes only. Inside a process, the hub delivers without it.
_LAYERS = {
    "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
    "queue": "channels_redis.core.RedisChannelLayer",
}
if REDIS_URL:
    if str(read("IM_CHANNEL_LAYER")) not in _LAYERS:
        raise ImproperlyConfigured("IM_CHANNEL_LAYER is pubsub or queue.")
    from delivery.redis.address import layer_host  # Only a cluster needs it.

    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": _LAYERS[str(read("IM_CHANNEL_LAYER"))],
            "CONFIG": {"hosts": [layer_host(url) for url in REDIS_CHANNEL_URLS or (REDIS_URL,)], "prefix": "imsite"},
        }
    }

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "accounts.backends.SignInRateLimitBackend",
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
if read("IM_LDAP_URI"):
    AUTHENTICATION_BACKENDS.insert(2, "accounts.ldap.backend.LdapBackend")
PASSWORD_HASHERS = [
    "accounts.hashers.PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": read("IM_PASSWORD_MIN_LENGTH")},
    }
]
if not DEVELOPMENT:
    AUTH_PASSWORD_VALIDATORS += [
        {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    ]
# Backends of the OAuth providers. Tests replace them with a local identity provider.
OAUTH_PROVIDERS = {
    "github": "accounts.oauth.providers.GitHub",
    "google": "accounts.oauth.providers.Google",
    "sso": "accounts.oauth.providers.OpenIdConnect",
    "wechat": "accounts.oauth.providers.WeChat",
}
SOCIAL_AUTH_OIDC_JWT_ALGORITHMS = ["RS256", "PS256", "ES256"]
SOCIAL_AUTH_GITHUB_SCOPE = ["user:email"]
# Seconds to connect, for each address of the provider's host, and to wait for its response.
SOCIAL_AUTH_REQUESTS_TIMEOUT = (2.0, 8.0)

DEFAULT_FROM_EMAIL = str(read("DEFAULT_FROM_EMAIL"))
EMAIL_URL = connection_url("EMAIL_URL")
MAIL_IS_SENT = bool(EMAIL_URL) or DEVELOPMENT
if EMAIL_URL:
    for _name, _value in environ.Env.email_url_config(EMAIL_URL).items():
        globals()[_name] = _value
else:
    EMAIL_BACKEND = f"django.core.mail.backends.{'console' if DEVELOPMENT else 'dummy'}.EmailBackend"
EMAIL_TIMEOUT = 10
PASSWORD_RESET_TIMEOUT = 3600

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

AXES_FAILURE_LIMIT = read("IM_LOGIN_MAX_FAILURES")
AXES_COOLOFF_TIME = cast(int, read("IM_LOGIN_LOCK_SECONDS")) / 3600
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_VERBOSE = False
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "accounts.views.sign_in.lockout_username"
AXES_LOCKOUT_CALLABLE = "accounts.views.sign_in.lockout_response"
# The table would grow with every sign-in, and nothing reads it.
AXES_DISABLE_ACCESS_LOG = True
# axes stores failed sign-ins with their form data. A wrong password is often almost right, so these are masked.
AXES_SENSITIVE_PARAMETERS = [
    "username", "ip_address", "phone_number", "name", "email", "current_password", "password_confirmation",
    "username_confirmation", "code",
]  # fmt: skip
# accounts.admin shows the locks.
AXES_ENABLE_ADMIN = False

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "accounts.views.refused_forms.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# The proxy that ends TLS redirects to https and sends Strict-Transport-Security (deploy/nginx.conf).
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
# imsite.translations compiles imsite/locale into it.
LOCALE_PATHS = [DATA_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
# The address from which browsers load them. The site serves them below STATIC_URL in any case.
STATIC_FILES_URL = f"{str(read('IM_STATIC_URL')).rstrip('/')}/" if read("IM_STATIC_URL") else STATIC_URL
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "imsite.bundles.finder.BundleFinder",
]
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
# On a development start, files may change while the site runs, so their URLs have no version, and browsers ask again.
WHITENOISE_AUTOREFRESH = DEVELOPMENT
WHITENOISE_MAX_AGE = 0 if DEVELOPMENT else 60
_STATIC_FILES = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": _STATIC_FILES
        if DEVELOPMENT and not read("IM_STATIC_URL")
        else "imsite.static_files.VersionedStorage"
    },
    "attachments": {
        "BACKEND": "chat.attachments.local_storage.LocalAttachmentStorage",
        "OPTIONS": {"location": str(read("IM_ATTACHMENT_STORAGE")) or DATA_DIR / "attachments"},
    },
}
if read("IM_SCANNER_FAILURE") not in ("hold", "accept"):
    raise ImproperlyConfigured("IM_SCANNER_FAILURE is hold or accept.")
if read("IM_S3_BUCKET"):
    if read("IM_S3_ADDRESSING") not in ("auto", "path", "virtual"):
        raise ImproperlyConfigured("IM_S3_ADDRESSING is auto, path or virtual.")
    STORAGES["attachments"] = {
        "BACKEND": "chat.attachments.s3_storage.S3AttachmentStorage",
        "OPTIONS": {
            "bucket_name": read("IM_S3_BUCKET"),
            "endpoint_url": read("IM_S3_ENDPOINT") or None,
            "region_name": read("IM_S3_REGION"),
            "access_key": read("IM_S3_KEY") or None,
            "secret_key": read("IM_S3_SECRET") or None,
            "location": read("IM_S3_PREFIX"),
            "addressing_style": read("IM_S3_ADDRESSING"),
            "timeout": read("IM_S3_TIMEOUT"),
        },
    }

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["knox.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "imsite",
    "VERSION": "1",
    "DESCRIPTION": (
        "Send messages to users, read presence, manage channels and users. Programs that stay connected use one of the "
        "WebSocket protocols, which are described at [/api/protocol/](/api/protocol/)."
    ),
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # The schemas come from msgspec, so the hooks for serializers are left out.
    "POSTPROCESSING_HOOKS": [
        "imsite.api_docs.openapi.explain_paths",
        "imsite.api_docs.openapi.explain_refusals",
        "imsite.api_docs.openapi.explain_rights",
        "imsite.api_docs.openapi.explain_headers",
        "imsite.api_docs.openapi.describe_webhooks",
    ],
    # Tests check the served document. `check --deploy` would generate another one.
    "DISABLE_ERRORS_AND_WARNINGS": True,
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

UNFOLD = {
    "SITE_TITLE": "imsite",
    "SITE_HEADER": "imsite",
    "SITE_SYMBOL": "forum",
    # The accent colour of the chat page (static/css/tokens.css) in eleven shades.
    "COLORS": {
        "primary": {
            shade: f"oklch({lightness}% {chroma} 178)"
            for shade, lightness, chroma in (
                ("50", 97.5, 0.012),
                ("100", 94.5, 0.024),
                ("200", 89.5, 0.045),
                ("300", 82.5, 0.07),
                ("400", 74, 0.09),
                ("500", 60, 0.095),
                ("600", 47, 0.085),
                ("700", 41, 0.072),
                ("800", 35, 0.06),
                ("900", 29, 0.05),
                ("950", 22, 0.04),
            )
        }
    },
    "STYLES": [lambda request: static("css/admin.css")],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"{STATIC_URL}img/icon.svg"}],
    "DASHBOARD_CALLBACK": "chat.admin.overview.overview",
    "SIDEBAR": {"navigation": "imsite.admin_menu.menu"},
}
