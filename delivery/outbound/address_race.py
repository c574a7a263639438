"""Connects to the first of several addresses that accepts: a dead one costs a fraction of a second (RFC 8305)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

import anyio
import httpcore

from delivery.outbound.ssrf_guard import Address

ATTEMPT_DELAY_SECONDS = 0.25
"""Seconds after which the next address is tried as well, unless the attempts before it have failed earlier."""
MAX_ADDRESSES = 8
"""Addresses of one host name that are tried."""


class AddressRace(httpcore.AnyIOBackend):
    """A network backend for httpcore that connects to these addresses and ignores the host name."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._addresses = alternate_families(addresses)[:MAX_ADDRESSES]
        self.is_connected = False

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return the connection that is open first and give up the others. Raise the last fault if all fail."""
        winner: list[httpcore.AsyncNetworkStream] = []
        faults: list[Exception] = []
        connect = super().connect_tcp

        async def attempt(address: Address, ended: anyio.Event) -> None:
            try:
                stream = await connect(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as fault:
                faults.append(fault)
            else:
                if winner:
                    await stream.aclose()
                else:
                    winner.append(stream)
                    attempts.cancel_scope.cancel()
            finally:
                ended.set()

        async with anyio.create_task_group() as attempts:
            for address in self._addresses:
                ended = anyio.Event()
                attempts.start_soon(attempt, address, ended)
                with anyio.move_on_after(ATTEMPT_DELAY_SECONDS):
                    await ended.wait()
        if winner:
            self.is_connected = True
            return winner[0]
        raise faults[-1] if faults else httpcore.ConnectError("no address")


def alternate_families(addresses: Sequence[Address]) -> list[Address]:
    """Return the addresses in order, alternating between IPv6 and IPv4, because one of the two may not be connected."""
    first = [address for address in addresses if address.version == addresses[0].version]
    others = [address for address in addresses if address.version != addresses[0].version]
    return [address for pair in zip_longest(first, others) for address in pair if address is not None]
