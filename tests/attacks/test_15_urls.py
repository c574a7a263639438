"""Attack 15: every URL of the site by every role, on a production site. A URL of the site without a row here fails.

Monitoring, state and the reference are hidden, files are for readers of their message only, and no page of another site
can post with a user's session, or show a page of this site in a frame.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.urls import get_resolver
from pytest_django.fixtures import Settings

from imsite.options import OPTIONS
from tests.support.admin_site import patterns
from tests.support.site_urls import ServedSite, fill, served_site, url_patterns

pytestmark = pytest.mark.django_db

ROLES = ("nobody", "guest", "stranger", "gone", "member", "staff", "operator")
FOR_ALL = "200 200 200 200 200 200 200"
FOR_ACCOUNTS = "302 302 200 200 200 200 200"
"""All others are sent to the sign-in page; guests are offered an account."""
TO_CONFIRM = "302 302 302 302 302 302 302"
"""Users with an account confirm their password first."""
FORMS_FOR_ACCOUNTS = "302 302 405 405 405 405 405"
FORMS = "405 405 405 405 405 405 405"
FOR_READERS = "404 404 404 404 200 404 200"
"""Operators may view all messages."""
FOR_STAFF = "404 404 404 404 404 200 200"
FOR_OPERATORS = "404 404 404 404 404 404 200"
HANDSHAKES = "426 426 426 426 426 426 426"
INVALID = "400 400 400 400 400 400 400"

# For each URL: the status of a GET by each role.
MATRIX = {
    "": FOR_ALL,
    "home/index": FOR_ALL,
    "accounts/login/": FOR_ALL,
    "accounts/register/": FOR_ALL,
    "accounts/reset/": FOR_ALL,
    "accounts/reset/<uidb64>/<token>/": FOR_ALL,
    "csrf-token/": FOR_ALL,
    "emoji.json": FOR_ALL,
    "manifest.webmanifest": FOR_ALL,
    "offline-shell/<str:version>/": FOR_ALL,
    "sw.js": FOR_ALL,
    "widget.css": FOR_ALL,
    "widget.js": FOR_ALL,
    "widget/status/": FOR_ALL,
    # The addresses of these pictures cannot be guessed.
    "avatars/<str:name>": FOR_ALL,
    "custom-emoji/<str:sha256>.webp": FOR_ALL,
    "group-pictures/<str:key>.webp": FOR_ALL,
    "accounts/data/": FOR_ACCOUNTS,
    "accounts/data/delete/": FOR_ACCOUNTS,
    "accounts/deactivate/": FOR_ACCOUNTS,
    "accounts/email/": FOR_ACCOUNTS,
    "accounts/password/": FOR_ACCOUNTS,
    "accounts/profile/": FOR_ACCOUNTS,
    "accounts/sign-in-methods/": FOR_ACCOUNTS,
    "accounts/data/export/": FORMS_FOR_ACCOUNTS,
    "accounts/devices/<device_id>/": FORMS_FOR_ACCOUNTS,
    "accounts/devices/all/": FORMS_FOR_ACCOUNTS,
    "accounts/devices/others/": FORMS_FOR_ACCOUNTS,
    "accounts/email/remove/": FORMS_FOR_ACCOUNTS,
    "accounts/profile/picture/": FORMS_FOR_ACCOUNTS,
    "accounts/guest/": FORMS,
    "accounts/logout/": FORMS,
    "accounts/oauth/<slug:slug>/": FORMS,
    "accounts/oauth/<slug:slug>/link/": FOR_ACCOUNTS,
    "accounts/oauth/<slug:slug>/unlink/": "302 405 405 405 405 405 405",
    "accounts/oauth/<slug:slug>/done/": INVALID,
    "accounts/oauth/sign-up/": "302 302 302 302 302 302 302",
    "accounts/confirm/": FOR_ACCOUNTS,
    "accounts/confirm/options/": "302 405 405 405 405 405 405",
    "accounts/confirm/passkey/": "302 405 405 405 405 405 405",
    "accounts/passkey/": FORMS,
    "accounts/passkey/options/": FORMS,
    "accounts/second-factor/": TO_CONFIRM,
    "accounts/second-factor/app/": TO_CONFIRM,
    "accounts/second-factor/app/remove/": TO_CONFIRM,
    "accounts/second-factor/passkeys/<passkey_id>/": TO_CONFIRM,
    "accounts/second-factor/passkeys/<passkey_id>/remove/": TO_CONFIRM,
    "accounts/second-factor/passkeys/add/": TO_CONFIRM,
    "accounts/second-factor/passkeys/options/": TO_CONFIRM,
    "accounts/second-factor/recovery-codes/": TO_CONFIRM,
    # Without the first step of a sign-in, there is no second.
    "accounts/second-step/": "302 302 302 302 302 302 302",
    "accounts/second-step/options/": FORMS,
    "accounts/second-step/passkey/": FORMS,
    "accounts/email/<str:token>/": "302 302 400 400 400 400 400",
    "accounts/email/digest/<str:token>/": INVALID,
    "files/<str:key>/<str:name>": FOR_READERS,
    "thumbnails/<str:key>.webp": FOR_READERS,
    "link-previews/<message_id>/<str:key>.webp": FOR_READERS,
    "api/docs/": FOR_STAFF,
    "api/protocol/": FOR_STAFF,
    "api/schema/": FOR_STAFF,
    "debug/memory": FOR_OPERATORS,
    "debug/profile": "404 404 404 404 404 404 400",
    "debug/tasks": FOR_OPERATORS,
    "healthz": FOR_OPERATORS,
    "metrics": FOR_OPERATORS,
    "readyz": "404 404 404 404 404 404 503",
    "acc": HANDSHAKES,
    "widget": HANDSHAKES,
    "ws": HANDSHAKES,
    # They know the user by the token of a widget only (test_03_widget_files.py).
    "widget/files/<str:key>/": "403 403 403 403 403 403 403",
    "widget/thumbnails/<str:key>/": "403 403 403 403 403 403 403",
    "widget/uploads/": FORMS,
    "widget/token/": "401 404 404 404 404 404 404",
    "hooks/<str:secret>/": FORMS,
    "hooks/slash-<str:token>/": FORMS,
}
OF_PROGRAMS = {
    "friend/add", "group/create", "group_user/list", "login", "register", "system/state", "user/list", "user/online",
    "user/sendMessage", "user/sendMessageAll",
}  # fmt: skip
"""Calls of programs, which look at no browser session and answer 200 with a code of their own.

