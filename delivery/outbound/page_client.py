"""HTTP client that reads what strangers serve: it calls allowed addresses only, and reads a bounded part of one body.

It follows no redirect; the caller follows them, so that each is checked like the first address.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import httpcore
import httpx

from delivery.outbound.address_race import AddressRace
from delivery.outbound.http_client import tls_context
from delivery.outbound.ssrf_guard import UrlNotAllowed, check_url, resolve

_ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")
_ZLIB_OR_GZIP = 47
"""The window of `zlib` that recognizes both formats by their headers."""


class PageNotRead(Exception):
    """The address may not be called, or gave no readable response in time. The text of the exception says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """A response. `location` is the address of a redirect, else empty.

    `is_complete` is False if the body went on beyond its limit.
    """

    url: httpx.URL
    status: int
    content_type: str
    location: str
    body: bytes = b""
    is_complete: bool = True


async def read_page(
    address: str,
    headers: Mapping[str, str],
    *,
    private_networks: Collection[str],
    ports: Collection[str],
    timeout: float,
    max_bytes: int,
    accepts: Callable[[str], bool],
) -> Page:
    """GET the address. Raise PageNotRead if it is not allowed, or if there is no response within `timeout` seconds.

    `private_networks` are allowed beside the internet, and no other `ports`. The host name is resolved once and the
    connection goes to a checked address. The body is read, and unpacked, up to `max_bytes`, and only if the status is
    200 and `accepts` the content type.
    """
    try:
        async with asyncio.timeout(timeout):
            url = check_url(address, private_networks)
            if str(url.port or {"http": 80, "https": 443}[url.scheme]) not in ports:
                raise PageNotRead("The port is not allowed.")
            race = AddressRace(await resolve(url, private_networks))
            return await _read(url, race, headers, max_bytes, accepts)
    except UrlNotAllowed as refusal:
        raise PageNotRead(str(refusal)) from refusal
    except (
        TimeoutError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, ValueError,
        zlib.error,
    ) as fault:  # fmt: skip
        raise PageNotRead(type(fault).__name__) from fault


async def _read(
    url: httpx.URL, race: AddressRace, headers: Mapping[str, str], max_bytes: int, accepts: Callable[[str], bool]
) -> Page:
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    sent = [
        ("Host", url.netloc.decode("ascii")),
        ("Accept-Encoding", "gzip"),
        ("Connection", "close"),
        *headers.items(),
    ]
    # The pool is of this call only: host names that share an address share no connection.
    async with (
        httpcore.AsyncConnectionPool(ssl_context=tls_context(), network_backend=race) as pool,
        pool.stream("GET", target, headers=sent) as response,
    ):
        given = httpx.Headers(response.headers)
        status, content_type = int(response.status), given.get("content-type", "")
        location = given.get("location", "") if 300 <= status < 400 else ""
        encoding = given.get("content-encoding", "").strip().lower()
        if status != 200 or encoding not in _ENCODINGS or not accepts(content_type):
            return Page(url, status, content_type, location)
        body, is_complete = await _read_body(response, packed=encoding not in ("", "identity"), max_bytes=max_bytes)
        return Page(url, status, content_type, location, body, is_complete)


async def _read_body(response: httpcore.Response, *, packed: bool, max_bytes: int) -> tuple[bytes, bool]:
    """Return up to `max_bytes` of the body, unpacked, and whether that is all of it."""
    unpacker = zlib.decompressobj(wbits=_ZLIB_OR_GZIP) if packed else None
    body = bytearray()
    async for piece in response.aiter_stream():
        # One byte more than allowed is enough to know that there is more.
        room = max_bytes + 1 - len(body)
        body += piece[:room] if unpacker is None else unpacker.decompress(piece, room)
        if len(body) > max_bytes:
            return bytes(body[:max_bytes]), False
    return bytes(body), True
