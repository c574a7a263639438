"""Firefox, driven by WebDriver BiDi: Playwright drives only a build of its own.

The protocol is https://www.w3.org/TR/webdriver-bidi/. `async with running_firefox(path) as firefox` gives a browser;
each `await firefox.user()` has its own cookies and storage.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.support.ports import free_port

_START_SECONDS = 90.0
_WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.1
_FIRST_VISIBLE = "(selector) => [...document.querySelectorAll(selector)].findIndex((one) => one.checkVisibility())"
_IS_STILL = f"""async (selector) => {{
  const element = [...document.querySelectorAll(selector)][({_FIRST_VISIBLE})(selector)];
  const place = () => JSON.stringify(element?.getBoundingClientRect());
  const before = place();
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return element !== undefined && element.isConnected && before === place();
}}"""
_PREFERENCES = """
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""
# In Firefox's own window, which passes the events on to the page as it does those of the system's input method.
_COMPOSE = """(text, key) => {
  const input = Cc["@mozilla.org/text-input-processor;1"].createInstance(Ci.nsITextInputProcessor);
  if (!input.beginInputTransactionForTests(window)) throw new Error("no input method can be used");
  input.setPendingCompositionString(text);
  input.appendClauseToPendingComposition(text.length, input.ATTR_RAW_CLAUSE);
  input.setCaretInPendingComposition(text.length);
  input.flushPendingComposition(new KeyboardEvent("", { key: "n", code: "KeyN" }));
  const accepting = new KeyboardEvent("", { key, code: key });
  input.commitComposition(accepting);
  input.keyup(accepting);
}"""

# A Firefox without a screen shows no notifications: a service in place of the system's keeps them.
_KEEP_ALERTS = """() => {
  const shown = (globalThis.shownAlerts = []);
  const service = {
    QueryInterface: ChromeUtils.generateQI(["nsIAlertsService"]),
    showAlert(alert, listener) {
      shown.push({ alert, listener });
      listener?.observe(null, "alertshow", alert.cookie);
    },
    closeAlert(name) {
      const index = shown.findIndex(({ alert }) => alert.name === name);
      if (index >= 0) shown.splice(index, 1);
    },
    teardown() {},
  };
  Components.manager.QueryInterface(Ci.nsIComponentRegistrar).registerFactory(
    Services.uuid.generateUUID(), "", "@mozilla.org/system-alerts-service;1",
    { createInstance: (iid) => service.QueryInterface(iid) },
  );
}"""
_CLICK_ALERT = """() => {
  const { alert, listener } = shownAlerts.at(-1);
  listener.observe(null, "alertclickcallback", alert.cookie);
}"""


class BidiError(Exception):
    """A command that the browser has refused, or a script that raised."""


class Firefox:
    """One browser. Errors on the console of any page are gathered in `errors`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.errors: list[str] = []
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Run a command and return its result. Raises BidiError."""
        number = next(self._ids)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        return await self._waiting[number]

    async def run_in_window(self, function: str, *arguments: str | bool) -> None:
        """Call a JavaScript function with the rights of Firefox itself. Raises BidiError."""
        windows = await self.call("browsingContext.getTree", **{"moz:scope": "chrome"})
        kinds = {str: "string", bool: "boolean"}
        found = await self.call(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[{"type": kinds[type(value)], "value": value} for value in arguments],
            target={"context": windows["contexts"][0]["context"]},
            awaitPromise=True,
        )
        if found["type"] == "exception":
            raise BidiError(found["exceptionDetails"]["text"])

    async def keep_notifications(self) -> None:
        """Keep what is notified from now on, as a Firefox with a screen does, for pages to read and tests to click."""
        await self.run_in_window(_KEEP_ALERTS)

    async def click_notification(self) -> None:
        """Click the last notification."""
        await self.run_in_window(_CLICK_ALERT)

    async def addresses(self) -> list[str]:
        """Return the addresses of all pages."""
        return [page["url"] for page in (await self.call("browsingContext.getTree"))["contexts"]]

    async def user(self, *, width: int = 1280, height: int = 800) -> FirefoxPage:
        """Open a page with cookies and storage of its own."""
        context = (await self.call("browser.createUserContext"))["userContext"]
        page = FirefoxPage(
            self, (await self.call("browsingContext.create", type="tab", userContext=context))["context"]
        )
        await page.resize(width, height)
        return page

    async def close(self) -> None:
        self._reader.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if message["type"] == "event":
                entry = message["params"]
                if entry.get("level") == "error":
                    self.errors.append(f"{entry.get('text')}")
                continue
            future = self._waiting.pop(message["id"])
            if message["type"] == "success":
                future.set_result(message["result"])
            else:
                future.set_exception(BidiError(f"{message['error']}: {message['message']}"))


