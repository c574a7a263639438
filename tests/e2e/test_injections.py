"""Scripts in everything that users, operators and other sites can write stay text, on each view of page and admin."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from playwright.async_api import Page, expect

from imsite.client import Client
from tests.e2e.conditions import until
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_admin import operator_at
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.injections import ATTRIBUTES, INJECTIONS, MUTATIONS, STYLES, SVG, TAGS, TEMPLATES
from tests.support.site import Site

# The rows are changed behind the checks of each field, which refuse some of the texts.
_PLANT = """
import json
from django.conf import settings
from accounts.actions import system_user
from accounts.models import App, User
from chat.actions.channel import channel_create_group
from chat.actions.link_preview import message_set_previews, preview_store
from chat.actions.report import message_report
from chat.models import Channel, CustomEmoji, Message
from chat.slash.actions import slash_command_create
from chat.webhooks.incoming.actions import incoming_webhook_create
from social_django.models import UserSocialAuth

texts, group = json.loads({texts!r}), {group}
mallory, alice = User.objects.get(username="mallory"), User.objects.get(username="alice")
users = [User(username=f"m{{n}}", username_key=f"m{{n}}", nickname=text, nickname_key=f"k{{n}}", status_text=text)
    for n, text in enumerate(texts)]
User.objects.bulk_create(users)
names = ["alice", *(user.username for user in users)]
channel_create_group(creator=mallory, name="Everybody", members=names)
for text in texts:
    made = channel_create_group(creator=mallory, name="x", members=["alice"], join="open", listed=True)
    Channel.objects.filter(pk=made.pk).update(name=text, topic=text, description=text)
User.objects.filter(username="mallory").update(nickname=texts[1], status_text=texts[19])
App.objects.update(name=texts[0])
Channel.objects.filter(pk=group).update(topic=texts[18], description="\\n".join(texts))
emoji = dict(picture=b"x", width=20, height=20, created_by=mallory, created_at=1)
for name in sorted({{text[:30] for text in texts}}):
    CustomEmoji.objects.create(name=name, sha256=f"{{len(name):064}}", **emoji)
for text in texts:
    UserSocialAuth.objects.create(user=alice, provider="github", uid=text, extra_data={{"login": text, "name": text}})
settings.IM_MAX_REPORTS_PER_DAY = len(texts)
messages = list(Message.objects.filter(channel_id=group).order_by("seq"))
for message, text in zip(messages, texts, strict=False):
    message_report(user=alice, channel_id=group, message_id=message.pk, reason=text, app=101)
linked = Message.objects.get(channel_id=group, text="https://a.test/winter")
title, description, site_name = texts[18], texts[2], texts[5]
row = preview_store(
    address=linked.text, title=title, description=description, site_name=site_name, thumbnail=None)
