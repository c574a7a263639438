"""A user on a desktop or a phone, in English or Chinese, for the tour of all that messages can carry."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

from tests.e2e.conditions import use_toolbar
from tests.e2e.screenshots import screenshot
from tests.support.client import Client

OVERFLOW = """() => {
  if (document.scrollingElement.scrollWidth <= innerWidth) return [];
  const isWide = (element) => element.getBoundingClientRect().right > innerWidth + 1;
  return ["page", ...[...document.querySelectorAll("body *")].filter(isWide).map((one) => one.outerHTML.slice(0, 120))];
}"""


@dataclass
class Tourist:
    """The page of a user, and the other user of their group, who has a JSON client."""

    page: Page
    other: Client
    target: str
    """The group of both."""
    group: str
    is_phone: bool
    is_chinese: bool

    def words(self, english: str, chinese: str) -> str:
        """Return the words that the page shows in its language."""
        return chinese if self.is_chinese else english

    def get(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    def message(self, text: str, place: str = "timeline") -> Locator:
        """Return the message with this text in the `timeline` or the `thread`."""
        return self.get(place).get_by_test_id("message").filter(has_text=text)

    async def press(self, *names: str | Locator) -> None:
        """Click or tap these elements, one after the other."""
        for name in names:
            element = self.get(name) if isinstance(name, str) else name
            await (element.tap() if self.is_phone else element.click())

    async def act(self, message: Locator, *names: str, place: str = "timeline") -> None:
        """Show the toolbar of a message, by pointer or a long press, and use these buttons and menu items."""
        await expect(message).to_have_attribute("data-state", "sent")
        if self.is_phone:
            touch = {"pointerType": "touch", "isPrimary": True, "bubbles": True}
            text = message.get_by_test_id("message-text").first
            # The timeline moves when the composer becomes smaller, which ends a long press.
            await self.page.evaluate("document.activeElement.blur()")
            await expect(self.get("format-toolbar")).to_be_hidden()
            await text.dispatch_event("pointerdown", touch)
            await expect(self.get(place).get_by_test_id("message-more")).to_be_visible()
            await text.dispatch_event("pointerup", touch)
        elif names:
            await use_toolbar(message, names[0])
            names = names[1:]
        else:
            await message.hover()
        for name in names:
            await self.press(self.get(place).get_by_test_id(name) if name.startswith("message-") else name)

    async def say(self, text: str, field: str = "composer") -> None:
        """Write and send a text in the `composer` or the `thread-composer`."""
        await self.get(field).fill(text)
        await self.press("thread-send" if field == "thread-composer" else "composer-send")

    async def back(self) -> None:
        """Close the panel or dialog that lies over the timeline."""
        if self.is_phone:
            await self.page.go_back()
        else:
            await self.page.keyboard.press("Escape")

    async def look(self, item: str) -> None:
        """Check that nothing is wider than the page, and keep a picture if pictures are wanted."""
        assert await self.page.evaluate(OVERFLOW) == [], item
        size, language = ("phone" if self.is_phone else "desktop"), ("zh" if self.is_chinese else "en")
        await screenshot(self.page, f"tour-{item}-{size}-{language}")