class FirefoxPage:
    """One page of a user."""

    def __init__(self, browser: Firefox, context: str) -> None:
        self._browser, self._context = browser, context

    async def goto(self, url: str) -> None:
        await self._browser.call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def reload(self) -> None:
        await self._browser.call("browsingContext.reload", context=self._context, wait="complete")

    async def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height}
        await self._browser.call("browsingContext.setViewport", context=self._context, viewport=size)

    async def evaluate(self, function: str, *arguments: str) -> Any:
        """Call a JavaScript function with strings; return its result, which must be a primitive value."""
        found = await self._browser.call(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[{"type": "string", "value": argument} for argument in arguments],
            target={"context": self._context},
            awaitPromise=True,
        )
        if found["type"] == "exception":
            raise BidiError(found["exceptionDetails"]["text"])
        return found["result"].get("value")

    async def until(self, function: str, *arguments: str) -> None:
        """Wait until the JavaScript function returns true."""
        async with asyncio.timeout(_WAIT_SECONDS):
            while not await self.evaluate(function, *arguments):  # noqa: ASYNC110  the page does not tell
                await asyncio.sleep(_POLL_SECONDS)

    async def click(self, selector: str) -> None:
        """Move the pointer to the first visible match, once it does not move, and click."""
        # A page behind another has no animation frames.
        await self._browser.call("browsingContext.activate", context=self._context)
        await self.until(_IS_STILL, selector)
        element = await self._element(selector, int(await self.evaluate(_FIRST_VISIBLE, selector)))
        origin = {"type": "element", "element": element}
        actions = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        pointer = {"type": "pointer", "id": "mouse", "actions": actions}
        await self._browser.call("input.performActions", context=self._context, actions=[pointer])

    async def type(self, text: str) -> None:
        """Press the keys of a text. Keys without a character have those of WebDriver, as ENTER has."""
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        await self._browser.call("input.performActions", context=self._context, actions=[keyboard])

    async def press(self, key: str, *modifiers: str) -> None:
        """Press a key while these others are held."""
        actions = [{"type": "keyDown", "value": modifier} for modifier in modifiers]
        actions += [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        actions += [{"type": "keyUp", "value": modifier} for modifier in reversed(modifiers)]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        await self._browser.call("input.performActions", context=self._context, actions=[keyboard])

    async def compose(self, text: str, key: str = "Enter") -> None:
        """Type the text by an input method into the field with the focus, and accept it with the key."""
        await self._browser.call("browsingContext.activate", context=self._context)
        await self._browser.run_in_window(_COMPOSE, text, key)

    async def choose_file(self, selector: str, path: Path) -> None:
        element = await self._element(selector)
        await self._browser.call("input.setFiles", context=self._context, element=element, files=[str(path)])

    async def _element(self, selector: str, index: int = 0) -> dict[str, str]:
        locator = {"type": "css", "value": selector}
        found = await self._browser.call("browsingContext.locateNodes", context=self._context, locator=locator)
        assert found["nodes"], f"the page has no {selector}"
        return {"sharedId": found["nodes"][index]["sharedId"]}


@contextlib.asynccontextmanager
async def running_firefox(
    path: str, preferences: Mapping[str, str | bool | int] | None = None
) -> AsyncIterator[Firefox]:
    """Run a headless Firefox with a new profile, and these preferences."""
    with tempfile.TemporaryDirectory(prefix="imsite-firefox-") as profile:
        (Path(profile) / "user.js").write_text(_PREFERENCES + _user_preferences(preferences or {}))
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            path,
            "--headless",
            "--no-remote",
            # For `run_in_window`.
            "--remote-allow-system-access",
            f"--profile={profile}",
            f"--remote-debugging-port={port}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            firefox = Firefox(await _connect(port, process))
            await firefox.call("session.new", capabilities={})
            await firefox.call("session.subscribe", events=["log.entryAdded"])
            yield firefox
            await firefox.close()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _user_preferences(preferences: Mapping[str, str | bool | int]) -> str:
    return "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items())


async def _connect(port: int, process: asyncio.subprocess.Process) -> ClientConnection:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            assert process.returncode is None, "Firefox has ended"
            with contextlib.suppress(OSError):
                return await connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None)
            await asyncio.sleep(_POLL_SECONDS)
