"""Traces requests through the site by OpenTelemetry. While no tracer is set, every function here does nothing.

`delivery.otel` has the tracer, so that nothing of OpenTelemetry is imported without it. Attributes never contain texts,
names, tokens or paths with secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, Protocol

Context = Any
"""The place in a trace under which further work stands; None without a trace."""
Kind = Literal["internal", "server", "client", "producer", "consumer"]

TRACEPARENT = "traceparent"
"""The header, and the key in the metadata of gRPC, that carries a context (W3C Trace Context)."""


class Span(Protocol):
    """A piece of work that is being traced."""

    def set_attribute(self, key: str, value: Any) -> None: ...

    def update_name(self, name: str) -> None: ...


class Tracer(Protocol):
    """Makes spans; see the functions of this module."""

    def span(
        self, name: str, kind: Kind, parent: Context, links: Iterable[Context], attributes: Mapping[str, Any]
    ) -> AbstractContextManager[Span]: ...

    def current(self) -> Context: ...

    def traceparent(self) -> str: ...

    def parse(self, traceparent: str) -> Context: ...


_tracer: Tracer | None = None
_NO_SPAN: AbstractContextManager[Span | None] = nullcontext()
_NO_HEADERS: tuple[tuple[str, str], ...] = ()


def set_tracer(tracer: Tracer | None) -> None:
    """Trace with this tracer from now on; None: not at all."""
    global _tracer
    _tracer = tracer


def is_tracing() -> bool:
    """Return whether there is a tracer."""
    return _tracer is not None


def span(
    name: str, *, kind: Kind = "internal", parent: Context = None, links: Sequence[Context] = (), **attributes: Any
) -> AbstractContextManager[Span | None]:
    """Return a context manager that traces its block as a span, of which it gives the object; None without a tracer.

    The span stands below `parent`, else below the current one. `links` are other contexts that it works for.
    """
    if _tracer is None:
        return _NO_SPAN
    return _tracer.span(name, kind, parent, links, attributes)


def current() -> Context:
    """Return the context of the current span, for work that goes on elsewhere; None without one."""
    return None if _tracer is None else _tracer.current()


def trace_headers() -> tuple[tuple[str, str], ...]:
    """Return the headers that carry the current context to another process; none without one."""
    if _tracer is None or not (value := _tracer.traceparent()):
        return _NO_HEADERS
    return ((TRACEPARENT, value),)


def parse_traceparent(value: str) -> Context:
    """Return the context that another process has sent; None if it has sent none, or nothing that is one."""
    return None if _tracer is None or not value else _tracer.parse(value)
