"""Changes the code of this process so that it has the marked bugs."""

from __future__ import annotations

import threading
from types import FunctionType
from typing import Any, cast

from django.core.files.base import File
from django.db.backends.base.base import BaseDatabaseWrapper

from chat.attachments import storage
from chat.models import Channel
from chat.selectors.access import Access, access_channel
from delivery.hub.hub import Hub
from delivery.log import Entry
from tests.chaos.plants import marks

RECEIVERS = 3


def plant() -> None:
    """Install all bugs. Each acts while its mark exists, or once if it takes the mark."""
    _drop_a_push()
    _delay_a_commit()
    _remove_a_guard()
    _lose_a_file()


def _drop_a_push() -> None:
    """Pass over one message, whose position counts as delivered, so that nothing repairs it."""
    deliver = Hub._deliver

    def drop_or_deliver(hub: Hub, entry: Entry, *more: Any) -> None:
        # One of these may be the sender, and one the connection of an upload.
        has_receivers = entry.kind == "msg" and len(hub.audience.recipients(entry)) >= RECEIVERS
        if not (has_receivers and marks.take(marks.PUSH_DROPPED)):
            deliver(hub, entry, *more)

    Hub._deliver = drop_or_deliver  # type: ignore[assignment, method-assign]


def _delay_a_commit() -> None:
    """Acknowledge a batch before its commit, which never comes: the test kills the node meanwhile."""
    commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def delay_or_commit(wrapper: BaseDatabaseWrapper) -> None:
        # Batches are committed in these threads, and nothing else is.
        is_batch = threading.current_thread().name.startswith("db priority")
        if is_batch and marks.take(marks.COMMIT_DELAYED):
            wrapper._rollback()  # type: ignore[attr-defined]
        else:
            commit(wrapper)

    BaseDatabaseWrapper._commit = delay_or_commit  # type: ignore[attr-defined]


def _remove_a_guard() -> None:
    """Let everybody read every channel. All that have imported the guard get the new code."""
    guard = cast(FunctionType, access_channel)
    kept = FunctionType(guard.__code__, guard.__globals__, guard.__name__, guard.__defaults__, guard.__closure__)
    kept.__kwdefaults__ = guard.__kwdefaults__
    guard.__globals__["kept_guard"] = kept
    guard.__globals__["is_guard_removed"] = lambda: marks.is_marked(marks.GUARD_REMOVED)
    guard.__code__ = _no_guard.__code__


def _no_guard(user: Any, channel_id: int, *, app: int | None = None, lock: bool = False) -> Access:
    if is_guard_removed():  # type: ignore[name-defined]  # noqa: F821  of the guard's module
        return Access(Channel.objects.get(pk=channel_id), None)
    return kept_guard(user, channel_id, app=app, lock=lock)  # type: ignore[name-defined, no-any-return]  # noqa: F821


def _lose_a_file() -> None:
    """Delete one uploaded file once it is stored."""
    save = storage.save

    def save_or_lose(name: str, content: File[Any]) -> None:
        save(name, content)
        # A lost part would be noticed when the file is made of it.
        if not name.startswith("parts/") and marks.take(marks.FILE_MISSING):
            storage.delete_file(name)

    storage.save = save_or_lose
