"""In production, static files have URLs that change with their content and are cached forever."""

from __future__ import annotations

import gzip
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
from django.conf import LazySettings

from imsite.static_files import version_directory
from tests.support.fixtures.sites import SiteFactory
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS

FOREIGN = "v-0123456789abcdef"
PRODUCTION = {"IM_ENV": "production", "SECRET_KEY": "of a test", "ALLOWED_HOSTS": "127.0.0.1"}


@pytest.fixture(scope="module")
def production(site_factory: SiteFactory) -> Iterator[Site]:
    with site_factory(**PRODUCTION) as running:
        yield running


def ask(url: str, **headers: str) -> tuple[int, Message, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer.headers, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, ""


def addresses(site: Site) -> list[str]:
    """Return the URLs of all static files that the chat page names."""
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', ask(f"{site.url}/")[2])


def versioned(site: Site, name: str) -> str:
    return next(address for address in addresses(site) if address.endswith(name))


def test_every_file_of_the_page_has_one_version_and_is_cached_forever(production: Site) -> None:
    named = addresses(production)

    assert len({address.split("/")[2] for address in named}) == 1 and len(named) >= 5
    for address in named:
        status, headers, _ = ask(production.url + address)
        assert status == 200 and "immutable" in headers["Cache-Control"], address


def test_bundles_are_sent_compressed_and_their_sources_lie_beside_them(production: Site) -> None:
    for name in ("js/main.bundle.js", "css/chat-page.bundle.css"):
        address = production.url + versioned(production, name)
        plain = ask(address)
        request = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            packed = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip" and gzip.decompress(packed).decode() == plain[2]
        assert "Content-Encoding" not in plain[1] and "Accept-Encoding" in plain[1]["Vary"]
        for source in json.loads(ask(f"{address}.map")[2])["sources"][:3]:
            assert ask(urllib.parse.urljoin(address, source))[0] == 200, source


def test_the_chat_page_is_sent_compressed(production: Site) -> None:
    request = urllib.request.Request(f"{production.url}/", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        packed = answer.read()

    assert b"main.bundle.js" in gzip.decompress(packed) and len(packed) < 20_000
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_the_plain_url_works_and_is_revalidated(production: Site) -> None:
    status, headers, text = ask(f"{production.url}/static/js/main.js")

    assert status == 200 and "immutable" not in headers["Cache-Control"]
    assert text == ask(production.url + versioned(production, "/js/theme.js").replace("theme", "main"))[2]


def test_a_version_of_another_node_gets_the_present_file_uncached(production: Site) -> None:
    status, headers, _ = ask(f"{production.url}/static/{FOREIGN}/js/main.js")

    assert status == 200 and headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", [f"{FOREIGN}/js/nothing.js", f"{FOREIGN}/{FOREIGN}/js/main.js", "v-1/js/main.js"])
def test_a_missing_file_is_not_found_under_any_version(production: Site, path: str) -> None:
    assert ask(f"{production.url}/static/{path}")[0] == 404


@pytest.mark.parametrize("path", ["../manage.py", "..%2fmanage.py", "%2e%2e/manage.py", "/etc/passwd"])
def test_a_versioned_url_cannot_leave_the_static_directory(production: Site, path: str) -> None:
    assert ask(f"{production.url}/static/{FOREIGN}/{path}")[0] == 404


def test_collected_files_are_kept_beside_earlier_versions(production: Site) -> None:
    before = production.data / "static" / FOREIGN / "js" / "main.js"
    before.parent.mkdir(parents=True)
    before.write_text("// of before")

    production.manage("collectstatic", "--noinput")
    production.restart()

    address = versioned(production, "/js/main.bundle.js")
    assert (production.data / address.lstrip("/")).read_text() == ask(production.url + address)[2]
    _, headers, text = ask(f"{production.url}/static/{FOREIGN}/js/main.js")
    assert text == "// of before" and "immutable" in headers["Cache-Control"]


def test_a_changed_or_renamed_file_changes_the_version(tmp_path: Path, settings: LazySettings) -> None:
    def version(name: str, text: str) -> str:
        for path in tmp_path.iterdir():
            path.unlink()
        (tmp_path / name).write_text(text)
        version_directory.cache_clear()
        return version_directory()

    settings.STATICFILES_DIRS = [tmp_path]
    settings.IM_STATIC_BUNDLES = False
    try:
        first = version("a.js", "one")
        assert version("a.js", "one") == first
        assert len({first, version("a.js", "two"), version("b.js", "one")}) == 3
    finally:
        version_directory.cache_clear()
