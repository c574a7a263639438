"""Attack 20: a URL that the site fetches leads to this machine, its network, or a cloud's metadata service.

Each function that opens an outbound connection is listed here; one that is not fails. The guard checks every address
that a host name has, so a name that resolves elsewhere at the second look, or to several addresses, has no effect.
"""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from pytest_django.fixtures import Settings

from accounts.oauth.providers import GitHub, Google, IdentityBackend, WeChat
from chat.link_previews.page_loader import PageLoader
from chat.models import SlashCommand, Webhook
from chat.push import request as push_request
from chat.slash import service_request
from chat.webhooks.outgoing import request as webhook_request
from delivery.outbound import page_client, ssrf_guard

ROOT = Path(__file__).resolve().parent.parent.parent
OPENS_CONNECTIONS = {
    "httpx": {"AsyncClient", "Client", "get", "post", "put", "request", "stream"},
    "httpcore": {"AsyncConnectionPool", "ConnectionPool"},
    "requests": {"get", "post", "put", "patch", "delete", "head", "request", "Session"},
    "urllib.request": {"urlopen", "urlretrieve", "build_opener"},
    "http.client": {"HTTPConnection", "HTTPSConnection"},
    "socket": {"create_connection"},
    "asyncio": {"open_connection", "open_unix_connection"},
    "anyio": {"connect_tcp", "connect_unix"},
    "boto3": {"client", "resource", "Session"},
    "ldap": {"initialize"},
    "websockets": {"connect"},
}
"""Names that connect to another system, by module."""
GUARDED = {
    "delivery/outbound/http_client.py": "webhooks, push services and slash commands",
    "delivery/outbound/page_client.py": "link previews",
}
"""Modules that ask the guard for the addresses before they connect."""
FIXED = {
    "accounts/ldap/directory.py": "the directory in the settings",
    "accounts/ldap/probe.py": "the directory in the settings",
    "accounts/oauth/providers.py": "pictures of listed hosts over https",
    "chat/attachments/scanner.py": "the virus scanner in the settings",
    "imsite/management/commands/cluster.py": "the nodes that this command has started",
}
"""Modules that connect to hosts that the operator or a list of ours names."""
PROGRAMS = ("imsite/client/", "imsite/bots/")
"""Programs of their own, which run beside the site and call it."""
CALLERS = {
    "chat/link_previews/page_loader.py": "read_page",
    "chat/push/request.py": "post",
    "chat/slash/service_request.py": "post",
    "chat/webhooks/outgoing/request.py": "post",
}
"""Modules that pass a user's URL to a guarded one. Each has a row in FETCHERS."""


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Return module and name of each call of an imported module, and of each name that is imported from one."""
    imported = {one.asname or one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    imported |= {
        one.asname or one.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            module, _, name = dotted(node.func).rpartition(".")
            if module in imported:
                yield module, name
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, one.name) for one in node.names)


@pytest.fixture(scope="module")
def sources() -> dict[str, list[tuple[str, str]]]:
    """Return the calls of each module of the site, by its path."""
    return {
        str(path.relative_to(ROOT)): [*calls_of(ast.parse(path.read_text(encoding="utf-8")))]
        for package in ("imsite", "accounts", "chat", "delivery")
        for path in (ROOT / package).rglob("*.py")
    }


def test_every_module_that_connects_is_listed(sources: dict[str, list[tuple[str, str]]]) -> None:
    found = {
        path for path, calls in sources.items()
        if any(name in OPENS_CONNECTIONS.get(module, ()) for module, name in calls) and not path.startswith(PROGRAMS)
    }  # fmt: skip
    assert found == {*GUARDED, *FIXED}, "guard it, or list it with the reason why no user chooses its host"


def test_every_module_that_passes_a_url_on_is_listed(sources: dict[str, list[tuple[str, str]]]) -> None:
    found = {
        path for path, calls in sources.items()
        if {("http_client", "post"), ("delivery.outbound.page_client", "read_page")} & {*calls}
    }  # fmt: skip
    assert found == {*CALLERS}
    assert {*CALLERS} == {*FETCHERS}


# -- behaviour --------------------------------------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "0.0.0.0", "0", "10.0.0.1", "172.16.0.1",
    "192.168.0.1", "169.254.169.254", "100.100.100.200", "224.0.0.1", "255.255.255.255", "[::1]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fd00:ec2::254]",
    "[fe80::1]", "localhost", "１２７.０.０.１", "127。0。0。1", "①②⑦.⓪.⓪.①",
]  # fmt: skip
"""Hosts that are this machine, its network or a cloud's metadata service, in every notation."""
FORMS = [
    "http://user@{}/",
    "http://{}/#x",
    "gopher://{}/",
    "file://{}/etc/passwd",
    "//{}/",
    "http:/{}/",
    "http://{}:x/",
]
UNPARSABLE = ["", "http://", "http://[::1", "http://a b/", "http://\0/", "http://a\r\nHost: b/", "https://x" * 500]

