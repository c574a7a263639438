"""The page is a web app: it has a service worker and a manifest."""

from __future__ import annotations

import pytest
from django.test import Client

from chat.views.service_worker import CONTENT_SECURITY_POLICY

pytestmark = pytest.mark.django_db


def test_the_service_worker_is_one_script_for_the_whole_site_and_is_revalidated(client: Client) -> None:
    worker = client.get("/sw.js")
    assert worker.status_code == 200 and b"addEventListener" in worker.content
    assert worker["Content-Type"] == "text/javascript; charset=utf-8"
    assert worker["Service-Worker-Allowed"] == "/"
    assert worker["X-Content-Type-Options"] == "nosniff"
    assert worker["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert set(worker["Cache-Control"].split(", ")) == {"public", "no-cache"}
    assert not worker.cookies and "Cookie" not in worker.get("Vary", "")
    same = client.get("/sw.js", headers={"If-None-Match": worker["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert client.post("/sw.js").status_code == 405


def test_the_manifest_opens_the_chat_page_in_its_own_window(client: Client) -> None:
    manifest = client.get("/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    assert manifest.json().items() >= {"start_url": "/", "scope": "/", "display": "standalone"}.items()
    (icon,) = manifest.json()["icons"]
    assert icon["src"].startswith("/static/") and icon["src"].endswith("img/icon.svg")
