"""Two users and a moderator use a group while the server restarts twice and their networks are cut three times.

They write, edit, react, answer, type, attach files, save messages, arrange sections and recall. At the end, all pages
show what the server has stored, and no draft is lost. `SECONDS_OF_USE=300` lets them use it for five minutes instead of
one action of each between two faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import FilePayload, Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_threads import message
from tests.e2e.test_two_browsers import say, shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS

SECONDS = float(os.environ.get("SECONDS_OF_USE", "0"))
CUT_SECONDS = 2.0
TYPING_TIMEOUT_MS = 3_000
RECALLED = "This message was recalled."

_ROWS = """(timeline) => [...timeline.querySelectorAll("[data-testid=message]")].map((row) => ({
  text: row.querySelector("[data-testid=message-text]")?.textContent.trim() ?? "",
  files: [...row.querySelectorAll(".file-card [data-part=name]")].map((one) => one.textContent.trim()),
  reactions: [...row.querySelectorAll("[data-testid=reaction]")].map((one) => one.textContent.trim()),
  answers: row.querySelector("[data-testid=thread-link]")?.textContent.match(/\\\\d+ answers?/)?.[0] ?? "",
  state: row.dataset.state,
}))"""
Row = dict[str, Any]


class User:
    """One page, and the numbered texts that it has written."""

    def __init__(self, name: str, page: Page, choice: random.Random) -> None:
        self.name, self.page, self._choice = name, page, choice
        self._numbers = itertools.count(1)
        self.written: list[str] = []
        """Texts of messages that nobody has recalled."""
        self.saved: list[str] = []
        """Texts of messages that this user has saved."""
        self.section = ""
        """The section into which this user has put the other channel."""
        actions = [self.write, self.edit, self.react, self.answer, self.attach, self.save, self.arrange]
        choice.shuffle(actions)
        self._actions = itertools.cycle(actions)

    async def act(self) -> None:
        """Do the next thing. Before one is repeated, all others have been done."""
        await next(self._actions)()

    async def write(self) -> None:
        text = f"{self.name} {next(self._numbers):03}"
        await say(self.page, text)
        await expect(message(self.page, "timeline", text).last).to_be_visible()
        self.written.append(text)

    async def edit(self) -> None:
        await self.write()
        await expect(message(self.page, "timeline", self.written[-1]).last).to_have_attribute("data-state", "sent")
        await self.page.get_by_test_id("composer").press("ArrowUp")
        text = f"{self.name} {next(self._numbers):03} edited"
        await say(self.page, text)
        await expect(shown(self.page, text)).to_be_visible()
        self.written[-1] = text

    async def react(self) -> None:
        # By keyboard: an arriving message moves the rows, and a click could meet another one.
        await message(self.page, "timeline", self._choice.choice(self.written)).last.focus()
        await self.page.keyboard.press("+")
        await self.page.get_by_test_id("emoji-choice").first.click()

    async def answer(self) -> None:
        await message(self.page, "timeline", self._choice.choice(self.written)).last.focus()
        await self.page.keyboard.press("t")
        text = f"answer of {self.name} {next(self._numbers):03}"
        await self.page.get_by_test_id("thread-composer").fill(text)
        await self.page.get_by_test_id("thread-composer").press("Enter")
        await expect(message(self.page, "thread", text)).to_have_attribute("data-state", "sent")
        await self.page.keyboard.press("Escape")

    async def attach(self) -> None:
        text = f"{self.name} {next(self._numbers):03} with a file"
        file = FilePayload(name=f"{text}.txt", mimeType="text/plain", buffer=text.encode())
        await self.page.get_by_test_id("attach-input").set_input_files(file)
        await expect(self.page.get_by_test_id("tray-file")).to_have_count(1)
        await say(self.page, text)
        await expect(message(self.page, "timeline", text).last).to_have_attribute("data-state", "sent")
        self.written.append(text)

    async def save(self) -> None:
        await self.write()
        text = self.written[-1]
        row = message(self.page, "timeline", text).last
        await expect(row).to_have_attribute("data-state", "sent")
        await row.focus()
        await self.page.keyboard.press("s")
        await expect(row.get_by_test_id("message-saved")).to_be_visible()
        self.saved.append(text)

    async def arrange(self) -> None:
        self.section = f"Section {next(self._numbers):03}"
        await self.page.get_by_test_id("channel-item").filter(has_text="Poets").click(button="right")
        await self.page.get_by_test_id("section-new").click()
        await self.page.get_by_test_id("section-name").fill(self.section)
        await self.page.locator("dialog[open]").get_by_test_id("dialog-confirm").click()
        await self.expect_section()

    async def expect_section(self) -> None:
        """Wait until the sidebar has the section that this user has made last."""
        toggles = self.page.get_by_test_id("section-toggle")
        await expect(toggles.filter(has_text=re.compile(f"^{self.section}$"))).to_be_visible()

    async def type_for(self, other: User) -> None:
        """Type until the other user is told. Each notice is shown for some seconds only."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                await self.page.get_by_test_id("composer").press_sequentially("…")
                with contextlib.suppress(AssertionError):
                    typing = other.page.get_by_test_id("typing")
                    await expect(typing).to_contain_text(self.name.capitalize(), timeout=TYPING_TIMEOUT_MS)
                    break
        await self.page.get_by_test_id("composer").fill("")

    async def recall(self, other: User) -> None:
        text = self._choice.choice(other.written)
        dialog = self.page.locator("dialog[open]")
        await message(self.page, "timeline", text).last.focus()
        await self.page.keyboard.press("Delete")
        await expect(dialog.get_by_test_id("dialog-quote")).to_have_text(re.compile(f"(^|: ){text}$"))
        await dialog.get_by_test_id("dialog-confirm").click()
        await expect(shown(self.page, text)).to_have_count(0)
        other.written.remove(text)

    async def rows(self) -> list[Row]:
        found: list[Row] = await self.page.get_by_test_id("timeline").evaluate(_ROWS)
        return found


