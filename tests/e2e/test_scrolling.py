"""The timeline stays where it is while the composer grows and while earlier messages are loaded."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.e2e.conditions import scroll_constantly, until
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_group_and_private import open_channel
from tests.e2e.test_reading import say_many
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

_TEXT_TOP = """seq => document
  .querySelector(`[data-testid=message][data-seq="${seq}"] [data-testid=message-text]`)
  .getBoundingClientRect().top"""

_IS_ABOVE_COMPOSER = """seq => document
  .querySelector(`[data-testid=message][data-seq="${seq}"]`)
  .getBoundingClientRect().bottom <= document.getElementById("composer-form").getBoundingClientRect().top"""


def message(page: Page, seq: int) -> Locator:
    return page.locator(f"[data-testid=message][data-seq='{seq}']")


async def is_above_composer(page: Page, seq: int) -> None:
    """Fail unless the message is entirely visible."""
    await expect(message(page, seq)).to_be_in_viewport(ratio=1)
    await until(page, _IS_ABOVE_COMPOSER, seq)


async def test_the_timeline_keeps_its_place(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice = await person("alice")
    composer, frame = alice.get_by_test_id("composer"), alice.get_by_test_id("timeline")
    async with await Client.connect(site.acc) as bob:
        await bob.login_token(tokens["bob"])
        group = await bob.call("channel.create", kind="public", name="Readers", members=["alice"])
        await say_many(bob, group["target"], 320)
        # She has read them elsewhere, so her page loads from the newest one only.
        async with await Client.connect(site.acc) as phone:
            await phone.login_token(tokens["alice"])
            await phone.call("read.mark", target=group["target"], seq=320)
        await sign_in(alice, site, "alice")
        await scroll_constantly(alice, "#timeline")
        await open_channel(alice, "Readers")
        await expect(message(alice, 320)).to_be_in_viewport(ratio=1)

        # A reader at the end sees the last message above four and eight lines, and follows the next one.
        for lines in (4, 8):
            while (await composer.input_value()).count("\n") < lines - 1:
                await composer.press("Shift+Enter")
            await is_above_composer(alice, 320)
        await say_many(bob, group["target"], 1)
        await is_above_composer(alice, 321)
        await expect(alice.get_by_test_id("to-newest")).to_be_hidden()

        # A reader a little above the end stays there with every key.
        await composer.fill("one line")
        await is_above_composer(alice, 321)
        await frame.evaluate("frame => (frame.scrollTop -= 60)")
        await expect(message(alice, 321)).not_to_be_in_viewport(ratio=1)
        before = await alice.evaluate(_TEXT_TOP, 319)
        await composer.press_sequentially(", another")
        for _ in range(7):
            await composer.press("Shift+Enter")
        await composer.press_sequentially("last")
        await until(alice, f"([seq, top]) => ({_TEXT_TOP})(seq) === top", [319, before])
        await composer.fill("")
        # Its eight lines are gone, and the reader stays once more.
        await until(alice, "() => document.querySelector('[data-testid=composer]').clientHeight < 60")
        await until(alice, f"([seq, top]) => ({_TEXT_TOP})(seq) === top", [319, before])

        # The first loaded message loses its sender's name to an earlier one, and no text moves.
        first = 320 - 30 - 50 + 1
        await expect(alice.get_by_test_id("message").first).to_have_attribute("data-seq", str(first))
        tops = await frame.evaluate(
            f"(frame, seqs) => {{ frame.scrollTop = 0; return seqs.map({_TEXT_TOP}); }}", [first, first + 1]
        )
        await expect(message(alice, first - 1)).to_be_attached()
        # The browser rounds positions to parts of a pixel.
        for seq, top in zip((first, first + 1), tops, strict=True):
            await until(alice, f"([seq, top]) => Math.abs(({_TEXT_TOP})(seq) - top) <= 1", [seq, top])
