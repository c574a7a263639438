"""A page of another site, which uses only the wire protocol, chats as a guest where the operator allows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import OpenPerson
from tests.support.client import Client
from tests.support.fixtures.sites import SiteFactory
from tests.support.site import Site

PAGE = """<!doctype html>
<meta charset="utf-8"><title>Friend</title><link rel="icon" href="data:,">
<form name="enter"><input name="user"><button>Enter</button></form>
<form name="say"><input name="text"><button>Say</button></form>
<button id="who">Who is there?</button>
<ul id="online"></ul>
<ol id="log"></ol>
<form name="forge" method="post">
  <input name="appID" value="101"><input name="userID" value="alice"><input name="msgID" value="forged">
  <input name="message" value="by a form"><button>Forge</button>
</form>
<script>
const site = new URLSearchParams(location.search).get("site");
const { enter, say, forge } = document.forms;
forge.action = site + "/user/sendMessageAll";

function show(list, text) {
  const item = document.createElement("li");
  item.textContent = text;
  document.getElementById(list).append(item);
}

async function call(path, form) {
  try {
    const reply = await fetch(site + path, form && { method: "POST", body: new URLSearchParams(form) });
    return await reply.json();
  } catch {
    show("log", "blocked " + path.split("?")[0]);
  }
}

enter.onsubmit = (event) => {
  event.preventDefault();
  const socket = new WebSocket(site.replace("http", "ws") + "/acc");
  const login = { seq: "1", cmd: "login", data: { appId: 101, userId: enter.user.value } };
  socket.onopen = () => socket.send(JSON.stringify(login));
  socket.onclose = () => show("log", "closed");
  socket.onmessage = ({ data }) => {
    const { cmd, response } = JSON.parse(data);
    show("log", cmd === "login" ? `login ${response.code}` : `${cmd} ${response.data.from}: ${response.data.msg}`);
  };
};

say.onsubmit = async (event) => {
  event.preventDefault();
  const form = { appID: 101, userID: enter.user.value, msgID: crypto.randomUUID(), message: say.text.value };
  const reply = await call("/user/sendMessageAll", form);
  if (reply) show("log", `said ${reply.code} ${reply.data.sendResults}`);
};

document.getElementById("who").onclick = async () => {
  const reply = await call("/user/list?appID=101");
  for (const name of reply?.data.userList ?? []) show("online", name);
};
</script>
"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def serve_page() -> Iterator[Callable[[], str]]:
    """Serve the page on a new port each time and return its origin."""
    servers: list[ThreadingHTTPServer] = []

    def serve() -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def friend(serve_page: Callable[[], str]) -> str:
    """Return the origin that the operator allows."""
    return serve_page()


@pytest.fixture
def site(friend: str, site_factory: SiteFactory) -> Iterator[Site]:
    with site_factory(IM_ALLOWED_ORIGINS=friend, IM_PRESENCE_GRACE_SECONDS="0.1") as running:
        yield running


async def enter(page: Page, origin: str, site: Site, name: str) -> None:
    await page.goto(f"{origin}/?site={site.url}")
    await page.fill("[name=user]", name)
    await page.click("text=Enter")


async def say(page: Page, text: str) -> None:
    await page.fill("[name=text]", text)
    await page.click("text=Say")


async def test_guests_chat_on_a_page_of_an_allowed_origin(person: OpenPerson, site: Site, friend: str) -> None:
    xia, ma = await person("xia"), await person("ma")
    await enter(xia, friend, site, "夏圭？")
    await expect(xia.locator("#log li")).to_have_text(["login 200"])
    await enter(ma, friend, site, "马远")
    await expect(xia.locator("#log li")).to_have_text(["login 200", "enter 马远: 马远 is here"])

    await xia.click("text=Who is there?")
    await expect(xia.locator("#online li")).to_have_text(["夏圭？", "马远"])

    await say(ma, "山径春行 & <b>")
    await expect(ma.locator("#log li")).to_have_text(["login 200", "said 200 true"])
    await expect(xia.locator("#log li").last).to_have_text("msg 马远: 山径春行 & <b>")
    await say(xia, "好")
    await expect(ma.locator("#log li")).to_have_text(["login 200", "said 200 true", "msg 夏圭？: 好"])

    await ma.close()
    await expect(xia.locator("#log li")).to_have_text(
        [
            "login 200",
            "enter 马远: 马远 is here",
            "msg 马远: 山径春行 & <b>",
            "said 200 true",
            "exit 马远: 马远 has left",
        ]
    )


async def test_the_same_page_on_another_origin_is_refused(
    browser: Browser, serve_page: Callable[[], str], site: Site
) -> None:
    # It has a context of its own because the browser reports blocked requests on the console.
    async with await Client.connect(site.acc) as watcher, await browser.new_context() as context:
        room = (await watcher.login_guest("watcher"))["target"]
        page = await context.new_page()
        await enter(page, serve_page(), site, "夏圭？")
        await expect(page.locator("#log li")).to_have_text(["closed"])
        await page.click("text=Who is there?")
        await expect(page.locator("#log li").last).to_have_text("blocked /user/list")
        await say(page, "hello")
        await expect(page.locator("#log li").last).to_have_text("blocked /user/sendMessageAll")
        await expect(page.locator("#online li")).to_have_count(0)
        # A form needs no preflight; the page that it opens shows the result.
        await page.click("text=Forge")
        await expect(page.locator("body")).to_contain_text('"code":1003')

        assert await watcher.settle() == [], "nobody came and nothing was said"
        history = await watcher.call("message.history", target=room)
        assert history == {"messages": [], "notes": [], "hasMore": False}
