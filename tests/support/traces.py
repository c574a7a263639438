"""Spans that a test collects: the fixture `spans` traces this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from delivery import tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Spans:
    """The spans that have ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """Return the only span of this name."""
        (span,) = self.named(name)
        return span

    def shown(self) -> str:
        """Return all that the collector gets to see."""
        return "\n".join(span.to_json() for span in self._exporter.get_finished_spans())


def is_below(span: ReadableSpan, parent: ReadableSpan) -> bool:
    """Return whether a span stands directly below another one, in the same trace."""
    assert span.context is not None and parent.context is not None
    return (
        span.parent is not None
        and span.parent.span_id == parent.context.span_id
        and span.context.trace_id == parent.context.trace_id
    )


@pytest.fixture
def spans() -> Iterator[Spans]:
    # Few tests need OpenTelemetry, whose import takes a third of a second.
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from delivery.otel import OtelTracer

    exporter = InMemorySpanExporter()
    tracer = OtelTracer(SimpleSpanProcessor(exporter), node="a")
    tracing.set_tracer(tracer)
    yield Spans(exporter)
    tracing.set_tracer(None)
    tracer.stop()
