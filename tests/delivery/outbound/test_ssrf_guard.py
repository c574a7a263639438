"""The site calls public addresses only, in any notation of an address."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest
from django.conf import Settings

from delivery.outbound import ssrf_guard
from delivery.outbound.ssrf_guard import UrlNotAllowed, check_url, is_allowed, resolve

PRIVATE = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.1
192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1
240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1
64:ff9b::10.0.0.1 64:ff9b:1::10.0.0.1 100::1 2001::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::
2002:a00:1:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%1 fec0::1 ff02::1
""".split()
PUBLIC = "1.1.1.1 8.8.8.8 93.184.216.34 ::ffff:8.8.8.8 2606:4700::1111 2a00:1450:4001::5e 2001:4860:4860::8888".split()


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_address_is_refused(text: str) -> None:
    assert not is_allowed(ip_address(text), ())


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_allowed(text: str) -> None:
    assert is_allowed(ip_address(text), ())


def test_the_operator_allows_a_private_network() -> None:
    assert is_allowed(ip_address("10.1.2.3"), ("10.0.0.0/8",))
    assert is_allowed(ip_address("::ffff:10.1.2.3"), ("10.0.0.0/8",))
    assert is_allowed(ip_address("::1"), ("127.0.0.0/8", "::1/128"))
    assert not is_allowed(ip_address("192.168.0.1"), ("10.0.0.0/8", "::1/128"))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "http://[::1]/", "http://[::ffff:169.254.169.254]/latest/meta-data", "ftp://example.org/",
        "file:///etc/passwd", "gopher://example.org/", "https://user:password@example.org/", "https:///path",
        "example.org/hook", "", "http://", "https://example.org/#part", "http://exa mple.org/", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_an_unsafe_url_is_refused_before_its_host_is_resolved(url: str, settings: Settings) -> None:
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ()  # type: ignore[attr-defined]
    with pytest.raises(UrlNotAllowed):
        check_url(url)


def test_an_ordinary_url_is_accepted() -> None:
    assert str(check_url("https://hooks.example.org:8443/in?key=1")) == "https://hooks.example.org:8443/in?key=1"


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "0"])
async def test_loopback_in_another_notation_is_refused(host: str, settings: Settings) -> None:
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ()  # type: ignore[attr-defined]
    with pytest.raises(UrlNotAllowed):
        await resolve(check_url(f"http://{host}/"))


async def test_a_host_name_with_one_private_address_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IM_WEBHOOK_PRIVATE_NETWORKS = ()  # type: ignore[attr-defined]

    def looked_up(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        known = {
            "good.test": ["8.8.8.8", "1.1.1.1"],
            "mixed.test": ["8.8.8.8", "10.0.0.1"],
            "local.test": ["fe80::1%eth0"],
        }
        return [(0, 0, 0, "", (address, 0)) for address in known[host]]

    monkeypatch.setattr(ssrf_guard.socket, "getaddrinfo", looked_up)
    assert list(map(str, await resolve(check_url("https://good.test/")))) == ["8.8.8.8", "1.1.1.1"]
    for host in ("mixed.test", "local.test"):
        with pytest.raises(UrlNotAllowed):
            await resolve(check_url(f"https://{host}/"))


async def test_a_host_name_without_an_address_raises_os_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror("not known")

    monkeypatch.setattr(ssrf_guard.socket, "getaddrinfo", not_found)
    with pytest.raises(OSError, match="not known"):
        await resolve(check_url("https://nowhere.test/"))
