"""Stores the threads of imported messages, which their participants follow and have read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chat.models import Message, Thread, ThreadFollower
from delivery.db.bulk import execute_batch, insert_statements

_THREADS = Thread._meta.db_table


class ThreadRow(Protocol):
    """The values of a new message that its thread depends on."""

    @property
    def channel_id(self) -> int: ...
    @property
    def seq(self) -> int: ...
    @property
    def sender_id(self) -> int: ...
    @property
    def thread(self) -> int | None: ...
    @property
    def position(self) -> int: ...
    @property
    def time(self) -> int: ...


def store_threads(rows: Sequence[ThreadRow]) -> None:
    """Count the answers among the messages in their threads. A follower who had read everything has read them too."""
    answers: dict[int, list[ThreadRow]] = {}
    for row in rows:
        if row.thread is not None:
            answers.setdefault(row.thread, []).append(row)
    if not answers:
        return
    for root, last_seq in Thread.objects.filter(pk__in=answers).values_list("pk", "last_seq"):
        readers = ThreadFollower.objects.filter(thread=root, read_seq__gte=last_seq)
        readers.update(read_seq=answers[root][-1].seq)
    senders = dict(Message.objects.filter(pk__in=answers).values_list("pk", "sender"))
    threads = [
        (root, found[-1].channel_id, len(found), found[-1].seq, found[-1].time, found[-1].position)
        for root, found in sorted(answers.items())
    ]
    followers = {
        (root, user): found[-1].seq
        for root, found in sorted(answers.items())
        for user in sorted({senders[root], *(answer.sender_id for answer in found)})
    }
    execute_batch(
        [
            *insert_statements(
                Thread,
                ("id", "channel", "count", "last_seq", "last_at", "position"),
                threads,
                f"ON CONFLICT (id) DO UPDATE SET count = {_THREADS}.count + excluded.count,"
                " last_seq = excluded.last_seq, position = excluded.position,"
                f" last_at = CASE WHEN {_THREADS}.last_at > excluded.last_at"
                f" THEN {_THREADS}.last_at ELSE excluded.last_at END",
            ),
            *insert_statements(
                ThreadFollower,
                ("thread", "user", "follows", "read_seq"),
                [(*key, True, seq) for key, seq in followers.items()],
                "ON CONFLICT (thread_id, user_id) DO NOTHING",
            ),
        ]
    )
