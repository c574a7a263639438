"""The pages load their scripts, styles and icons from a bucket on another origin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.cdn import Cdn
from tests.support.fixtures.sites import SiteFactory
from tests.support.object_storage import STATIC_BUCKET, ObjectStorage
from tests.support.site import Site

_READY = "navigator.serviceWorker.ready.then(() => caches.keys()).then((names) => names.length)"


@pytest.fixture
def cdn(object_storage: ObjectStorage, tmp_path: Path) -> Iterator[Cdn]:
    """Run a host of the files that are uploaded to the bucket."""
    with Cdn(object_storage.static_directory, tmp_path / "cdn.log") as running:
        yield running


def _site(site_factory: SiteFactory, object_storage: ObjectStorage, cdn: Cdn) -> Site:
    """Return a site, not yet started, whose static files have been uploaded."""
    bucket = {"IM_STATIC_S3_BUCKET": STATIC_BUCKET, "IM_STATIC_URL": f"{cdn.url}/static"}
    site = site_factory(**object_storage.environment(), **bucket)
    site.manage("collectstatic", "--noinput")
    return site


async def test_alice_chats_with_scripts_of_another_origin(
    site_factory: SiteFactory, object_storage: ObjectStorage, cdn: Cdn, person: OpenPerson
) -> None:
    with _site(site_factory, object_storage, cdn) as site:
        register(site, ["alice"])
        alice = await person("alice", is_first_visit=True)
        loaded: set[tuple[str, str]] = set()
        alice.on("response", lambda response: loaded.add((response.url, response.request.resource_type)))
        await sign_in(alice, site, "alice")
        await alice.get_by_test_id("composer").fill("Early Spring")
        await alice.get_by_test_id("composer").press("Enter")
        await expect(alice.get_by_test_id("message").filter(has_text="Early Spring")).to_be_visible()

        files = {(urlsplit(url).netloc, kind) for url, kind in loaded if "/static/" in url}
        other = urlsplit(cdn.url).netloc
        assert {("script", host) for host, kind in files if kind == "script"} == {("script", other)}
        assert (other, "stylesheet") in files and {host for host, _ in files} == {other}
        tags = await alice.eval_on_selector_all(
            "script[src], link[rel=stylesheet]", "all => all.map((one) => one.integrity)"
        )
        assert tags and all(tag.startswith("sha384-") for tag in tags)

        await alice.evaluate(_READY)
        manifest = await (await alice.request.get(f"{site.url}/manifest.webmanifest")).json()
        for icon in manifest["icons"]:
            assert icon["src"].startswith(cdn.url) and (await alice.request.get(icon["src"])).ok


async def test_the_chat_opens_without_a_connection(
    site_factory: SiteFactory, object_storage: ObjectStorage, cdn: Cdn, person: OpenPerson
) -> None:
    with _site(site_factory, object_storage, cdn) as site:
        register(site, ["alice"])
        alice = await person("alice", is_first_visit=True)
        await sign_in(alice, site, "alice")
        await alice.wait_for_function(
            "caches.keys().then(async (names) => names.length && (await (await caches.open(names[0])).keys())"
            f".some(({{ url }}) => url.startsWith('{cdn.url}')))"
        )
        await alice.reload()
        await expect(alice.get_by_test_id("composer")).to_be_visible()
        await alice.context.set_offline(True)
        await alice.reload()
        await expect(alice.get_by_test_id("channel-list")).to_be_visible()
