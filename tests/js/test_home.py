"""The shell of the chat page has its URL, its data for the modules, and its Content-Security-Policy."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from accounts.actions import app_create, app_update
from accounts.models import App
from imsite.middleware import content_security_policy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def apps() -> None:
    for number, name in ((101, "Web"), (102, "iOS")):
        if not App.objects.filter(number=number).exists():
            app_create(number=number, name=name)


def boot(client: Client, path: str) -> dict[str, object]:
    page = client.get(path).content.decode()
    found = re.search(r'<script id="boot" type="application/json">(.*?)</script>', page)
    assert found
    data: dict[str, object] = json.loads(found[1])
    return data


@pytest.mark.parametrize("path", ["/", "/home/index"])
def test_the_page_uses_app_101_by_default(client: Client, path: str) -> None:
    assert boot(client, path)["appId"] == 101


@pytest.mark.parametrize("path", ["/?appId=102", "/?appID=102", "/home/index?appID=102"])
def test_both_parameter_spellings_choose_another_app(client: Client, path: str) -> None:
    assert boot(client, path)["appId"] == 102


@pytest.mark.parametrize("number", ["999", "x", "-1", "١٠١", "9" * 30, "0101", "1e2"])
def test_an_unknown_app_is_not_found(client: Client, number: str) -> None:
    assert client.get("/", {"appId": number}).status_code == 404


def test_guests_are_offered_if_the_app_allows_them(client: Client) -> None:
    assert boot(client, "/")["guests"] is True
    app_update(number=101, name="Web", guests_allowed=False, enabled=True)

    assert boot(client, "/")["guests"] is False
    page = client.get("/").content.decode()
    assert 'data-i18n="welcome.titleAccounts"' in page and 'data-i18n="welcome.title"' not in page


def test_the_page_uses_the_chosen_language(client: Client) -> None:
    client.cookies["django_language"] = "zh-hans"
    assert '<html lang="zh-hans">' in client.get("/").content.decode()


def test_the_csp_allows_files_of_the_site_only(client: Client) -> None:
    header = client.get("/")["Content-Security-Policy"]
    assert "unsafe" not in header
    assert "script-src 'self';" in header and "object-src 'none'" in header and "frame-ancestors 'none'" in header


def test_only_the_chat_page_allows_blob_urls(client: Client) -> None:
    header = client.get("/")["Content-Security-Policy"]
    assert "img-src 'self' data: blob:;" in header and "media-src 'self' blob:;" in header
    assert header.count("blob:") == 2
    assert "blob:" not in client.get("/accounts/login/")["Content-Security-Policy"]


def test_the_page_has_no_inline_script_or_style(client: Client) -> None:
    page = client.get("/").content.decode()
    scripts = re.findall(r"<script([^>]*)>", page)
    assert all("src=" in script or "application/json" in script for script in scripts)
    assert "<style" not in page and not re.search(r'\s(?:style|on\w+)="', page)


def test_only_the_admin_allows_eval(client: Client) -> None:
    assert "'unsafe-eval'" in content_security_policy(host="chat.example", secure=True, admin=True)
    assert "unsafe" not in content_security_policy(host="chat.example", secure=True, admin=False)
    shown = content_security_policy(host="chat.example", secure=True, admin=False, picture_origin="https://s3.example")
    assert "img-src 'self' data: https://s3.example; media-src 'self';" in shown
    assert "wss://chat.example" in content_security_policy(host="chat.example", secure=True, admin=False)


@pytest.mark.parametrize("guests", [True, False])
def test_the_page_knows_which_files_can_be_sent(client: Client, settings: Any, guests: bool) -> None:
    settings.IM_ATTACHMENT_MAX_BYTES, settings.IM_ATTACHMENTS_PER_MESSAGE, settings.IM_GUEST_UPLOADS = 5, 3, guests
    assert boot(client, "/")["attachments"] == {"maxBytes": 5, "perMessage": 3, "guests": guests}
