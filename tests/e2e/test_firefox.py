"""A tour of the page in Firefox: Alice chats from it while a program answers her as Bob."""

from __future__ import annotations

import asyncio
from pathlib import Path

from imsite.client import Client, Push
from tests.e2e import firefox
from tests.e2e.firefox import CAN_WRITE, ENTER, SENT, SHOWN
from tests.support import machine
from tests.support.accounts import PASSWORD, register
from tests.support.bidi import FirefoxPage, running_firefox
from tests.support.fixtures.sites import SiteFactory
from tests.support.pictures import picture
from tests.support.waiting import wait_until

pytestmark = firefox.MARKS

_COLOR = "() => getComputedStyle(document.body).backgroundColor"
_FITS = "() => document.documentElement.scrollWidth <= innerWidth"


async def shows(page: FirefoxPage, selector: str, text: str = "") -> None:
    await page.until(SHOWN, selector, text)


async def test_a_tour_in_firefox(site_factory: SiteFactory, tmp_path: Path) -> None:
    path = machine.firefox()
    assert path
    with site_factory() as site:
        tokens = register(site, ["alice", "bob"])
        pushes: list[Push] = []

        async def collect() -> None:
            async for push in line:
                pushes.append(push)

        async with (
            running_firefox(path) as firefox,
            Client(site.url, token=tokens["bob"]) as bob,
            bob.listen() as line,
        ):
            collecting = asyncio.create_task(collect())
            made = await line.call("channel.create", kind="public", name="Painters", members=["alice"])
            group = made["target"]
            await line.send("Welcome, *Alice* 🎉", target=group)
            alice = await firefox.user()
            await alice.goto(f"{site.url}/accounts/login/")
            await alice.click("input[name=username]")
            await alice.type("alice")
            await alice.click("input[name=password]")
            await alice.type(f"{PASSWORD}{ENTER}")
            await alice.until(CAN_WRITE)
            await alice.click(f"[data-target='{group}']")
            await shows(alice, "[data-testid=message-text]", "Welcome, Alice 🎉")

            await alice.click("#composer")
            await alice.type(f"Hello from Firefox{ENTER}")
            await alice.until(SENT, "Hello from Firefox")
            await wait_until(lambda: any(push.data.get("msg") == "Hello from Firefox" for push in pushes))
            sent = next(push.data["id"] for push in pushes if push.data.get("msg") == "Hello from Firefox")
            await line.react(sent, "👍", target=group)
            await shows(alice, "[data-testid=reaction]", "👍")
            await alice.click("[data-testid=reaction]")
            await shows(alice, "[data-testid=reaction]", "2")
            await line.send("An answer", target=group, thread=sent)
            await alice.click("[data-testid=thread-link]")
            await shows(alice, "[data-testid=thread-body]", "An answer")
            await alice.click("#thread-composer")
            await alice.type(f"Thanks{ENTER}")
            await shows(alice, "[data-testid=thread-body]", "Thanks")
            await alice.click("[data-testid=thread-close]")

            file = tmp_path / "蓝 sky.png"
            file.write_bytes(picture(size=(90, 60)))
            await alice.choose_file("input[type=file]", file)
            await shows(alice, "[data-testid=tray-file]")
            await alice.click("#composer-send")
            await wait_until(lambda: any(push.data.get("attachments") for push in pushes))
            await shows(alice, "[data-testid=message] .attachment-picture")

            await alice.reload()
            await alice.until(CAN_WRITE)
            await shows(alice, "[data-testid=channel-title]", "Painters")
            await shows(alice, "[data-testid=message-text]", "Hello from Firefox")
            await alice.click("[data-testid=search-toggle]")
            await alice.type(f"Hello{ENTER}")
            await shows(alice, "[data-testid=search-result]", "Hello from Firefox")
            await alice.click("[data-testid=search-close]")

            light = await alice.evaluate(_COLOR)
            await alice.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
            assert await alice.evaluate(_COLOR) != light
            await alice.resize(390, 844)
            await alice.until("() => innerWidth === 390")
            assert await alice.evaluate(_FITS)
            await shows(alice, "#back-button")
            await alice.click("#back-button")
            await shows(alice, "[data-testid=channel-item]", "Painters")
            collecting.cancel()
            assert not firefox.errors
