"""The page is a web app: it has a service worker and a manifest."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.staticfiles.finders import find
from django.test import Client
from PIL import Image

from accounts.actions import user_register
from chat.views.service_worker import content_security_policy

pytestmark = pytest.mark.django_db


def test_the_service_worker_is_one_script_for_the_whole_site_and_is_revalidated(client: Client) -> None:
    worker = client.get("/sw.js")
    assert worker.status_code == 200 and b"addEventListener" in worker.content
    assert worker["Content-Type"] == "text/javascript; charset=utf-8"
    assert worker["Service-Worker-Allowed"] == "/"
    assert worker["X-Content-Type-Options"] == "nosniff"
    assert worker["Content-Security-Policy"] == content_security_policy()
    assert set(worker["Cache-Control"].split(", ")) == {"public", "no-cache"}
    assert not worker.cookies and "Cookie" not in worker.get("Vary", "")
    same = client.get("/sw.js", headers={"If-None-Match": worker["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert client.post("/sw.js").status_code == 405


def test_the_manifest_opens_the_chat_page_in_its_own_window(client: Client) -> None:
    manifest = client.get("/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    assert manifest.json().items() >= {"start_url": "/", "scope": "/", "display": "standalone"}.items()
    icons = manifest.json()["icons"]
    assert {icon["sizes"] for icon in icons} == {"any", "192x192", "512x512"}
    assert [icon["src"].rsplit("/", 1)[1] for icon in icons if icon.get("purpose") == "maskable"] == [
        "icon-maskable-512.png"
    ]
    for icon in icons:
        path = find(icon["src"].removeprefix("/static/"))
        assert path, icon["src"]
        if icon["type"] == "image/png":
            with Image.open(path) as picture:
                assert f"{picture.width}x{picture.height}" == icon["sizes"]


def shell_of(client: Client) -> dict[str, Any]:
    """Return what the service worker keeps of the page."""
    found = re.match(rb"self\.imShell = (\{.*\});", client.get("/sw.js").content)
    assert found
    shell: dict[str, Any] = json.loads(found[1])
    return shell


def test_the_offline_shell_is_the_same_for_everybody(client: Client) -> None:
    url = shell_of(client)["url"]
    visitor = client.get(url)
    carol = user_register(username="carol", password="password-1")
    client.force_login(carol, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = "zh-hans"
    user = client.get(f"{url}?x=1", headers={"Accept-Language": "zh-CN"})

    assert visitor.status_code == 200 and user.content == visitor.content
    assert not visitor.cookies and not user.cookies
    assert (
        b"carol" not in user.content
        and b'value="' not in re.findall(rb"<form id=\"sign-out\".*?</form>", user.content)[0]
    )
    assert "blob:" in user["Content-Security-Policy"] and "no-store" in user["Cache-Control"]
    assert client.get("/offline-shell/0123456789abcdef/").status_code == 404
    assert client.post(url).status_code == 405


def test_the_worker_keeps_all_that_the_shell_loads(client: Client) -> None:
    shell = shell_of(client)
    html = client.get(shell["url"]).content.decode()

    names = {path.rsplit("/", 1)[1] for path in shell["files"]}
    assert names == {
        "apple-touch-icon.png",
        "browser-check.js",
        "chat-page.bundle.css",
        "icon-unread.svg",
        "icon.svg",
        "main.bundle.js",
        "theme.js",
    }
    assert all(path in html for path in shell["files"])


def test_a_page_without_a_form_token_gets_one(client: Client) -> None:
    answer = client.get("/csrf-token/")
    assert len(answer.json()["csrf"]) == 64 and "no-store" in answer["Cache-Control"]
    assert answer.cookies["csrftoken"]["httponly"]
