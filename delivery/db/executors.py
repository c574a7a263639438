"""The ORM from the event loop: in threads of one bounded executor of this process.

`database_sync_to_async` alone would send every query of the process through one thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings

P = ParamSpec("P")
T = TypeVar("T")


@cache
def executor() -> ThreadPoolExecutor:
    """The process's database threads, IM_DB_THREADS of them."""
    return ThreadPoolExecutor(max_workers=settings.IM_DB_THREADS, thread_name_prefix="db")


@cache
def priority_executor() -> ThreadPoolExecutor:
    """Threads for what everybody waits for, so that commands which wait for a locked row cannot hold it up."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="db first", initializer=_become_first)


_here = threading.local()


def _become_first() -> None:
    _here.first = True


def in_first_thread() -> bool:
    """Whether this is one of the `priority_executor`."""
    return getattr(_here, "first", False)


@cache
def background_executor() -> ThreadPoolExecutor:
    """One thread for what nobody waits for: it takes no turn from commands, and only its memory grows with its work."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="db last")


async def run_background(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `run`, for what is done from time to time."""
    hop = database_sync_to_async(function, thread_sensitive=False, executor=background_executor())
    result: T = await hop(*args, **kwargs)
    return result


async def run_priority(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `run`, for the hub's reads and the batch commit."""
    hop = database_sync_to_async(function, thread_sensitive=False, executor=priority_executor())
    result: T = await hop(*args, **kwargs)
    return result


async def run(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the synchronous `function` in a database thread and give its result; its exceptions pass through."""
    hop = database_sync_to_async(function, thread_sensitive=False, executor=executor())
    result: T = await hop(*args, **kwargs)
    return result
