"""Fixtures for an attacker and a bystander on bare sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.bare_socket import BareSocket
from tests.support.shared_site import SharedSite


@pytest.fixture
def attacker(shared_site: SharedSite) -> Iterator[BareSocket]:
    """Return a connection with a logged-in guest."""
    with BareSocket(shared_site.site) as socket:
        socket.login(shared_site.guest_name("mallory"))
        yield socket


@pytest.fixture
def bystander(shared_site: SharedSite) -> Iterator[BareSocket]:
    """Return a connection that must be served before and after the attack."""
    with BareSocket(shared_site.site) as socket:
        socket.login(shared_site.guest_name("bystander"))
        yield socket
        socket.request("message.send", "after", type="text", msg="still here")
        assert socket.reply("after")["response"]["code"] == 200