Fetch = Callable[[str], Awaitable[object]]


async def fetch_webhook(url: str) -> object:
    return (await webhook_request.send(Webhook(url=url, secret="whsec_" + "A" * 32), b"{}")).error


async def fetch_push(url: str) -> object:
    return (await push_request.send(push_request.PushRequest(url, b"", {}))).error


async def fetch_slash(url: str) -> object:
    return (await service_request.send(SlashCommand(url=url, secret="whsec_" + "A" * 32), b"{}")).error


async def fetch_preview(url: str) -> object:
    loader = PageLoader()
    try:
        return not (await loader.load(url)).description.title
    finally:
        loader.close()


FETCHERS: dict[str, Fetch] = {
    "chat/link_previews/page_loader.py": fetch_preview,
    "chat/push/request.py": fetch_push,
    "chat/slash/service_request.py": fetch_slash,
    "chat/webhooks/outgoing/request.py": fetch_webhook,
}
"""For each module: a function that fetches a URL as it does, and returns something true if the URL was refused."""


class Connections:
    """Records the addresses that the site would connect to; none is reached. `names` are the name server's answers."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.names: dict[str, list[list[str]]] = {}

    async def connect(self, host: str, port: int, *rest: Any) -> Any:
        self.addresses.append(host)
        raise httpcore.ConnectError("unreachable")

    async def look_up(self, host: str) -> list[ssrf_guard.Address]:
        answers = self.names[host]
        return [ip_address(text) for text in (answers.pop(0) if len(answers) > 1 else answers[0])]


@pytest.fixture
def connections(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Connections:
    for name in ("IM_WEBHOOK_PRIVATE_NETWORKS", "IM_LINK_PREVIEW_PRIVATE_NETWORKS", "IM_PUSH_PRIVATE_NETWORKS"):
        setattr(settings, name, ())
    settings.IM_LINK_PREVIEW_HOST_INTERVAL = 0.0
    made = Connections()

    async def connect_tcp(self: object, host: str, port: int, *rest: Any) -> Any:
        return await made.connect(host, port)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
    return made


@pytest.mark.parametrize("fetcher", FETCHERS)
async def test_a_private_host_is_not_called_in_any_notation(fetcher: str, connections: Connections) -> None:
    urls = [f"{scheme}://{host}/" for host in PRIVATE for scheme in ("http", "https")]
    urls += [form.format(host) for form in FORMS for host in ("127.0.0.1", "example.org")] + UNPARSABLE
    for url in urls:
        assert await FETCHERS[fetcher](url), url
    assert connections.addresses == []


@pytest.mark.parametrize("fetcher", FETCHERS)
async def test_a_name_that_changes_or_has_a_private_address_too_is_not_called(
    fetcher: str, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssrf_guard, "_look_up", connections.look_up)
    connections.names = {
        "one.test": [["10.0.0.1"]],
        "mixed.test": [["93.184.215.14", "127.0.0.1"]],
        "rebound.test": [["93.184.215.14"], ["127.0.0.1"]],
    }
    for host in ("one.test", "mixed.test"):
        assert await FETCHERS[fetcher](f"https://{host}/")
    assert connections.addresses == []
    await FETCHERS[fetcher]("https://rebound.test/")
    assert connections.addresses == ["93.184.215.14"], "the address that was checked is the one that is called"


async def test_a_preview_follows_no_redirect_to_a_private_host(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssrf_guard, "_look_up", connections.look_up)
    connections.names = {"public.test": [["93.184.215.14"]]}
    read: list[str] = []
    targets = [f"http://{host}/" for host in ("127.0.0.1", "[::ffff:127.0.0.1]", "169.254.169.254")]
    targets += ["file:///etc/passwd", "//127.0.0.1/", "http://user@public.test/", "http://public.test:22/"]

    async def read_once(url: httpx.URL, *rest: Any) -> page_client.Page:
        read.append(str(url))
        return page_client.Page(url, 302, "", targets[0])

    monkeypatch.setattr(page_client, "_read", read_once)
    while targets:
        assert await fetch_preview("https://public.test/")
        targets.pop(0)
    assert {*read} == {"https://public.test/"}


@pytest.mark.parametrize("backend", [GitHub, Google, WeChat])
def test_a_picture_of_another_host_is_not_downloaded(backend: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(IdentityBackend, "fetch", lambda self, url: fetched.append(url))
    one = backend.__new__(backend)
    for host in backend.picture_hosts:
        name = host.removeprefix(".")
        for url in (
            f"http://{name}/", f"https://{name}.evil.test/", f"https://evil{name}/", f"https://{name}:444/",
            f"https://u@{name}/", f"https://evil.test/{name}", f"https://evil.test#@{name}", "https://[::1", "",
            f"https://evil.test\\@{name}/", "https://127.0.0.1/",
        ):  # fmt: skip
            assert one.picture(url) is None, url
    assert fetched == []
