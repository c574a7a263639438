"""Static files on another host: their addresses, headers and checks."""

from __future__ import annotations

import base64
import hashlib
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

from imsite.middleware import content_security_policy
from tests.support.cdn import Cdn
from tests.support.fixtures.sites import SiteFactory
from tests.support.object_storage import STATIC_BUCKET, ObjectStorage
from tests.support.waiting import TIMEOUT_SECONDS

CDN = "https://cdn.example.org/static"
_TAG = re.compile(r'<(?:script|link rel="stylesheet")[^>]*(?:src|href)="([^"]+)"[^>]*integrity="sha384-([^"]+)"')


def _read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
        content: bytes = answer.read()
    return content


def test_the_policy_allows_the_path_and_not_the_whole_host() -> None:
    policy = content_security_policy(host="chat.example", secure=True, admin=False, static_files=f"{CDN}/")
    for directive in ("default-src", "script-src", "style-src", "img-src", "connect-src"):
        assert re.search(rf"{directive} [^;]*{CDN}/(?:;| )", policy), directive
    assert "frame-ancestors 'none'" in policy and "object-src 'none'" in policy


def test_a_site_without_the_setting_is_unchanged(client: Client, db: None) -> None:
    page = client.get("/")
    assert "integrity=" not in page.content.decode() and "script-src 'self';" in page["Content-Security-Policy"]


def test_uploaded_files_are_those_that_the_pages_name(
    site_factory: SiteFactory, object_storage: ObjectStorage, tmp_path: Path
) -> None:
    with Cdn(object_storage.static_directory, tmp_path / "cdn.log") as cdn:
        options = {"IM_STATIC_S3_BUCKET": STATIC_BUCKET, "IM_STATIC_URL": f"{cdn.url}/static/"}
        site = site_factory(**object_storage.environment(), **options)
        assert "copied" in site.manage("collectstatic", "--noinput")
        assert "0 static files copied" in site.manage("collectstatic", "--noinput"), "a version is uploaded once"
        with site:
            for path in ("/", "/accounts/login/", "/api/docs/"):
                page = _read(site.url + path).decode()
                tags = _TAG.findall(page)
                assert len(tags) == len(re.findall(r'<script[^>]* src=|rel="stylesheet"', page)) >= 3
                for address, digest in tags:
                    assert address.startswith(f"{cdn.url}/static/v-")
                    assert base64.b64encode(hashlib.sha384(_read(address)).digest()).decode() == digest
            assert _read(f"{site.url}/static/js/theme.js"), "a CDN may get the files from the site"
            worker = _read(f"{site.url}/sw.js").decode()
            assert f'"base": "{cdn.url}/static/"' in worker and f"{cdn.url}/static/v-" in worker


@pytest.mark.parametrize(
    "address",
    [
        "http://cdn.example.org/", "//cdn.example.org/", "cdn.example.org", "https://cdn.example.org/;script-src *",
        "https://cdn.example.org/ *", "https://*.example.org/", "https://cdn.example.org/?x", "https:///static/",
        "https://a@cdn.example.org/", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_an_address_that_browsers_refuse_is_named(settings: Any, address: str) -> None:
    settings.IM_STATIC_URL = address
    assert any("IM_STATIC_URL" in message.msg for message in run_checks(tags=["imsite"]))


@pytest.mark.parametrize("address", [CDN, f"{CDN}/", "https://cdn.example.org", "http://127.0.0.1:9000/static"])
def test_other_addresses_are_right(settings: Any, address: str) -> None:
    settings.IM_STATIC_URL = address
    assert run_checks(tags=["imsite"]) == []


def test_the_bucket_of_private_files_is_refused(settings: Any) -> None:
    settings.IM_STATIC_URL, settings.IM_STATIC_S3_BUCKET, settings.IM_S3_BUCKET = CDN, "files", "files"
    (message,) = run_checks(tags=["imsite"])
    assert "are the same" in message.msg
    settings.IM_STATIC_URL, settings.IM_S3_BUCKET = "", "others"
    (message,) = run_checks(tags=["imsite"])
    assert "needs IM_STATIC_URL" in message.msg
