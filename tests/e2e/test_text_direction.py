"""Bob's direction controls and heaps of marks change nothing but his own text, for Alice and for an operator."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import OpenPerson
from tests.e2e.test_admin import operator_at
from tests.e2e.test_two_browsers import shown, sign_in
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.site import Site

OVERRIDE = "abc\u202edef"
# The reach of marks depends on the machine's fonts, so the test asks for the clipping and not for pixels.
_IS_CLIPPED = """(element, row) => {
  for (let one = element; one && !one.matches(row); one = one.parentElement) {
    const { display, overflowY } = getComputedStyle(one);
    if (display !== "inline" && overflowY !== "visible") return true;
  }
  return false;
}"""
HEAP = "Z" + "\u0301\u0316" * 100


async def left(page: Page, part: Locator) -> float:
    box = await part.bounding_box()
    assert box
    return box["x"]


async def test_the_text_of_a_message_stays_in_its_place(site: Site, person: OpenPerson) -> None:
    tokens = register(site, ["alice", "bob"])
    alice, olga = await person("alice"), await person("olga", width=1440)
    await sign_in(alice, site, "alice")
    async with await Client.connect(site.acc) as client:
        await client.login_token(tokens["alice"])
        sent = await client.call("message.send", type="text", msg="something")
        await client.call("message.edit", target=sent["target"], id=sent["id"], msg=OVERRIDE)
        await client.call("message.send", type="text", msg=f"see https://a.example/{OVERRIDE} now")

    message = alice.get_by_test_id("message").filter(has_text=OVERRIDE).first
    await expect(message.get_by_text("(edited)")).to_be_visible()
    assert await message.get_by_test_id("message-text").inner_text() == OVERRIDE
    parts = [message.locator(f"[data-part={name}]") for name in ("text", "edited", "state")]
    positions = [await left(alice, part) for part in parts]
    assert positions == sorted(positions)
    turned = await alice.evaluate(
        """(mark) => {
          const range = document.createRange();
          range.selectNodeContents(mark);
          return [...range.getClientRects()].length;
        }""",
        await parts[1].element_handle(),
    )
    assert turned == 1, "the mark is split"
    await expect(shown(alice, "now").locator("a")).to_have_text("https://a.example/abc%E2%80%AEdef")

    await alice.get_by_test_id("composer").fill(HEAP)
    await alice.get_by_test_id("composer").press("Enter")
    heap = shown(alice, "Z")
    assert await heap.inner_text() == HEAP
    assert await heap.evaluate(_IS_CLIPPED, ".message")

    await operator_at(olga, site, "/admin/chat/message/")
    cell = olga.locator("#result_list .field-excerpt").first
    await expect(cell).to_contain_text("\u0316")
    assert await cell.evaluate(_IS_CLIPPED, "tr")
    await olga.locator("#result_list tbody a:visible").first.click()
    for place in (".readonly", "[data-testid=timeline] bdi"):
        last = olga.locator(place).filter(has_text="\u0316").last
        assert await last.evaluate(_IS_CLIPPED, "form"), place
