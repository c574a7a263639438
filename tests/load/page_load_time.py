"""`python -m tests.load.page_load_time` measures the loading time of the chat page on a slow line, cold and warm.

A Chromium with an empty cache opens the page of its own site with a delay before each response; the time ends when a
guest can log in, or with `--channels 200`, when a signed-in user with 200 groups can write a message. If URLs of
running sites are given, it measures those instead, in turn within each round, to compare two versions of the code. The
second visit follows after a pause. A browser reuses files of a production start without a request.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.load import measurements
from tests.support import machine
from tests.support.accounts import register
from tests.support.site import Site

_PATIENCE = 60_000
_USABLE = """() => {
  const name = document.getElementById("guest-name");
  const composer = document.getElementById("composer");
  const isWelcome = name !== null && name.checkVisibility() && name.value !== "";
  return isWelcome || composer !== null && composer.checkVisibility() && !composer.disabled
    && document.querySelectorAll("[data-testid=channel-item]").length > 1;
}"""
_JOIN_GROUPS = """
from accounts.models import User
from chat.actions.channel import channel_create_group
alice = User.objects.get(username="alice")
for number in range({count}):
    channel_create_group(creator=alice, name=f"Group {{number}}", members=[])
"""


@dataclass
class Visit:
    """The measurements of one page load."""

    seconds: float = 0.0
    requests: int = 0
    """Requests to the site until the page was complete."""
    sent_bytes: int = 0
    """Bytes received from the site."""


async def visit(context: BrowserContext, url: str, *, latency: float) -> Visit:
    """Open the page and close it once it is complete."""
    page = await context.new_page()
    line = await context.new_cdp_session(page)
    seen = Visit()
    cached: set[str] = set()

    def answered(event: dict[str, object]) -> None:
        response = event["response"]
        assert isinstance(response, dict)
        if response.get("fromDiskCache") or str(response["url"]).startswith("data:"):
            cached.add(str(event["requestId"]))
        elif event["requestId"] not in cached:
            seen.requests += 1

    def came(event: dict[str, object]) -> None:
        if event["requestId"] not in cached:
            seen.sent_bytes += int(float(str(event["encodedDataLength"])))

    line.on("Network.requestServedFromCache", lambda event: cached.add(str(event["requestId"])))
    line.on("Network.responseReceived", answered)
    line.on("Network.loadingFinished", came)
    await line.send("Network.enable")
    await line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1},
    )
    start = time.perf_counter()
    await page.goto(url, wait_until="commit", timeout=_PATIENCE)
    await page.wait_for_function(_USABLE, timeout=_PATIENCE, polling=10)
    seen.seconds = time.perf_counter() - start
    await page.wait_for_load_state("networkidle")
    await page.close()
    return seen


async def two_visits(
    browser: Browser, url: str, *, latency: float, pause: float, session: str = ""
) -> tuple[Visit, Visit]:
    """Make the first visit of a user and the next one, signed in by the key of a session if there is one."""
    context = await browser.new_context()
    if session:
        await context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
    # The first load after the start of the browser includes work of the browser.
    blank = await context.new_page()
    first = await visit(context, url, latency=latency)
    await asyncio.sleep(pause)
    second = await visit(context, url, latency=latency)
    await blank.close()
    await context.close()
    return first, second


@contextlib.asynccontextmanager
async def chromium(trusted: list[Path]) -> AsyncIterator[Browser]:
    """Run a Chromium that trusts these certificates. It caches no file of a site with an ignored certificate error."""
    path = machine.chromium()
    assert path, "Chromium is missing on this machine"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    if trusted:
        arguments.append(f"--ignore-certificate-errors-spki-list={','.join(map(_key_hash, trusted))}")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        await running.close()


def _key_hash(certificate: Path) -> str:
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    written = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(written).digest()).decode()


async def measure(
    urls: list[str], trusted: list[Path], *, rounds: int, latency: float, pause: float, session: str = ""
) -> None:
    """Visit all of them in turn, and print each visit and the medians."""
    found: dict[str, list[tuple[Visit, Visit]]] = {url: [] for url in urls}
    async with chromium(trusted) as browser:
        await two_visits(browser, urls[0], latency=0, pause=0)
        for number in range(rounds):
            for url in urls:
                visits = await two_visits(browser, url, latency=latency, pause=pause, session=session)
                found[url].append(visits)
                print(f"round {number + 1}  {url}  " + "  ".join(map(_description, visits)))
    for url, pairs in found.items():
        medians = " and ".join(
            f"{statistics.median(pair[which].seconds for pair in pairs):.2f} s" for which in range(len(pairs[0]))
        )
        print(f"median of the first and the next visit  {url}  {medians}")


def _description(seen: Visit) -> str:
    return f"{seen.seconds:.2f} s, {seen.requests} requests, {seen.sent_bytes / 1024:.0f} KiB;"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("urls", nargs="*", help="sites that run already, in place of one of its own")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, default=300, help="milliseconds before each answer")
    parser.add_argument("--pause", type=float, default=1, help="seconds between the two visits")
    parser.add_argument("--channels", type=int, default=0, help="groups of a user who is signed in to its own site")
    parser.add_argument("--trust", type=Path, action="append", default=[], help="a certificate of one's own making")
    options = parser.parse_args()
    print(measurements.table(measurements.environment()))
    with contextlib.ExitStack() as stack:
        urls, session = options.urls, ""
        if not urls:
            site = Site(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-"))))
            site.manage("setup")
            if options.channels:
                register(site, ["alice"])
                site.manage("shell", "--no-imports", "-c", _JOIN_GROUPS.format(count=options.channels))
                session = site.sessions["alice"]
            urls = [stack.enter_context(site).url]
        pace = {"rounds": options.rounds, "latency": options.latency, "pause": options.pause}
        asyncio.run(measure(urls, options.trust, **pace, session=session))
    return 0


if __name__ == "__main__":
    sys.exit(main())
