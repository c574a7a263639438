"""Traces go to a collector by OTLP, and cost nothing without one."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from delivery import tracing
from delivery.otel import STOP_TIMEOUT_SECONDS, OtelTracer, otlp_processor
from tests.support.traces import Spans

SAMPLED = 1
"""The flag of a trace that is kept."""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Run a collector; return its address and what it gets."""
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_collector_gets_the_spans(collector: tuple[str, list[ExportTraceServiceRequest]]) -> None:
    address, received = collector
    tracer = OtelTracer(otlp_processor(address), node="a")
    tracing.set_tracer(tracer)
    try:
        with tracing.span("outer", kind="server", size=3), tracing.span("inner"):
            pass
    finally:
        tracing.set_tracer(None)
        tracer.stop()

    (resource,) = received[0].resource_spans
    inner, outer = resource.scope_spans[0].spans
    assert (inner.name, outer.name) == ("inner", "outer")
    assert inner.trace_id == outer.trace_id and inner.parent_span_id == outer.span_id
    # Another test may have named a request in this thread.
    assert {attribute.key for attribute in outer.attributes} - {"imsite.request"} == {"size"}
    names = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
    assert (names["service.name"], names["service.instance.id"]) == ("imsite", "a")


def test_nothing_is_made_without_a_tracer() -> None:
    first, second = tracing.span("a"), tracing.span("b", kind="client", size=1)

    assert first is second
    with first as span:
        assert span is None
    assert tracing.current() is None and tracing.trace_headers() == ()
    assert tracing.parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") is None


@pytest.mark.parametrize("value", ["", "x", "00-0-0-01", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "\0"])
def test_a_context_that_is_none_begins_a_new_trace(spans: Spans, value: str) -> None:
    with tracing.span("call", parent=tracing.parse_traceparent(value)):
        pass

    assert spans.one("call").parent is None


def test_the_text_of_an_error_is_not_sent(spans: Spans) -> None:
    with pytest.raises(ValueError), tracing.span("call"):
        raise ValueError("what Alice wrote")

    assert "Alice" not in spans.shown()
    assert (spans.one("call").attributes or {})["error.type"] == "ValueError"


def test_a_share_of_the_traces_is_kept_whole(collector: tuple[str, list[ExportTraceServiceRequest]]) -> None:
    tracer = OtelTracer(otlp_processor(collector[0]), node="a", share=0.0)
    tracing.set_tracer(tracer)
    try:
        with tracing.span("left out"):
            assert not int(tracing.trace_headers()[0][1][-2:], 16) & SAMPLED, "the receiver leaves it out too"
        with tracing.span("kept", parent=tracing.parse_traceparent("00-" + "a" * 32 + "-" + "b" * 16 + "-01")):
            pass
    finally:
        tracing.set_tracer(None)
        tracer.stop()

    assert [span.name for span in collector[1][0].resource_spans[0].scope_spans[0].spans] == ["kept"]


def test_a_collector_that_is_down_delays_neither_work_nor_the_exit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # It accepts connections and never answers.
        tracer = OtelTracer(otlp_processor(f"http://127.0.0.1:{silent.getsockname()[1]}"), node="a")
        tracing.set_tracer(tracer)
        try:
            for _ in range(5000):
                with tracing.span("more than the queue holds"):
                    pass
        finally:
            tracing.set_tracer(None)
        ending = threading.Thread(target=tracer.stop)
        ending.start()
        # The exporter itself would try for ten seconds.
        ending.join(STOP_TIMEOUT_SECONDS + 5)
        assert not ending.is_alive()
