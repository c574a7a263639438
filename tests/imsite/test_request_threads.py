"""Threads of HTTP requests are kept for the next ones, and never shared by two at a time."""

from __future__ import annotations

import threading
from contextlib import ExitStack

from imsite.request_threads import KEPT, RequestThreads


def test_the_next_request_gets_the_thread_of_the_last() -> None:
    threads = RequestThreads()
    seen = []
    for _ in range(3):
        with threads.one() as executor:
            seen.append(executor.submit(threading.get_ident).result())
    assert len(set(seen)) == 1


def test_requests_at_once_have_threads_of_their_own_and_only_some_are_kept() -> None:
    threads = RequestThreads()
    with ExitStack() as stack:
        executors = [stack.enter_context(threads.one()) for _ in range(KEPT + 4)]
        assert len({executor.submit(threading.get_ident).result() for executor in executors}) == KEPT + 4
    with ExitStack() as stack:
        again = [stack.enter_context(threads.one()) for _ in range(KEPT + 1)]
        assert sum(executor in executors for executor in again) == KEPT


def test_one_that_still_works_for_a_client_who_has_gone_is_not_given_to_the_next() -> None:
    threads, done = RequestThreads(), threading.Event()
    with threads.one() as left:
        left.submit(done.wait, 20)
    with threads.one() as next_one:
        assert next_one is not left
        assert next_one.submit(threading.get_ident).result(20)
    done.set()
