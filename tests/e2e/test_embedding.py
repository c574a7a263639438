"""A Django project of another kind embeds a channel by the guide's own code, on another origin."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from imsite.client import Client, OutgoingMessage, Recipient
from tests.attacks.test_07_stored_script import SCRIPTS
from tests.e2e.conftest import OpenPerson
from tests.e2e.screenshots import screenshot
from tests.e2e.test_accessibility import check
from tests.e2e.test_two_browsers import sign_in
from tests.support.accounts import register
from tests.support.embedding_site import GUIDE, EmbeddingSite, guide_blocks
from tests.support.fixtures.sites import SiteFactory
from tests.support.injections import INJECTIONS
from tests.support.site import Site
from tests.support.waiting import wait_until

EXPIRED = (
    "from django.core.signing import Signer as S; print(S(salt='imsite.widget').sign_object([1, 1, '{}', 'x', 1]))"
)
HOSTILE_CSS = """<style>
  * { display: none !important; color: red !important; font-size: 1px !important }
  html, body, main { display: block !important }
  imsite-chat { position: absolute !important; left: -9999px !important; opacity: 0 !important }
  button, textarea, li, a { visibility: hidden !important; pointer-events: none !important }
</style>"""
HOSTILE_JS = """<script>
  Array.prototype.toJSON = () => "broken";
  Object.prototype.hostile = "x";
  String.prototype.html = () => "x";
  var module_1 = 1, customElement = 2, t = 3, make = 4, $ = null;
  for (const type of ["keydown", "input"]) addEventListener(type, (event) => event.preventDefault());
