"""Attack 8: floods. By what one request costs, by person, by address, by token, by channel, by comings and goings."""

from __future__ import annotations

import socket

import pytest

from tests.support.bare_socket import BareSocket
from tests.support.people import Town

pytestmark = pytest.mark.each_database

# What takes the square of its length to read, and as much of it as a head may have.
COSTLY = {
    "a cookie of equals signs": ("Cookie", "a" + "=b" * 29_000 + "\xff"),
    "a cookie of escapes": ("Cookie", 'sessionid="' + r"\"" * 29_000 + '"'),
    "a type of semicolons": ("Content-Type", 'a/b;"' + ";" * 60_000),
}


def get(town: Town, **headers: str) -> int:
    """The status of an answer to a request with these headers as they are."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", town.site.port), timeout=20) as link:
        link.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}Connection: close\r\n\r\n".encode("latin-1"))
        return int(link.recv(65536).split()[1])


# -- by what one request costs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", COSTLY)
def test_a_header_that_is_costly_to_read_is_not_read(town: Town, what: str) -> None:
    name, value = COSTLY[what]

    assert get(town, **{name: value}) == 400
    with BareSocket(town.site, headers={name: value, "Origin": town.site.url}) as attacker:
        assert attacker.status == 400


@pytest.mark.parametrize("value", ["a" + "=b" * 4000 + "\xff", 'sessionid="' + r"\"" * 4000 + '"'])
def test_a_cookie_as_long_as_allowed_holds_nobody_up(town: Town, value: str) -> None:
    """Two dozen of them at once: the standard library's parser would take a minute over these."""
    attackers = [BareSocket(town.site, headers={"Cookie": value, "Origin": town.site.url}) for _ in range(24)]
    try:
        assert {attacker.status for attacker in attackers} == {101}
        assert get(town, Cookie=value) == 200
    finally:
        for attacker in attackers:
            attacker.close()
