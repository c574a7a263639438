"""HTTP client for requests to other systems. It calls allowed addresses only, and reads no more than asked."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

import httpcore
import httpx

from delivery import tracing
from delivery.outbound.address_race import AddressRace
from delivery.outbound.ssrf_guard import UrlNotAllowed, check_url, resolve


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
    body: bytes = b""
    retry_after: str = ""
    """The response's header of this name."""

    @property
    def ok(self) -> bool:
        return not self.error


@cache
def tls_context() -> ssl.SSLContext:
    """Return the context of all TLS connections. It takes milliseconds to make."""
    # Certificates from the environment would bypass the checks.
    return httpx.create_ssl_context(trust_env=False)


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: float,
    max_answer_bytes: int = 0,
    tls: ssl.SSLContext | None = None,
    private_networks: Collection[str] | None = None,
) -> HttpResult:
    """POST the body. Any 2xx is a success, a redirect is not. Raises nothing but CancelledError.

    The host name is resolved once, and the connection goes to one of the addresses that were checked, so DNS rebinding
    has no effect. `timeout` is in seconds. The body of a success is read up to `max_answer_bytes`; a longer one is an
    error. With 0, only the headers of the response are read. `private_networks` as for `check_url`.
    """
    with tracing.span(
        "POST", kind="client", **{"server.address": _host_of(url)} if tracing.is_tracing() else {}
    ) as span:
        headers = {**headers, **dict(tracing.trace_headers())} if span is not None else headers
        result = await _request(url, body, headers, timeout, max_answer_bytes, tls, private_networks)
        if span is not None:
            span.set_attribute("http.response.status_code", result.status or 0)
    return result


def _host_of(url: str) -> str:
    """Return the host for a span: the rest of the URL may be a secret."""
    try:
        return httpx.URL(url).host
    except httpx.InvalidURL:
        return ""


async def _request(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout: float,
    max_answer_bytes: int,
    tls: ssl.SSLContext | None,
    private_networks: Collection[str] | None,
) -> HttpResult:
    started = time.monotonic()
    status: int | None = None
    timed_out = False
    answer, retry_after = b"", ""
    race: AddressRace | None = None
    try:
        async with asyncio.timeout(timeout):
            checked = check_url(url, private_networks)
            race = AddressRace(await resolve(checked, private_networks))
            sending = _post(checked, race, body, headers, tls or tls_context(), max_answer_bytes)
            status, answer, retry_after = await sending
            error = _status_error(status) if len(answer) <= max_answer_bytes else "Its answer is too long."
    except UrlNotAllowed as refusal:
        error = str(refusal)
    except TimeoutError:
        timed_out = race is not None and race.is_connected
        error = f"No {'answer' if timed_out else 'connection'} within {timeout:g} s."
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, ValueError) as fault:
        error = _describe(fault)
    milliseconds = round((time.monotonic() - started) * 1000)
    return HttpResult(status, error, milliseconds, timed_out, b"" if error else answer, retry_after)


async def _post(
    url: httpx.URL,
    race: AddressRace,
    body: bytes,
    headers: Mapping[str, str],
    tls: ssl.SSLContext,
    max_answer_bytes: int,
) -> tuple[int, bytes, str]:
    """POST on a connection of its own; return the status, the body, and when to try again.

    The body ends with the first piece that exceeds the limit.
    """
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    sent = [("Host", url.netloc.decode("ascii")), ("Accept", "*/*"), ("Connection", "close"), *headers.items()]
    # The pool is of this call only: host names that share an address share no connection.
    async with (
        httpcore.AsyncConnectionPool(ssl_context=tls, network_backend=race) as pool,
        pool.stream("POST", target, headers=sent, content=body) as response,
    ):
        status, answer = int(response.status), b""
        if max_answer_bytes and 200 <= status < 300:
            async for piece in response.aiter_stream():
                answer += piece
                if len(answer) > max_answer_bytes:
                    break
        return status, answer, httpx.Headers(response.headers).get("retry-after", "")


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
        case httpcore.ConnectError() if (tls := _find_tls_error(fault)) is not None:
            reason = getattr(tls, "verify_message", "") or tls.reason or "it failed"
            return f"No TLS connection: {reason}."[:200]
        case httpcore.ConnectError():
            return "It does not accept connections."
        case _:
            return "The connection ended without an answer."