</script>"""


@pytest.fixture(scope="module")
def chat(site_factory: SiteFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, EmbeddingSite]]:
    """Run the chat and the project, set up as the guide says."""
    project = EmbeddingSite(tmp_path_factory.mktemp("shop"))
    with site_factory(IM_WIDGET_ORIGINS=project.url) as site:
        create_service = re.search(r"^python manage.py (service create .*)$", GUIDE, re.MULTILINE)
        body = re.search(r"-d '(\{.*\})'", GUIDE)
        assert create_service and body
        site.manage(*create_service[1].split())
        token = site.manage("token", "create", "shop", "website").split()[-1]
        channel = call(site, token, "channels/", json.loads(body[1]))["target"]
        project.write(site.url, channel)
        with project.run(token):
            yield site, project


@pytest.fixture
def service_token(chat: tuple[Site, EmbeddingSite]) -> str:
    return chat[0].manage("token", "create", "shop", "test").split()[-1]


def call(site: Site, token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{site.url}/api/v1/{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


async def visit(page: Page, project: EmbeddingSite, name: str, address: str) -> None:
    await page.goto(f"{project.url}/sign-in/{name}/")
    await page.goto(address)


async def say(page: Page, text: str) -> None:
    await page.get_by_placeholder(re.compile("Write a message|输入消息")).fill(text)
    await page.keyboard.press("Enter")


def test_the_guides_code_has_under_twenty_lines() -> None:
    code = "".join((*guide_blocks("python"), *guide_blocks("html")))
    assert len([line for line in code.splitlines() if line.strip()]) < 20


async def test_the_guides_page_shows_the_channel_to_its_own_users(
    person: OpenPerson, chat: tuple[Site, EmbeddingSite]
) -> None:
    _, project = chat
    ann, ben = await person("ann"), await person("ben", width=390, height=844)
    await visit(ann, project, "ann", f"{project.url}/page/guide/")
    await visit(ben, project, "ben", f"{project.url}/page/guide/")
    await say(ann, "Is it **there**? https://example.org 😀")
    await expect(ben.locator(".message .text strong").last).to_have_text("there")
    await expect(ben.locator(".message .text a").last).to_have_attribute("href", "https://example.org/")
    await expect(ben.locator(".message .name").last).to_have_text("ann")
    await ben.get_by_placeholder("Write a message").press_sequentially("Y")
    await expect(ann.locator(".typing")).to_have_text("ben is typing…")
    await say(ben, "Yes @ann")
    await expect(ann.locator(".message .text").last).to_have_text("Yes @ann")
    await expect(ann.locator(".typing")).to_be_hidden()
    await ann.locator(".message").last.hover()
    await ann.get_by_role("button", name="Like").last.click()
    await expect(ben.locator(".message .chip").last).to_have_text("👍 1")
    await expect(ann.locator(".message .chip").last).to_be_focused()
    await expect(ann.locator(".state")).to_have_count(0)

    assert project.get("/order/Order%20812%20has%20left/") == "sent"
    for page in (ann, ben):
        await expect(page.locator(".message .text").last).to_have_text("Order 812 has left")
    cookies = [cookie["domain"] for cookie in await ann.context.cookies()]
    assert set(cookies) == {"localhost"}, "no cookie of the chat's own host"
    await check(ann, "widget")
    await screenshot(ann, "embedding-comments")
    await screenshot(ben, "embedding-comments-phone")


async def test_a_floating_chat_and_a_badge_count_unread_messages(
    person: OpenPerson, chat: tuple[Site, EmbeddingSite]
) -> None:
    _, project = chat
    chatting = project.add_page("floating", project.script(mode="chat", floating="", theme="dark"), lang="zh-Hans")
    badge = project.add_page("badge", project.script(mode="badge"))
    cid = await person("cid", width=390, height=844)
    received: list[str] = []
    cid.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(str(frame))))
    await visit(cid, project, "cid", badge)
    count = cid.locator(".count")
    await expect(cid.get_by_role("link", name="Unread messages: 0")).to_be_visible()
    # The badge shows 0 before it has loaded its channel, too.
    await wait_until(lambda: any('"channel.get"' in frame for frame in received))
    project.get("/order/one/")
    await expect(count).to_have_text("1")
    await cid.goto(chatting)
    await expect(count).to_have_text("1")
    await expect(cid.get_by_role("button", name="打开聊天 · 未读消息：1")).to_be_visible()
    await cid.get_by_role("button", name="打开聊天").click()
    await expect(cid.get_by_role("textbox", name="输入消息")).to_be_focused()
    await expect(cid.locator(".message .text").last).to_have_text("one")
    await screenshot(cid, "embedding-chat-phone-zh-dark")
    await cid.keyboard.press("Escape")
    await expect(cid.get_by_role("button", name="打开聊天")).to_be_focused()
    await expect(count).to_be_hidden()


async def test_the_page_is_told_by_events_and_uses_methods(
    person: OpenPerson, chat: tuple[Site, EmbeddingSite]
) -> None:
    _, project = chat
    body = f"<script src='{project.chat_url}/widget.js'></script><main></main>"
    dan = await person("dan")
    await visit(dan, project, "dan", project.add_page("element", body))
    await dan.evaluate(
        """channel => {
          window.told = [];
          const widget = document.createElement("imsite-chat");
          widget.setAttribute("channel", channel);
          widget.getToken = async () => (await fetch("/chat-token/")).json();
          for (const type of ["ready", "unread", "message"])
            widget.addEventListener(type, ({ detail: { text, name, count } }) => {
              told.push(`${type} ${text ?? name ?? count}`);
            });
          document.querySelector("main").append(widget);
        }""",
        project.channel,
    )
    await expect(dan.locator(".messages")).to_be_attached()
    await dan.wait_for_function("() => told.includes('ready Questions')", polling=50)
    project.get("/order/hello/")
    await dan.wait_for_function("() => told.includes('message hello')", polling=50)
    # The page has another user now, without being loaded again.
    await dan.evaluate(
        """async () => {
          await fetch("/sign-in/ida/");
          document.querySelector("imsite-chat").setToken(await (await fetch("/chat-token/")).json());
        }"""
    )
    await dan.wait_for_function("() => told.filter((one) => one === 'ready Questions').length === 2", polling=50)
    await say(dan, "in her name")
    await expect(dan.locator(".message.own .name").last).to_have_text("ida")
    await dan.evaluate("document.querySelector('imsite-chat').destroy()")
    await expect(dan.locator(".messages")).to_have_count(0)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("foreign", "made for another website"),
        ("forged", "no valid access"),
        ("expired", "has expired"),
        ("none", "needs a token"),
        ("other origin", "may not embed the chat"),
        ("refused by the server", "may not embed the chat"),
    ],
)
async def test_a_page_without_access_shows_the_reason(
    browser: Browser, chat: tuple[Site, EmbeddingSite], case: str, reason: str
) -> None:
    """It has a context of its own, as the browser reports refused requests on the console."""
    site, project = chat
    name = case.replace(" ", "-")
    script = project.script() if case.startswith("refused") else project.script(token_url="")
    address = project.add_page(name, script)
    # The same page under an address that is not on the list.
    other = address.replace("localhost", "127.0.0.1")
    async with await browser.new_context() as context:
        page = await context.new_page()
        await visit(page, project, "eve", address)
        if case == "none":
            token = ""
        elif case == "forged":
            token = "WzFd.x"
        elif case == "expired":
            token = site.manage("shell", "-c", EXPIRED.format(project.url)).split()[-1]
        else:
            token = await page.evaluate("async () => (await (await fetch('/chat-token/')).json()).token")
        if case == "foreign":
            # A page of the chat's own origin is allowed, and the token is for the shop's.
            await page.goto(f"{site.url}/accounts/login/")
            await page.evaluate(
                """channel => {
                  const script = Object.assign(document.createElement("script"), { src: "/widget.js" });
                  Object.assign(script.dataset, { channel, tokenUrl: "/absent" });
                  document.body.append(script);
                }""",
                project.channel,
            )
        elif case in ("other origin", "refused by the server"):
            await page.goto(other.replace(f"/page/{name}/", "/sign-in/eve/"))
            await page.goto(other)
        if token and not case.startswith("refused"):
            await page.locator("imsite-chat").wait_for(state="attached")
            await page.evaluate("token => document.querySelector('imsite-chat').setToken(token)", token)
        await expect(page.locator(".notice")).to_contain_text(reason)
        await expect(page.locator(".composer")).to_be_hidden()
        if case == "none":
            await screenshot(page, "embedding-refused")


async def block_websockets(at: Page | BrowserContext) -> None:
    """Behave as a network that lets no WebSocket of a widget through."""

    async def refuse(route: WebSocketRoute) -> None:
        await route.close()

    await at.route_web_socket("**/widget*", refuse)


async def test_it_polls_where_the_network_blocks_websockets(
    person: OpenPerson, chat: tuple[Site, EmbeddingSite]
) -> None:
    _, project = chat
    address = project.add_page("polling", project.script(mode="chat"))
    jim, kim = await person("jim"), await person("kim", width=390, height=844)
    await block_websockets(jim)
    await visit(jim, project, "jim", address)
    await visit(kim, project, "kim", address)
    await say(jim, "by HTTP")
    await expect(jim.locator(".notice")).to_contain_text("This network blocks WebSockets.")
    await expect(kim.locator(".message .text").last).to_have_text("by HTTP")
    await say(kim, "by WebSocket")
    await expect(jim.locator(".message .text").last).to_have_text("by WebSocket")
    await expect(jim.locator(".pending")).to_have_count(0)
    await expect(kim.locator(".notice")).to_be_hidden()
    await screenshot(jim, "embedding-polling")
    # The next page knows it without trying.
    await jim.reload()
    await expect(jim.locator(".notice")).to_contain_text("This network blocks WebSockets.")
    await expect(jim.locator(".message .text").last).to_have_text("by WebSocket")
    cookies = [cookie["domain"] for cookie in await jim.context.cookies()]
    assert set(cookies) == {"localhost"}, "no cookie of the chat's own host"


@pytest.mark.parametrize(("case", "reason"), [("foreign", "made for another website"), ("expired", "has expired")])
async def test_a_token_without_access_is_refused_to_polls_with_the_reason(
    browser: Browser, chat: tuple[Site, EmbeddingSite], case: str, reason: str
) -> None:
    """It has a context of its own, as the browser reports refused requests on the console."""
    site, project = chat
    address = project.add_page(f"polling-{case}", project.script(token_url=""))
    origin = "http://elsewhere.example" if case == "foreign" else project.url
    token = site.manage("shell", "-c", EXPIRED.format(origin)).split()[-1]
    async with await browser.new_context() as context:
        page = await context.new_page()
        await block_websockets(page)
        await visit(page, project, "lea", address)
        await page.locator("imsite-chat").wait_for(state="attached")
        await page.evaluate("token => document.querySelector('imsite-chat').setToken(token)", token)
        await expect(page.locator(".notice")).to_contain_text(reason)
        await expect(page.locator(".composer")).to_be_hidden()


async def test_a_hostile_page_does_not_break_it(person: OpenPerson, chat: tuple[Site, EmbeddingSite]) -> None:
    _, project = chat
    address = project.add_page("hostile", project.script(mode="chat"), head=HOSTILE_CSS + HOSTILE_JS)
    fay = await person("fay")
    await visit(fay, project, "fay", address)
    field = fay.get_by_placeholder("Write a message")
    await field.press_sequentially("typed")
    await field.press("Enter")
    shown = fay.locator(".message .text").last
    await expect(shown).to_have_text("typed")
    await expect(fay.locator(".pending")).to_have_count(0)
    await expect(shown).to_be_in_viewport()
    await expect(shown).to_have_css("font-size", "15px")
    await expect(shown).to_have_css("color", "rgb(26, 31, 28)")
    await screenshot(fay, "embedding-hostile")


async def test_stored_script_is_inert(person: OpenPerson, chat: tuple[Site, EmbeddingSite], service_token: str) -> None:
    site, project = chat
    address = project.add_page("corpus", project.script(mode="chat"))
    name = "<img src=x onerror=alert(1)>"
    gus = await person("gus")
    dialogs: list[str] = []
    gus.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await visit(gus, project, name, address)
    for text in (*SCRIPTS, "[x](javascript:alert(1))", "[y](data:text/html,<script>alert(1)</script>)", "the end"):
        await say(gus, f"x{text}")
    await expect(gus.locator(".message:not(.pending) .text").last).to_have_text("xthe end")
    await expect(gus.locator(".message .name").last).to_have_text(name)
    await expect(gus.locator(".message .text").filter(has_text="<script>alert(1)</script>").first).to_be_visible()
    assert dialogs == []
    async with Client(site.url, token=service_token) as service:
        to = Recipient.channel(project.channel)
        sent = await service.send_many([OutgoingMessage(text, to) for text in (*INJECTIONS, "the last")])
    assert all(isinstance(result, list) for result in sent), sent
    await expect(gus.locator(".message .text").last).to_have_text("the last")
    await expect(gus.locator(".message .text").filter(has_text="window.pwned=1").first).to_be_visible()
    assert await gus.evaluate("() => window.pwned") is None
    unwanted = gus.locator("imsite-chat").locator("script, img, svg, iframe, a[href^='javascript'], a[href^='data']")
    await expect(unwanted).to_have_count(0)


async def test_a_page_of_the_same_site_uses_the_browsers_session(
    browser: Browser, chat: tuple[Site, EmbeddingSite], service_token: str
) -> None:
    """It has a context of its own, as the browser reports refused requests on the console."""
    site, project = chat
    register(site, ["hal"])
    call(site, service_token, f"channels/{project.channel}/members/", {"members": ["hal"]})
    async with await browser.new_context() as context:
        hal = await context.new_page()
        await sign_in(hal, site, "hal")
        await hal.goto(f"{site.url}/accounts/profile/")
        await hal.evaluate(
            """channel => {
              const script = Object.assign(document.createElement("script"), { src: "/widget.js" });
              Object.assign(script.dataset, { channel, mode: "comments" });
              document.querySelector("main").prepend(script);
            }""",
            project.channel,
        )
        await say(hal, "from the site itself")
        await expect(hal.locator(".message:not(.pending) .text").last).to_have_text("from the site itself")

        proof = "x" * 32
        await context.add_cookies([{"name": "csrftoken", "value": proof, "url": site.url}])
        headers = {"X-CSRFToken": proof, "Origin": site.url}
        assert (await context.request.post(f"{site.url}/accounts/logout/", headers=headers)).ok
        await expect(hal.locator(".notice")).to_have_text("Log in first.")
