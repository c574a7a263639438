"""The tracer of OpenTelemetry, which sends spans to the collector at IM_OTLP_ENDPOINT. Imported only if that is set."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from delivery.request_id import request_id
from delivery.tracing import TRACEPARENT, Context, Kind

STOP_TIMEOUT_SECONDS = 0.5

_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_propagator = TraceContextTextMapPropagator()


def otlp_processor(endpoint: str) -> SpanProcessor:
    """Return the processor that sends spans in batches to the collector, from a thread of its own."""
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces"))


class OtelTracer:
    """Makes spans of OpenTelemetry; see `delivery.tracing`. Thread-safe.

    `share` is the part of traces that are kept, from 0 to 1. A trace that began elsewhere is kept if it was there.
    """

    def __init__(self, processor: SpanProcessor, *, node: str, share: float = 1.0) -> None:
        resource = Resource.create({"service.name": "imsite", "service.instance.id": node})
        self._provider = TracerProvider(
            resource=resource, sampler=ParentBased(TraceIdRatioBased(share)), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("imsite")

    @contextmanager
    def span(
        self, name: str, kind: Kind, parent: Context, links: Iterable[Context], attributes: Mapping[str, Any]
    ) -> Iterator[trace.Span]:
        known = {key: value for key, value in attributes.items() if value is not None}
        if request := request_id():
            known["imsite.request"] = request
        linked = [Link(trace.get_current_span(context).get_span_context()) for context in links]
        # An exception's text may contain what a user wrote, so only its type is recorded.
        with self._tracer.start_as_current_span(
            name,
            context=parent,
            kind=_KINDS[kind],
            attributes=known,
            links=linked,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def current(self) -> Context:
        span = trace.get_current_span()
        return trace.set_span_in_context(span) if span.get_span_context().is_valid else None

    def traceparent(self) -> str:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get(TRACEPARENT, "")

    def parse(self, traceparent: str) -> Context:
        context = _propagator.extract({TRACEPARENT: traceparent})
        return context if trace.get_current_span(context).get_span_context().is_valid else None

    def stop(self) -> None:
        """Send the spans that remain, for at most STOP_TIMEOUT_SECONDS: a collector that is down delays no exit."""
        thread = threading.Thread(target=self._provider.shutdown, name="last spans", daemon=True)
        thread.start()
        thread.join(STOP_TIMEOUT_SECONDS)
