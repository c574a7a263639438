"""Starts and stops the tracer that IM_OTLP_ENDPOINT asks for, and traces HTTP requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import Resolver404, resolve

from delivery import tracing
from imsite.server.fast_path import WRITE_RESPONSE
from imsite.server.polling import PATHS

if TYPE_CHECKING:
    from delivery.otel import OtelTracer

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_NAMED_PARTS = {"api": 3, "acc": 3, "widget": 2, "user": 2, "accounts": 2, "admin": 3}
"""Parts of a path that a span names, by the first one; of other paths it names the first. The rest may be a secret."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER_METHOD = "_OTHER"
_UNKNOWN_PATH = "/*"
_REFUSED = 400


def start_tracing() -> OtelTracer | None:
    """Trace this process if IM_OTLP_ENDPOINT is set; return the tracer. Raise ImproperlyConfigured without packages."""
    if not settings.IM_OTLP_ENDPOINT:
        return None
    try:
        from delivery.otel import OtelTracer, otlp_processor
    except ImportError as error:
        raise ImproperlyConfigured(
            "IM_OTLP_ENDPOINT needs OpenTelemetry: pip install --require-hashes -r deploy/requirements-otel.txt"
        ) from error
    processor = otlp_processor(settings.IM_OTLP_ENDPOINT)
    tracer = OtelTracer(processor, node=settings.IM_NODE_ID, share=settings.IM_TRACE_SHARE)
    tracing.set_tracer(tracer)
    return tracer


def stop_tracing(tracer: OtelTracer) -> None:
    """Trace no longer, and send the spans that remain. It waits for the collector, but not long."""
    tracing.set_tracer(None)
    tracer.stop()


def traced(application: Application) -> Application:
    """Return the application with a span around each request; without IM_OTLP_ENDPOINT, the application itself."""
    return TracedHttp(application) if settings.IM_OTLP_ENDPOINT else application


class TracedHttp:
    """ASGI application that traces each HTTP request. A request begins a trace; that of a client is not continued."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"] if scope["method"] in _METHODS else _OTHER_METHOD
        path = scope["path"]
        with tracing.span(f"{method} {span_path(path)}", kind="server", **{"http.request.method": method}) as span:
            if span is None:
                await self._application(scope, receive, send)
                return

            def note(status: int) -> None:
                span.set_attribute("http.response.status_code", status)
                # Names that strangers may choose would make a new row each in the collector.
                if status >= _REFUSED and not is_known_path(path):
                    span.update_name(f"{method} {_UNKNOWN_PATH}")

            async def observed(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    note(message["status"])
                await send(message)

            extensions = dict(scope.get("extensions") or {})
            if (write := extensions.get(WRITE_RESPONSE)) is not None:

                def observed_write(status: int, *rest: Any) -> Any:
                    note(status)
                    return write(status, *rest)

                extensions[WRITE_RESPONSE] = observed_write
            await self._application({**scope, "extensions": extensions}, receive, observed)


def span_path(path: str) -> str:
    """Return the beginning of the path, which is no secret and has few values."""
    parts = path.split("/")[1:]
    kept = _NAMED_PARTS.get(parts[0], 1)
    return "/" + "/".join(parts[:kept])


def is_known_path(path: str) -> bool:
    """Return whether the part of the path that a span names is of a URL of the site, and no parameter in it."""
    try:
        route = resolve(path).route
    except Resolver404:
        # They are answered without Django.
        return path in PATHS
    return f"/{route}".startswith(span_path(path))
