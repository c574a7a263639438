"""Threads of HTTP requests are reused and never shared by two requests at a time."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse
from pytest_django.fixtures import Settings

from imsite.server.request_threads import MAX_IDLE_THREADS, HttpHandler, RequestThreadPool
from tests.support.waiting import TIMEOUT_SECONDS, wait_until


def test_a_request_reuses_the_thread_of_the_last_one() -> None:
    threads = RequestThreadPool()
    seen = []
    for _ in range(3):
        with threads.borrow() as executor:
            seen.append(executor.submit(threading.get_ident).result())
    assert len(set(seen)) == 1


def test_concurrent_requests_use_separate_threads_and_few_are_kept() -> None:
    threads = RequestThreadPool()
    with ExitStack() as stack:
        executors = [stack.enter_context(threads.borrow()) for _ in range(MAX_IDLE_THREADS + 4)]
        assert len({executor.submit(threading.get_ident).result() for executor in executors}) == MAX_IDLE_THREADS + 4
    with ExitStack() as stack:
        again = [stack.enter_context(threads.borrow()) for _ in range(MAX_IDLE_THREADS + 1)]
        assert sum(executor in executors for executor in again) == MAX_IDLE_THREADS


def test_a_thread_busy_for_a_disconnected_client_is_not_reused() -> None:
    threads, done = RequestThreadPool(), threading.Event()
    with threads.borrow() as left:
        left.submit(done.wait, TIMEOUT_SECONDS)
    with threads.borrow() as next_one:
        assert next_one is not left
        assert next_one.submit(threading.get_ident).result(TIMEOUT_SECONDS)
    done.set()


async def test_concurrent_requests_are_limited_and_monitoring_is_not_delayed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IM_HTTP_CONCURRENCY = 3
    inside: list[str] = []
    go_on = asyncio.Event()

    async def work(self: ASGIHandler, request: HttpRequest) -> HttpResponse:
        inside.append(request.path_info)
        await go_on.wait()
        return HttpResponse()

    monkeypatch.setattr(ASGIHandler, "run_get_response", work)
    handler = HttpHandler()

    def ask(path: str) -> asyncio.Task[object]:
        request = HttpRequest()
        request.path_info = path
        return asyncio.create_task(handler.run_get_response(request))

    pages = [ask(f"/{number}") for number in range(5)]
    await wait_until(lambda: len(inside) == 3)
    probe = ask("/healthz")
    await wait_until(lambda: "/healthz" in inside)
    assert inside == ["/0", "/1", "/2", "/healthz"]
    # A request that gives up waiting takes no place.
    pages[3].cancel()
    go_on.set()
    await asyncio.gather(probe, *pages, return_exceptions=True)
    assert inside[4:] == ["/4"]
