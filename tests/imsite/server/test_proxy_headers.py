"""A request's client, scheme and host come from trusted proxies only, and an address that is none is no address."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest
from pytest_django.fixtures import Settings

from chat.api.common.networks import is_from_networks
from imsite.server.proxy_headers import ProxyHeaders

PROXY, CLIENT = "10.0.0.1", "203.0.113.71"
ANYWHERE = ("0.0.0.0/0", "::/0")


async def passed(
    headers: dict[str, str], *, peer: Any = (PROXY, 1), scheme: str = "http", kind: str = "http"
) -> dict[str, Any]:
    """Return the scope that the site gets."""
    got: list[dict[str, Any]] = []

    async def site(scope: dict[str, Any], *_: Any) -> None:
        got.append(scope)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "scheme": scheme, "client": peer, "headers": raw}
    await ProxyHeaders(site)(scope, None, None)  # type: ignore[arg-type]
    return got[0]


def is_inside(scope: dict[str, Any]) -> bool:
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = scope["client"][0]
    request.scope = scope  # type: ignore[attr-defined]
    return is_from_networks(request, ANYWHERE)


@pytest.fixture(autouse=True)
def proxy(settings: Settings) -> None:
    settings.IM_TRUSTED_PROXIES = f"{PROXY}, 2001:db8::1"


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (CLIENT, CLIENT),
        (f"192.0.2.9, {CLIENT}", CLIENT),
        (f"{CLIENT}, {PROXY}", CLIENT),
        (f"{CLIENT}:51234", CLIENT),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:DB8::7]:443", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        (f"::ffff:{CLIENT}", CLIENT),
    ],
)
async def test_the_address_of_the_client_is_used_in_its_usual_form(header: str, address: str) -> None:
    scope = await passed({"x-forwarded-for": header})
    assert scope["client"][0] == address
    assert is_inside(scope)


@pytest.mark.parametrize(
    "header",
    ["_hidden", "unknown", f"{CLIENT}, unknown", "", " ", ",", f"{CLIENT},", "unix:", "127.0.0.1.example", "[::1",
     "127.0.0.1:1:2", "0x7f.1", "127.1", "１２７.0.0.1", "127.0.0.1\x00", "999.0.0.1", "localhost", "a" * 8000],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_an_address_that_is_none_counts_as_the_proxys_and_is_in_no_network(header: str, kind: str) -> None:
    scope = await passed({"x-forwarded-for": header}, kind=kind)
    assert scope["client"][0] == PROXY
    assert not is_inside(scope)


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-real-ip"])
async def test_headers_of_another_proxy_change_nothing_and_put_nobody_inside(name: str) -> None:
    scope = await passed({name: CLIENT}, peer=("127.0.0.1", 1))
    assert scope["client"][0] == "127.0.0.1"
    assert not is_inside(scope)


async def test_only_the_header_with_the_address_makes_a_client_known() -> None:
    assert not is_inside(await passed({"forwarded": f"for={CLIENT}"}))
    assert is_inside(await passed({"forwarded": "for=x", "x-real-ip": "x", "x-forwarded-for": CLIENT}))
    assert is_inside(await passed({}, peer=("127.0.0.1", 1))), "a program without a proxy"


@pytest.mark.parametrize("peer", [None, ("", 0), ("unix:/run/proxy", 0)])
async def test_a_peer_without_an_address_has_one_for_limits_only(peer: Any) -> None:
    scope = await passed({}, peer=peer)
    assert scope["client"][0] == "0.0.0.0"
    assert not is_inside(scope)


@pytest.mark.parametrize(("proxies", "address"), [(f"unix, {PROXY}", CLIENT), (PROXY, "0.0.0.0")])
async def test_a_proxy_on_a_unix_socket_is_trusted_by_name(proxies: str, address: str, settings: Settings) -> None:
    settings.IM_TRUSTED_PROXIES = proxies  # type: ignore[attr-defined]

    scope = await passed({"x-forwarded-for": CLIENT}, peer=None)

    assert scope["client"][0] == address
    assert is_inside(scope) == (address == CLIENT)


async def test_a_proxy_is_recognised_on_a_socket_for_both_ip_versions() -> None:
    assert (await passed({"x-forwarded-for": CLIENT}, peer=(f"::ffff:{PROXY}", 1)))["client"][0] == CLIENT


@pytest.mark.parametrize(
    ("header", "scheme"),
    [
        ("https", "https"),
        ("HTTPS", "https"),
        ("https, https", "https"),
        ("https,http", "http"),
        ("wss", "wss"),
        ("", "http"),
        ("gopher", "http"),
    ],
)
async def test_the_scheme_is_that_on_which_all_proxies_agree(header: str, scheme: str) -> None:
    assert (await passed({"x-forwarded-proto": header}))["scheme"] == scheme
    elsewhere = await passed({"x-forwarded-proto": header}, peer=("10.0.0.9", 1))
    assert elsewhere["scheme"] == "http", "another proxy"


@pytest.mark.parametrize("header", ["https", "wss", "https, https"])
async def test_the_scheme_of_a_socket_is_secure_by_either_name(header: str) -> None:
    assert (await passed({"x-forwarded-proto": header}, scheme="ws", kind="websocket"))["scheme"] == "wss"


@pytest.mark.parametrize(
    ("scheme", "host", "seen"),
    [
        ("https", "chat.test:443", "chat.test"),
        ("http", "chat.test:80", "chat.test"),
        ("https", "chat.test:80", "chat.test:80"),
        ("http", "chat.test:443", "chat.test:443"),
        ("https", "[2001:db8::1]:443", "[2001:db8::1]"),
        ("https", "chat.test:8443", "chat.test:8443"),
        ("https", "chat.test", "chat.test"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_the_default_port_is_removed_from_the_host(scheme: str, host: str, seen: str, kind: str) -> None:
    """Browsers leave it out of the Origin header, which Django's forms compare with the host."""
    sent = scheme if kind == "http" else scheme.replace("http", "ws")
    direct = await passed({"host": host}, scheme=sent, kind=kind)
    by_proxy = await passed({"host": host, "x-forwarded-proto": scheme}, kind=kind)
    assert dict(direct["headers"])[b"host"] == dict(by_proxy["headers"])[b"host"] == seen.encode()
