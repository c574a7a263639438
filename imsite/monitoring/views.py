"""The monitoring views by path. `imsite.monitoring.access` decides who may call them."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from imsite.monitoring import flame_graph, health, process_dump, profiler

View = Callable[[HttpRequest], HttpResponse]

_diagnostics_lock = threading.Lock()


def _text_response(
    content: str | bytes, *, status: int = 200, content_type: str = "text/plain; charset=utf-8"
) -> HttpResponse:
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    return HttpResponse(content, status=status, content_type=content_type, headers=headers)


def _one_at_a_time(view: View) -> View:
    """Limit an expensive view to one caller at a time. Others get a 503."""

    @functools.wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not _diagnostics_lock.acquire(blocking=False):
            return _text_response("Another request is running. Try again in a moment.\n", status=503)
        try:
            return view(request)
        finally:
            _diagnostics_lock.release()

    return guarded


def metrics(request: HttpRequest) -> HttpResponse:
    """Return this node's metrics for Prometheus."""
    return _text_response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 while the process and its event loop run."""
    return _text_response("ok\n")


def readyz(request: HttpRequest) -> HttpResponse:
    """Return 200 if the node can serve clients, 503 otherwise, with the reasons as JSON."""
    report = health.readiness()
    content = orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return _text_response(content, status=200 if report["ready"] else 503, content_type="application/json")


_SECONDS = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?")


@_one_at_a_time
def profile(request: HttpRequest) -> HttpResponse:
    """Return a flame graph of the process's CPU use during the next `seconds`."""
    asked = request.GET.get("seconds", "5")
    seconds = float(asked) if _SECONDS.fullmatch(asked) else 0.0
    if not profiler.MIN_SECONDS <= seconds <= profiler.MAX_SECONDS:
        return _text_response(
            f"seconds must be a number from {profiler.MIN_SECONDS:g} to {profiler.MAX_SECONDS:g}.\n", status=400
        )
    graph = flame_graph.build_graph(profiler.sample_cpu(seconds))
    drawn = render(request, "monitoring/flame.svg", {"graph": graph}).content
    return _text_response(drawn, content_type="image/svg+xml; charset=utf-8")


@_one_at_a_time
def tasks(request: HttpRequest) -> HttpResponse:
    """Return the event loop's tasks and where they wait."""
    return _text_response(process_dump.task_summary())


@_one_at_a_time
def memory(request: HttpRequest) -> HttpResponse:
    """Return the process's objects by type."""
    return _text_response(process_dump.memory_summary())


VIEWS: dict[str, View] = {
    "/metrics": metrics,
    "/healthz": healthz,
    "/readyz": readyz,
    "/debug/profile": profile,
    "/debug/tasks": tasks,
    "/debug/memory": memory,
}
