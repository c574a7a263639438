"""Store what the new messages of a batch change in threads: counts, and who follows and has read them."""

from __future__ import annotations

from collections.abc import Sequence

from chat.models import Thread, ThreadFollower
from chat.sending.decide import NewMessage
from delivery.db.bulk import Statement, insert_statements


def thread_statements(new: Sequence[NewMessage]) -> list[Statement]:
    """Return the statements that update the threads, once the messages' positions are set.

    They wait for no lock, because the channels' locks protect their threads.
    """
    last = {message.thread: message for message in new if message.thread is not None}
    return insert_statements(
        Thread,
        ("id", "channel", "count", "last_seq", "last_at", "position"),
        [
            (pk, answer.channel_id, answer.thread_count, answer.seq, answer.time, answer.position)
            for pk, answer in sorted(last.items())
        ],
        "ON CONFLICT (id) DO UPDATE SET count = excluded.count, last_seq = excluded.last_seq,"
        " last_at = excluded.last_at, position = excluded.position",
    )


def follower_statements(new: Sequence[NewMessage]) -> list[Statement]:
    """Return the statements that make users follow the threads. They may wait for the locks of followers' rows.

    The senders of answers have read up to their own. The sender of a first message follows its thread from its first
    answer on.
    """
    answers = [message for message in new if message.thread is not None]
    read = {(answer.thread or 0, answer.sender_id): answer.seq for answer in answers}
    started = {(answer.thread or 0, answer.root_sender) for answer in answers if answer.thread_count == 1}
    return [
        *insert_statements(
            ThreadFollower,
            ("thread", "user", "follows", "read_seq"),
            [(*key, True, seq) for key, seq in sorted(read.items())],
            "ON CONFLICT (thread_id, user_id) DO UPDATE SET follows = excluded.follows, read_seq = excluded.read_seq",
        ),
        *insert_statements(
            ThreadFollower,
            ("thread", "user", "follows", "read_seq"),
            [(*key, True, 0) for key in sorted(started - read.keys())],
            "ON CONFLICT (thread_id, user_id) DO NOTHING",
        ),
    ]
