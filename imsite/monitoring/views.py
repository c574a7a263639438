"""The answers, by path. Who gets them is decided in `imsite.monitoring.access`."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from imsite.monitoring import flame_graph, health, process_dump, profiler

View = Callable[[HttpRequest], HttpResponse]

_looking = threading.Lock()


def _plain(content: str | bytes, *, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> HttpResponse:
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'",
    }
    return HttpResponse(content, status=status, content_type=content_type, headers=headers)


def _one_at_a_time(view: View) -> View:
    """What costs the node something is done for one caller at a time."""

    @functools.wraps(view)
    def alone(request: HttpRequest) -> HttpResponse:
        if not _looking.acquire(blocking=False):
            return _plain("Somebody else is looking. Try again in a moment.\n", status=503)
        try:
            return view(request)
        finally:
            _looking.release()

    return alone


def metrics(request: HttpRequest) -> HttpResponse:
    """This node's counters, for Prometheus."""
    return _plain(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives and its event loop turns."""
    return _plain("ok\n")


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether to send people here: 200 or 503, and why."""
    report = health.readiness()
    content = orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return _plain(content, status=200 if report["ready"] else 503, content_type="application/json")


@_one_at_a_time
def profile(request: HttpRequest) -> HttpResponse:
    """A flame graph of where this process spends its CPU during the next `seconds`."""
    try:
        seconds = float(request.GET.get("seconds", "5"))
    except ValueError:
        seconds = 0.0
    if not profiler.SHORTEST <= seconds <= profiler.LONGEST:
        return _plain(f"seconds is a number from {profiler.SHORTEST:g} to {profiler.LONGEST:g}.\n", status=400)
    graph = flame_graph.graph(profiler.sample(seconds))
    drawn = render(request, "monitoring/flame.svg", {"graph": graph}).content
    return _plain(drawn, content_type="image/svg+xml; charset=utf-8")


@_one_at_a_time
def tasks(request: HttpRequest) -> HttpResponse:
    """What the tasks of the event loop are, and where they wait."""
    return _plain(process_dump.tasks())


@_one_at_a_time
def memory(request: HttpRequest) -> HttpResponse:
    """What objects there are, by type."""
    return _plain(process_dump.memory())


VIEWS: dict[str, View] = {
    "/metrics": metrics,
    "/healthz": healthz,
    "/readyz": readyz,
    "/debug/profile": profile,
    "/debug/tasks": tasks,
    "/debug/memory": memory,
}
