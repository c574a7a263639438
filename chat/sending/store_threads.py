"""Store what the new messages of a batch change in threads: counts, and who follows and has read them."""

from __future__ import annotations

from collections.abc import Sequence

from chat.models import Thread, ThreadFollower
from chat.sending.decide import NewMessage
from delivery.db.bulk import Statement, insert_statements

_FOLLOWERS = ThreadFollower._meta.db_table


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
    answer on, and a user whom an answer mentions from that answer on.
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
        *insert_statements(
            ThreadFollower,
            ("thread", "user", "follows", "read_seq"),
            [(*key, True, seq - 1) for key, seq in sorted(_first_mentions(answers).items())],
            "ON CONFLICT (thread_id, user_id) DO UPDATE SET follows = excluded.follows, read_seq ="
            f" CASE WHEN {_FOLLOWERS}.follows THEN {_FOLLOWERS}.read_seq ELSE excluded.read_seq END",
        ),
    ]


def _first_mentions(answers: Sequence[NewMessage]) -> dict[tuple[int, int], int]:
    """Return the number of the first answer that mentions a user, by thread and user. Silent mentions do not count."""
    first: dict[tuple[int, int], int] = {}
    for answer in answers:
        found = answer.mentioned
        for user in found.users if found is not None else ():
            if user is not None and found is not None and user not in found.silent:
                first.setdefault((answer.thread or 0, user), answer.seq)
    return first