message_set_previews(message_id=linked.pk, text=linked.text, previews=[row])
url = "http://127.0.0.1:9/"
slash_command_create(creator=system_user(), name="evil", description=texts[18], url=url, hint=texts[1])
incoming_webhook_create(creator=mallory, name="hook", channel_id=group)
User.objects.filter(username__contains="hook").update(nickname=texts[18])
"""
_PLANTED = """() => [...document.querySelectorAll("*")].filter((element) =>
  element.matches("script:not([src]):not([type='application/json']), iframe, object, embed")
  || [...element.attributes].some(({ name, value }) => name.startsWith("on")
    || (/^(href|src|action|formaction)$/.test(name) && /^\\W*(javascript|vbscript|data:text)/i.test(value))))
  .map((element) => element.outerHTML).filter((html) => html.includes("pwned"))"""
_PANELS = ("details", "search", "unread", "threads", "saved", "drafts")


def _plain(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if "\n" not in text and "\t" not in text]


async def is_inert(page: Page, where: str) -> None:
    """Fail if a planted script has run. Violations of the policy for content are errors on the console."""
    for frame in page.frames:
        assert await frame.evaluate("() => window.pwned") is None, where
    found = await page.evaluate(_PLANTED)
    assert not found, f"{where}: {found}"


async def test_planted_scripts_stay_text(site: Site, person: OpenPerson, tmp_path: Path) -> None:
    tokens = register(site, ["alice", "mallory"])
    file = tmp_path / "<img src=x onerror=window.pwned=1>.txt"
    file.write_text("hello")
    async with Client(site.url, token=tokens["mallory"]) as mallory, mallory.listen() as line:
        made = await line.call("channel.create", kind="public", name="Painters", members=["alice"])
        group = made["target"]
        for text in INJECTIONS:
            await line.send(text, target=group)
        uploaded = await mallory.upload(file)
        await line.send(TAGS[0], target=group, attachments=[uploaded])
        await line.send("https://a.test/winter", target=group)
    texts = json.dumps(INJECTIONS)
    site.manage("shell", "--no-imports", "-c", _PLANT.format(texts=texts, group=group))

    alice = await person("alice", width=1440)
    await sign_in(alice, site, "alice")
    await expect(alice.get_by_test_id("channel-item")).to_have_count(len(INJECTIONS) + 3)
    await alice.locator(f"[data-target='{group}']").click()
    await expect(alice.get_by_test_id("message-text").filter(has_text="https://a.test/winter").first).to_be_attached()
    await until(alice, "(text) => document.querySelector('#timeline-rows').textContent.includes(text)", STYLES[0])
    await is_inert(alice, "timeline")
    timeline = alice.get_by_test_id("timeline")
    wanted = _plain((*TAGS, *ATTRIBUTES, *SVG, *MUTATIONS, *TEMPLATES, *STYLES))
    while await alice.evaluate("() => document.querySelector('.timeline-loading') !== null"):
        await timeline.evaluate("(scroller) => { scroller.scrollTop = 0; }")
    shown = set(await alice.get_by_test_id("message-text").all_text_contents())
    assert [text for text in wanted if text not in shown] == []
    names = set(await alice.locator("[data-testid=channel-item] [data-part=name]").all_text_contents())
    assert [text for text in wanted if text not in names] == []
    for panel in _PANELS:
        toggle = alice.locator(f"[aria-controls={panel}]")
        if await alice.locator(f"#{panel}").is_hidden() and await toggle.is_visible():
            await toggle.click()
            await expect(alice.locator(f"#{panel}")).to_be_visible()
        await is_inert(alice, panel)
    await alice.keyboard.press("Control+k")
    await alice.get_by_test_id("switcher-field").fill("<")
    await expect(alice.get_by_test_id("switcher-option").first).to_be_visible()
    await is_inert(alice, "switcher")
    await alice.keyboard.press("Escape")
    await alice.get_by_test_id("new-menu").click()
    await alice.get_by_test_id("browse-groups").click()
    await expect(alice.locator("dialog[open]")).to_contain_text("window.pwned")
    await is_inert(alice, "groups")
    await alice.keyboard.press("Escape")
    await alice.get_by_test_id("composer").fill("/ev")
    await expect(alice.get_by_test_id("slash-option")).to_contain_text("onerror")
    await is_inert(alice, "slash commands")

    await alice.get_by_test_id("composer").fill("")
    await alice.get_by_test_id("emoji-button").click()
    await alice.get_by_test_id("emoji-search").fill("<")
    await expect(alice.get_by_test_id("emoji-picker")).to_be_visible()
    await expect(alice.locator(".emoji-scroller img.custom-emoji").first).to_be_attached()
    await is_inert(alice, "emoji")
    for path in ("profile", "sign-in-methods"):
        await alice.goto(f"{site.url}/accounts/{path}/")
        await is_inert(alice, path)

    olga = await person("olga")
    await operator_at(olga, site)
    lists = await olga.eval_on_selector_all("a[href^='/admin/']", "(links) => links.map((link) => link.pathname)")
    paths = sorted({path for path in lists if path.count("/") == 4})
    assert "/admin/chat/report/" in paths
    for path in paths:
        await olga.goto(site.url + path)
        await is_inert(olga, path)
        row = olga.locator("#result_list th a").first
        if await row.count():
            await olga.goto(site.url + str(await row.get_attribute("href")))
            await is_inert(olga, f"a row of {path}")
