"""HTTP client for requests to other systems: it calls allowed addresses only and reads nothing but the status."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address

import httpx

from delivery.outbound.ssrf_guard import Address, UrlNotAllowed, check_url, resolve

MAX_ADDRESSES = 3
"""Addresses of one host name that are tried."""


@dataclass(frozen=True, slots=True)
class HttpResult:
    """The outcome of a request. `status` is None without a response; `error` is empty for a success.

    The error contains neither the URL, which may hold a secret, nor anything from the response. `milliseconds` is the
    duration.
    """

    status: int | None
    error: str
    milliseconds: int
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        return not self.error


def open_client() -> httpx.AsyncClient:
    """Return a client for any number of concurrent calls of `post`. The caller closes it."""
    # Proxies and passwords from the environment would bypass the checks. No connection is kept alive: the pool tells
    # connections apart by address, and two host names may share an address.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, limits=limits, timeout=None)


async def post(
    client: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str], *, timeout: float
) -> HttpResult:
    """POST the body. Any 2xx is a success, a redirect is not. Raises nothing but CancelledError.

    The host name is resolved once, and the connection goes to the address that was checked, so DNS rebinding has no
    effect. Only the headers of the response are read. `timeout` is in seconds.
    """
    started = time.monotonic()
    status: int | None = None
    timed_out = False
    try:
        async with asyncio.timeout(timeout):
            checked = check_url(url)
            status = await _post(client, checked, await resolve(checked), body, headers)
            error = _status_error(status)
    except UrlNotAllowed as refusal:
        error = str(refusal)
    except TimeoutError:
        error, timed_out = f"No answer within {timeout:g} s.", True
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as fault:
        error = _describe(fault)
    return HttpResult(status, error, round((time.monotonic() - started) * 1000), timed_out)


async def _post(
    client: httpx.AsyncClient, url: httpx.URL, addresses: list[Address], body: bytes, headers: Mapping[str, str]
) -> int:
    """POST to the first of the addresses that accepts a connection; return the status."""
    host = url.raw_host.decode("ascii")
    for number, address in enumerate(addresses[:MAX_ADDRESSES], 1):
        pinned = url.copy_with(host=f"[{address}]" if isinstance(address, IPv6Address) else str(address))
        request = client.build_request(
            "POST",
            pinned,
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            # TLS requests the host name and checks the certificate against it.
            extensions={"sni_hostname": host},
        )
        try:
            response = await client.send(request, stream=True)
        except httpx.ConnectError as fault:
            if number == min(len(addresses), MAX_ADDRESSES) or _find_tls_error(fault):
                raise
            continue
        await response.aclose()
        return response.status_code
    raise OSError("no address")


def _status_error(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return f"It answered {status}." if not 300 <= status < 400 else f"It answered {status}; redirects are not followed."


def _find_tls_error(fault: BaseException | None) -> ssl.SSLError | None:
    while fault is not None and not isinstance(fault, ssl.SSLError):
        fault = fault.__cause__ or fault.__context__
    return fault


def _describe(fault: Exception) -> str:
    match fault:
        case OSError():
            return "The host name cannot be resolved."
        case httpx.ConnectError() if (tls := _find_tls_error(fault)) is not None:
            reason = getattr(tls, "verify_message", "") or tls.reason or "it failed"
            return f"No TLS connection: {reason}."[:200]
        case httpx.ConnectError():
            return "It does not accept connections."
        case _:
            return "The connection ended without an answer."
