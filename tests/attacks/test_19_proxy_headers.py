"""Attack 19: forwarding headers of every odd form, through a trusted proxy.

They cause no server error, and open neither a network nor another client's rate limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.support.fixtures.sites import SiteFactory
from tests.support.site import Site

pytestmark = pytest.mark.each_database

ODD = ["_hidden", "unknown", "203.0.113.71, unknown", ",", "[::1", "fe80::1%eth0", "203.0.113.71:99:1", "x" * 500, "é"]
LIMIT = 3


@pytest.fixture(scope="module")
def site(site_factory: SiteFactory) -> Iterator[Site]:
    """A site that trusts the test as its proxy."""
    with site_factory(
        IM_TRUSTED_PROXIES="127.0.0.1", IM_LOGIN_MAX_FAILURES=str(LIMIT), ALLOWED_HOSTS="chat.test,127.0.0.1,[::1]"
    ) as running:
        yield running


def sign_in(site: Site, *, password: str = "wrong", **headers: str) -> httpx.Response:
    """Try to sign in as the administrator, with these headers."""
    sent = {name.replace("_", "-"): value.encode() for name, value in headers.items()}
    with httpx.Client(base_url=site.url, headers=sent) as browser:
        form = browser.get("/accounts/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        data = {"csrfmiddlewaretoken": token[1], "username": "admin", "password": password}
        return browser.post("/accounts/login/", data=data)


@pytest.mark.parametrize("odd", ODD)
def test_a_sign_in_through_a_proxy_with_an_odd_header_is_answered(site: Site, odd: str) -> None:
    assert sign_in(site, X_Forwarded_For=odd).status_code in {200, 429}, site.last_words()
    call = httpx.get(f"{site.url}/user/list?appID=101", headers={"X-Forwarded-For": odd.encode()})
    assert call.json()["code"] == 1003, "the client is not inside the open network of its proxy"


def test_odd_headers_do_not_lock_another_client_out(site: Site) -> None:
    for _ in range(LIMIT):
        sign_in(site, X_Forwarded_For="_hidden")
    assert sign_in(site, X_Forwarded_For="unknown").status_code == 429, "they share the limit of their proxy"
    assert sign_in(site, X_Forwarded_For="203.0.113.71").status_code == 200


@pytest.mark.parametrize(
    ("client", "host", "origin"),
    [
        ("198.51.100.4", "chat.test:443", "https://chat.test"),
        ("198.51.100.5:51234", "chat.test:80", "http://chat.test"),
        ("2001:db8:1::7", "chat.test:8443", "https://chat.test:8443"),
        ("[2001:db8:2::7]", "[::1]:443", "https://[::1]"),
        ("[2001:db8:3::7]:51234", "[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_a_form_and_a_socket_of_the_sites_own_page_pass_on_any_port(
    site: Site, client: str, host: str, origin: str
) -> None:
    scheme = origin.partition(":")[0]
    headers = {"X_Forwarded_For": client, "X_Forwarded_Proto": scheme, "Host": host, "Origin": origin}
    assert sign_in(site, **headers).status_code == 200
    assert handshake_status(site, headers) == 101


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("chat.test:8443", "https://chat.test"),
        ("chat.test:8443", "https://chat.test:9443"),
        ("chat.test:8443", "http://chat.test:8443"),
        ("[::1]:8443", "https://[::2]:8443"),
    ],
)
def test_a_page_of_another_port_or_address_is_refused(site: Site, host: str, origin: str) -> None:
    headers = {"X_Forwarded_For": "198.51.100.4", "X_Forwarded_Proto": "https", "Host": host, "Origin": origin}
    assert sign_in(site, **headers).status_code == 403
    assert handshake_status(site, headers) == 403


def handshake_status(site: Site, headers: dict[str, str]) -> int:
    """Return the answer to a WebSocket handshake with these headers."""
    handshake = {name.replace("_", "-"): value for name, value in headers.items()} | {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    with httpx.stream("GET", f"{site.url}/acc", headers=handshake) as answer:
        return answer.status_code
