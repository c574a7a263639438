"""Runs synchronous database code from the event loop in bounded thread pools of this process.

Channels' `database_sync_to_async` would run every query of the process in one thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache, partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

from delivery.event_loop import is_on_loop

P = ParamSpec("P")
T = TypeVar("T")


@cache
def executor() -> ThreadPoolExecutor:
    """Return the database threads of this process, IM_DB_THREADS of them."""
    return ThreadPoolExecutor(max_workers=settings.IM_DB_THREADS, thread_name_prefix="db")


@cache
def priority_executor() -> ThreadPoolExecutor:
    """Return threads for commits and the hub's reads, which commands that wait for a locked row must not delay."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="db priority", initializer=_mark_priority_thread)


_thread = threading.local()


def _mark_priority_thread() -> None:
    _thread.has_priority = True


def in_priority_thread() -> bool:
    """Return whether the current thread belongs to `priority_executor`."""
    return getattr(_thread, "has_priority", False)


@cache
def background_executor() -> ThreadPoolExecutor:
    """Return one thread for periodic work, which must not take turns from commands."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="db background")


@cache
def probe_executor() -> ThreadPoolExecutor:
    """Return one thread that asks a replica, which may keep it waiting for seconds."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="db probe")


@cache
def file_executor() -> ThreadPoolExecutor:
    """Return threads that write and read pieces of files. None is held while a client is slow."""
    return ThreadPoolExecutor(max_workers=8, thread_name_prefix="files")


@cache
def processing_executor() -> ThreadPoolExecutor:
    """Return threads for complete uploads, whose checks and copies can take minutes."""
    return ThreadPoolExecutor(max_workers=3, thread_name_prefix="processing")


async def run_file(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what `run` does, in a thread for pieces of files."""
    return await _run_in(file_executor(), partial(function, *args, **kwargs))


async def run_processing(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what `run` does, in a thread for complete uploads."""
    return await _run_in(processing_executor(), partial(function, *args, **kwargs))


async def run_background(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what `run` does, in the background thread."""
    return await _run_in(background_executor(), partial(function, *args, **kwargs))


async def run_probe(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what `run` does, in the thread for a replica."""
    return await _run_in(probe_executor(), partial(function, *args, **kwargs))


async def run_priority(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what `run` does, in a priority thread."""
    return await _run_in(priority_executor(), partial(function, *args, **kwargs))


async def run_or_call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what `run` does on the node's event loop. In another thread, call the function there, without suspending."""
    return await run(function, *args, **kwargs) if is_on_loop() else function(*args, **kwargs)


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the synchronous function in a database thread; return its result or raise its exception."""
    return await _run_in(executor(), partial(function, *args, **kwargs))


async def _run_in(threads: ThreadPoolExecutor, function: Callable[[], T]) -> T:
    """Do what `database_sync_to_async` does, with fewer steps: call it with the context of the caller."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(threads, copy_context().run, _with_usable_connections, function)


def _with_usable_connections(function: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()