tests/chat/api/v1/test_matrix.py tries them by role.
"""
SECRET_IN_PATH = {
    "accounts/email/digest/<str:token>/": 400,
    "hooks/<str:secret>/": 404,
    "hooks/slash-<str:token>/": 400,
}
"""URLs that accept a POST of any page that knows their secret, and its status with another one."""


@pytest.fixture
def site(settings: Settings) -> ServedSite:
    for option in OPTIONS:
        if option.name.endswith("_NETWORKS") or option.name == "IM_OPEN_GATEWAY":
            setattr(settings, option.name, option.default(development=False))
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "x"
    made = served_site()
    # Without a length, so that nothing is measured.
    made.urls["debug/profile"] += "?seconds=0"
    return made


def test_every_url_is_in_the_matrix() -> None:
    assert set(MATRIX) | OF_PROGRAMS == set(url_patterns())
    assert all(len(row.split()) == len(ROLES) for row in MATRIX.values())


def test_a_url_is_served_to_its_roles_only(site: ServedSite) -> None:
    found = {
        pattern: " ".join(str(site.browsers[role].get(site.urls[pattern]).status_code) for role in ROLES)
        for pattern in MATRIX
    }
    assert found == MATRIX


def test_a_hidden_url_is_answered_like_a_missing_one(site: ServedSite) -> None:
    hidden = [pattern for pattern, row in MATRIX.items() if row.startswith("404")]
    for role in ("nobody", "stranger"):
        browser = site.browsers[role]
        absent = browser.get("/no/such/page").content
        assert {pattern: browser.get(site.urls[pattern]).content for pattern in hidden} == dict.fromkeys(hidden, absent)


def test_a_page_of_another_site_posts_nothing_with_a_session(site: ServedSite) -> None:
    browser, headers = site.browsers["operator"], {"Origin": "https://evil.example"}
    for pattern in MATRIX:
        status = browser.post(site.urls[pattern], {"x": "y"}, headers=headers).status_code
        assert status == SECRET_IN_PATH.get(pattern, 403), pattern
    for pattern in OF_PROGRAMS:
        answer = browser.post(site.urls[pattern], {"x": "y"}, headers=headers)
        assert json.loads(answer.content)["code"] != 200, pattern
    assert browser.get("/accounts/profile/").status_code == 200, "the session goes on"


def policy(response: HttpResponse) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_no_response_is_framed_or_read_by_another_site_or_kept_by_a_cache(site: ServedSite) -> None:
    for pattern, url in site.urls.items():
        response = site.browsers["operator"].get(url, headers={"Origin": "https://evil.example"})
        assert response["X-Content-Type-Options"] == "nosniff", pattern
        rules = policy(response)
        assert rules.get("frame-ancestors") == "'none'" or rules["default-src"] == "'none'", pattern
        if response.status_code == 200 and "html" in response["Content-Type"]:
            assert response["X-Frame-Options"] == "DENY", pattern
        if response.status_code == 200 and pattern in MATRIX and MATRIX[pattern] != FOR_ALL:
            assert {"no-store", "private"} & {*response["Cache-Control"].replace(",", " ").split()}, pattern
        allowed = response.get("Access-Control-Allow-Origin")
        assert allowed is None or (pattern.startswith("widget") and MATRIX[pattern] == FOR_ALL), pattern
        assert "Access-Control-Allow-Credentials" not in response, pattern


def admin_urls() -> Iterator[str]:
    """Return all URLs of the admin, its own pages too."""
    for pattern in sorted({*patterns(get_resolver().url_patterns)}):
        if pattern.startswith("admin/") and "(?P<" not in pattern:
            yield fill(pattern, {}, default="1")


def test_the_admin_shows_nothing_to_users_without_access(site: ServedSite) -> None:
    """tests/imsite/test_roles.py tries its URLs by the role of staff."""
    assert len({*admin_urls()}) > 100
    for role in ("nobody", "member"):
        for url in admin_urls():
            answer = site.browsers[role].get(url)
            assert answer.status_code in (302, 403, 404), (role, url)
            if answer.status_code == 302:
                assert answer["Location"].startswith(("/accounts/login/", "/accounts/password/", "/admin/")), url
