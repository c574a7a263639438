"""Fixtures for an attacker and a bystander on bare sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.bare_socket import BareSocket
from tests.support.people import Town


@pytest.fixture
def attacker(town: Town) -> Iterator[BareSocket]:
    """Return a connection with a logged-in guest."""
    with BareSocket(town.site) as socket:
        socket.login(town.guest_name("mallory"))
        yield socket


@pytest.fixture
def bystander(town: Town) -> Iterator[BareSocket]:
    """Return a connection that must be served before and after the attack."""
    with BareSocket(town.site) as socket:
        socket.login(town.guest_name("bystander"))
        yield socket
        socket.request("message.send", "after", type="text", msg="still here")
        assert socket.reply("after")["response"]["code"] == 200
