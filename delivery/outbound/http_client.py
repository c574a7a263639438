"""Requests to other systems: to allowed addresses only, with little patience; of an answer nothing but its status."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address

import httpx

from delivery.outbound.ssrf_guard import Address, NotAllowed, addresses_of, check_url

ADDRESSES = 3
"""Addresses of one name that are tried."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request. `status` is None where nothing was answered; `error`, empty where all is well, says why.

    The text names neither the URL, which may hold a secret, nor anything that the other side has sent.
    """

    status: int | None
    error: str
    milliseconds: int
    late: bool = False
    """It took too long."""

    @property
    def ok(self) -> bool:
        return not self.error


def client() -> httpx.AsyncClient:
    """A client for `post`: one for many requests, of any number at a time; to be closed."""
    # No proxy and no password from the environment: both would go around what is checked here. No connection is kept:
    # they are told apart by address, and two names may share one.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, limits=limits, timeout=None)


async def post(
    sender: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str], *, timeout: float
) -> Answer:
    """POST the body; any 2xx is a success, a redirect is none. Raises nothing but a cancel.

    The name is looked up once and the connection made to the address that was checked, so that a name which changes
    its address between the two leads nowhere. No more of the answer is read than its headers.
    """
    began = time.monotonic()
    status: int | None = None
    late = False
    try:
        async with asyncio.timeout(timeout):
            checked = check_url(url)
            status = await _post(sender, checked, await addresses_of(checked), body, headers)
            error = _judged(status)
    except NotAllowed as refusal:
        error = str(refusal)
    except TimeoutError:
        error, late = f"No answer within {timeout:g} s.", True
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as fault:
        error = _told(fault)
    return Answer(status, error, round((time.monotonic() - began) * 1000), late)


async def _post(
    sender: httpx.AsyncClient, url: httpx.URL, addresses: list[Address], body: bytes, headers: Mapping[str, str]
) -> int:
    """To the first of the addresses that takes a connection."""
    host = url.raw_host.decode("ascii")
    for number, address in enumerate(addresses[:ADDRESSES], 1):
        pinned = url.copy_with(host=f"[{address}]" if isinstance(address, IPv6Address) else str(address))
        request = sender.build_request(
            "POST",
            pinned,
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            # TLS asks for the name, and checks the certificate by it.
            extensions={"sni_hostname": host},
        )
        try:
            response = await sender.send(request, stream=True)
        except httpx.ConnectError as fault:
            if number == min(len(addresses), ADDRESSES) or _tls(fault):
                raise
            continue
        await response.aclose()
        return response.status_code
    raise OSError("no address")


def _judged(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return f"It answered {status}." if not 300 <= status < 400 else f"It answered {status}; redirects are not followed."


def _tls(fault: BaseException | None) -> ssl.SSLError | None:
    while fault is not None and not isinstance(fault, ssl.SSLError):
        fault = fault.__cause__ or fault.__context__
    return fault


def _told(fault: Exception) -> str:
    match fault:
        case OSError():
            return "Its name has no address."
        case httpx.ConnectError() if (tls := _tls(fault)) is not None:
            reason = getattr(tls, "verify_message", "") or tls.reason or "it failed"
            return f"No TLS connection: {reason}."[:200]
        case httpx.ConnectError():
            return "It takes no connection."
        case _:
            return "The connection ended without an answer."
