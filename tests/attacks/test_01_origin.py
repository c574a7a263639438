"""Attack 1: a page of a foreign origin opens a WebSocket, with or without the victim's cookie.

The handshake is answered 403 before it is accepted.
"""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.bare_socket import BareSocket
from tests.support.shared_site import FOREIGN_ORIGIN, Clients, SharedSite

pytestmark = pytest.mark.each_database

FOREIGN = [
    "http://evil.example",
    "https://evil.example",
    "null",
    "",
    "file://",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://127.0.0.1:{port}0",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1.evil.example:{port}",
    "http://evil.example#http://127.0.0.1:{port}",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@evil.example",
    "http://user@127.0.0.1:{port}",
    "https://127.0.0.1:{port}",
    "ws://127.0.0.1:{port}",
    "http://localhost:{port}",
    "http://[::1]:{port}",
    "http://127.0.0.1:{port} http://evil.example",
    "https://friend.example",
    "http://friend.example:8443",
    "https://friend.example:8444",
    "https://friend.example:84430",
    "https://www.friend.example:8443",
    "https://friend.example.evil.example:8443",
    "https://notfriend.example:8443",
    "*",
]


async def refused(clients: Clients, **how: str | None) -> int:
    with pytest.raises(InvalidStatus) as answer:
        await clients.stranger(**how)
    return int(answer.value.response.status_code)


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_is_refused_with_and_without_the_victims_cookie(
    clients: Clients, shared_site: SharedSite, origin: str
) -> None:
    origin = origin.format(port=shared_site.site.port)

    assert await refused(clients, origin=origin) == 403
    assert await refused(clients, origin=origin, cookie=shared_site.account().cookie) == 403


@pytest.mark.parametrize("cookie", ["sessionid=x", "other=1", "$victim"])
async def test_a_cookie_without_origin_is_refused(clients: Clients, shared_site: SharedSite, cookie: str) -> None:
    assert await refused(clients, cookie=cookie.replace("$victim", shared_site.account().cookie)) == 403


async def test_the_sites_own_page_is_accepted_and_signed_in_by_its_cookie(
    clients: Clients, shared_site: SharedSite
) -> None:
    account = shared_site.account()
    alice = await clients.stranger(origin=shared_site.site.url, cookie=account.cookie)

    assert (await alice.call("login", appId=101))["id"] == account.id


def test_the_sites_own_page_is_accepted_under_each_of_its_hosts(shared_site: SharedSite) -> None:
    host = f"localhost:{shared_site.site.port}"

    with BareSocket(shared_site.site, headers={"Host": host, "Origin": f"http://{host}"}) as page:
        assert page.status == 101


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "*", ".", "x,"]
)
def test_a_page_under_a_foreign_host_name_is_refused(shared_site: SharedSite, host: str) -> None:
    """The attacker's host name resolves to the site (DNS rebinding)."""
    host = host.format(port=shared_site.site.port)

    for cookie in ("", shared_site.account().cookie):
        headers = {"Host": host, "Origin": f"http://{host}", "Cookie": cookie}
        with BareSocket(shared_site.site, headers=headers) as page:
            assert page.status == 403


async def test_a_page_of_an_allowed_origin_is_accepted(clients: Clients, shared_site: SharedSite) -> None:
    friend = await clients.stranger(origin=FOREIGN_ORIGIN)

    assert await friend.call("ping") == "pong"


async def test_a_program_without_origin_and_cookie_is_accepted_and_must_log_in(clients: Clients) -> None:
    program = await clients.stranger()

    assert await program.code("channel.list") == 1000


async def test_an_invalid_cookie_on_the_sites_own_page_allows_a_guest_login_only(
    clients: Clients, shared_site: SharedSite
) -> None:
    sessions_of_nobody = ("sessionid=forged", "sessionid=" + "x" * 32, "sessionid=%01")
    for cookie, code in (
        *((cookie, 1003) for cookie in sessions_of_nobody),
        ("sessionid=", 1002),
        ("garbage;;=;", 1002),
    ):
        page = await clients.stranger(origin=shared_site.site.url, cookie=cookie)
        assert await page.code("login", appId=101) == code
        assert (await page.call("login", appId=101, userId=shared_site.guest_name()))["kind"] == "guest"