async def _use(users: list[User], moderator: User, choice: random.Random, until: float) -> None:
    """Let each user do something, and repeat it until that time."""
    while True:
        for user in users:
            await user.act()
        await users[0].type_for(users[1])
        writer = choice.choice(users[:2])
        if len(writer.written) > 1:
            await moderator.recall(writer)
        if time.monotonic() >= until:
            return


async def _cut(user: User, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """Cut the user's network for a while in which the user writes and the others go on."""
    await user.page.context.set_offline(True)
    started = time.monotonic()
    await user.write()
    await meanwhile()
    await asyncio.sleep(max(0.0, CUT_SECONDS - (time.monotonic() - started)) if SECONDS else 0)
    await user.page.context.set_offline(False)


async def _settled(users: list[User]) -> list[list[Row]]:
    """Return the rows of all pages, once all are the same and none waits to be sent."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            found = [await user.rows() for user in users]
            same = [[{**row, "state": ""} for row in rows] for rows in found]
            if same[0] == same[1] == same[2] and not any(row["state"] in ("pending", "failed") for row in found[0]):
                return found
            await asyncio.sleep(0.2)


async def test_all_end_with_the_same_through_restarts_and_cuts(site: Site, person: OpenPerson) -> None:
    choice = random.Random(15)
    tokens = register(site, ["alice", "bob", "olga"])
    async with await Client.connect(site.acc) as program:
        await program.login_token(tokens["olga"])
        for name in ("Poets", "Painters"):
            made = await program.call("channel.create", kind="public", name=name, members=["alice", "bob"])
    target = made["target"]
    pages = {name: await person(name, width=1440) for name in ("alice", "bob", "olga")}
    for name, page in pages.items():
        await sign_in(page, site, name)
        await open_channel(page, "Painters")
    alice, bob, olga = users = [User(name, page, choice) for name, page in pages.items()]
    for user in users:
        await user.write()
    for user in users:
        await open_channel(user.page, "Poets")
        await user.page.get_by_test_id("composer").fill(f"a draft of {user.name} that waits")
        await open_channel(user.page, "Painters")

    start = time.monotonic()
    faults: list[Callable[[], Awaitable[None]]] = [
        lambda: _cut(alice, bob.write),
        lambda: asyncio.to_thread(site.restart),
        lambda: _cut(bob, olga.write),
        lambda: asyncio.to_thread(_kill_and_start, site),
        lambda: _cut(olga, alice.write),
    ]
    for number, fault in enumerate(faults, 1):
        await _use(users, olga, choice, start + SECONDS * number / (len(faults) + 1))
        await fault()
        for user in users:
            await user.write()
        await _settled(users)
    await _use(users, olga, choice, start + SECONDS)

    shown_texts = [row["text"] for row in (await _settled(users))[0] if row["text"] != RECALLED]
    assert sorted(shown_texts) == sorted(text for user in users for text in user.written)
    async with await Client.connect(site.acc) as program:
        await program.login_token(tokens["olga"])
        history = await program.call("message.history", target=target, limit=100)
        shown = [one for one in history["messages"] if not one.get("recalled") and not one.get("threadOnly")]
        stored = [one["content"] if one["type"] == "file" else one["msg"] for one in shown]
    assert shown_texts[-len(stored) :] == stored
    for user in users:
        await user.expect_section()
        await open_channel(user.page, "Poets")
        await expect(user.page.get_by_test_id("composer")).to_have_value(f"a draft of {user.name} that waits")
        await user.page.get_by_test_id("saved-toggle").click()
        kept = [text for text in user.saved if text in user.written]
        await expect(user.page.get_by_test_id("saved-entry")).to_have_count(len(kept))
        await expect(user.page.get_by_test_id("saved-entry")).to_contain_text(kept[::-1])


def _kill_and_start(site: Site) -> None:
    site.kill()
    site.start()
