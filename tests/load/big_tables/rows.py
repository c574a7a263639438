"""Fills the tables of a site by SQL alone: users, channels, messages and what belongs to them.

Four channels have a tenth of the messages each, and the others share the rest very unevenly. The messages are spread
over two years. One in ten is an answer in a thread, one in ten is followed by a reaction or an edit, and one in ten by
an event for a single user. One in ten of the last month has a receipt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from tqdm import tqdm

USERS, CHANNELS, BUSY_CHANNELS = 10_000, 5_000, 4
"""Users; groups with few messages; groups with a tenth of the messages each."""
DAYS, RECEIPT_DAYS = 730, 30
ROWS_AT_ONCE = 100_000
_DAY_MS = 86_400_000
_VOCABULARY = 150_000
_WORDS_PER_MESSAGE = 8
_SEARCH_INDEX = "chat_search_words"


@dataclass(frozen=True)
class Size:
    """Numbers of messages, users and groups, and of the messages of one transaction."""

    messages: int
    users: int
    channels: int
    batch: int

    @classmethod
    def of(cls, messages: int, rows_per_partition: int) -> Size:
        """Return a size with fewer users and groups if there are less than a million messages."""
        share = min(1.0, messages / 1_000_000)
        users, channels = max(400, int(USERS * share)), max(100, int(CHANNELS * share))
        return cls(messages, users, channels, min(ROWS_AT_ONCE, rows_per_partition // 3))


def word(rank: int) -> str:
    """Return the word with this place in the order of frequency. It stands in about 0.67 / rank of the messages."""
    return "w" + f"{rank:x}".translate(str.maketrans("0123456789", "ghijklmnop"))


_WORD = f"'w' || translate(to_hex(floor(exp(random() * ln({_VOCABULARY})))::int), '0123456789', 'ghijklmnop')"
_USERS = """
INSERT INTO accounts_user (password, is_superuser, username, username_key, nickname, nickname_key, nickname_pinyin,
  nickname_initials, avatar, status_text, language, time_zone, shares_read, shares_presence, previews_private_links,
  kind, is_active, is_staff, date_joined, sign_in_epoch, is_restricted)
SELECT '!', false, 'filled' || n, 'filled' || n, 'Filled ' || n, 'filled ' || n, '', '', '', '', '', '', true, true,
  false, 'person', true, false, now(), 0, false
FROM generate_series(1, {users}) n
"""
_CHANNELS = """
INSERT INTO chat_channel (kind, name, "join", listed, last_seq, purged_seq, active_at, closed, history,
  announcements_only, slow_mode)
SELECT 'public', 'Group ' || n, 'closed', false, 0, 0, 0, false, 'all', false, 0
FROM generate_series(1, {channels} + {busy}) n
"""
_MEMBERSHIPS = """
INSERT INTO chat_membership (channel_id, user_id, role, from_position, from_seq)
SELECT channel, (SELECT min(id) FROM filled_users) + (channel * 31 + n * 7) % {users}, 'member', 0, 1
FROM filled_channels, generate_series(1, CASE WHEN place <= {busy} THEN {users} / 4 ELSE 4 + place % 9 END) n
ON CONFLICT DO NOTHING
"""
_MEMBERS = """
CREATE TEMPORARY TABLE filled_members AS
SELECT channel_id AS channel, array_agg(user_id) AS members FROM chat_membership GROUP BY 1
"""
_STAGED = f"""
CREATE TEMPORARY TABLE staged ON COMMIT DROP AS
WITH drawn AS MATERIALIZED (
  SELECT n, text, CASE WHEN share < 0.4 THEN floor(share * 10)::int + 1
    ELSE {{busy}} + 1 + floor({{channels}} * power(random(), 3))::int END AS place
  FROM (SELECT n, random() AS share, concat_ws(' ', {", ".join([_WORD] * _WORDS_PER_MESSAGE)}) AS text
        FROM generate_series({{first}}, {{last}}) n) AS d
)
SELECT n, {{keys}} + n AS id, f.channel, c.last_seq + row_number() OVER same AS seq, text,
  members[1 + floor(random() * cardinality(members))::int] AS sender,
  {{events}} + n + (n + 5) / 10 + n / 10 AS position, {{start}} + n * {{span}} / {{messages}} AS time,
  CASE WHEN n % 10 = 9 THEN lag(n, 2) OVER same END AS root
FROM drawn JOIN filled_channels f USING (place) JOIN chat_channel c ON c.id = f.channel
  JOIN filled_members m ON m.channel = f.channel
WINDOW same AS (PARTITION BY f.channel ORDER BY n)
"""
_FILL = (
    _STAGED,
    "UPDATE staged SET root = CASE WHEN root % 10 <> 9 THEN {keys} + root END WHERE root IS NOT NULL",
    "INSERT INTO chat_messagekey (id, sender_id, client_id, channel_id, seq)"
    " SELECT id, sender, 'filled ' || id, channel, seq FROM staged ORDER BY n",
    "INSERT INTO chat_message (id, channel_id, seq, sender_id, type, text, shown_as, position, time, thread, edited_at)"
    " SELECT id, channel, seq, sender, 'text', text, '', position, time, root,"
    " CASE WHEN n % 50 = 4 THEN time + 1 END FROM staged ORDER BY n",
    "INSERT INTO delivery_event (position, kind, channel, ref, origin, header, body, time)"
    " SELECT position, 'msg', channel, id, '', '', json_build_object('target', channel::text, 'type', 'text',"
    " 'id', id::text, 'fromId', sender::text, 'seq', seq, 'msg', text, 'time', time), time FROM staged"
    " UNION ALL SELECT position + 1, CASE WHEN n % 50 = 4 THEN 'message.edited' ELSE 'message.reacted' END, channel,"
    " id, '', '', '{{}}', time + 1 FROM staged WHERE n % 10 = 4"
    " UNION ALL SELECT position + 1, 'read.mark', NULL, NULL, '', '', '{{}}', time + 1 FROM staged WHERE n % 10 = 9"
    " ORDER BY 1",
    "INSERT INTO delivery_eventrecipient (user_id, position)"
    " SELECT sender, position + 1 FROM staged WHERE n % 10 = 9 ORDER BY n",
    "INSERT INTO delivery_receipt (position, user_id, connections, first_at)"
    " SELECT position, 0, 1, time FROM staged WHERE n % 10 = 0"
    " AND time > {start} + {span} - {receipts} ORDER BY n",
    "INSERT INTO chat_thread (id, channel_id, count, last_seq, last_at, position)"
    " SELECT DISTINCT ON (root) root, channel, 1, seq, time, position FROM staged WHERE root IS NOT NULL"
    " ON CONFLICT DO NOTHING",
    "INSERT INTO chat_threadfollower (thread_id, user_id, follows, read_seq)"
    " SELECT root, sender, true, 0 FROM staged WHERE root IS NOT NULL ON CONFLICT DO NOTHING",
    "INSERT INTO chat_reaction (message_id, emoji, count, position)"
    " SELECT id, '👍', 1, position + 1 FROM staged WHERE n % 10 = 4 AND n % 50 <> 4",
    "INSERT INTO chat_messagemention (message_id, user_id, channel_id, seq, is_silent)"
    " SELECT id, CASE WHEN n % 500 = 3 THEN NULL ELSE members[1 + n % cardinality(members)] END, channel, seq, false"
    " FROM staged JOIN filled_members USING (channel) WHERE n % 50 = 3",
    "INSERT INTO chat_search (id, words) SELECT id, ('''#' || channel || ''' ''#u' || sender || '''')::tsvector"
    " || to_tsvector('simple', text) FROM staged ORDER BY n",
    "UPDATE chat_channel c SET last_seq = s.seq, active_at = s.time FROM (SELECT channel, max(seq) AS seq,"
    " max(time) AS time FROM staged GROUP BY 1) s WHERE s.channel = c.id",
)
_READ_MARKS = """
INSERT INTO chat_readmark (channel_id, user_id, seq)
SELECT channel_id, user_id, greatest(0, last_seq - 40) FROM chat_membership JOIN chat_channel c ON c.id = channel_id
"""
_SAVED = """
INSERT INTO chat_savedmessage (user_id, message_id, saved_at)
SELECT user_id, m.id, m.time FROM chat_membership JOIN LATERAL (
  SELECT id, time FROM chat_message WHERE chat_message.channel_id = chat_membership.channel_id ORDER BY seq LIMIT 5
) m ON true WHERE user_id % 100 = 1
"""


def fill(size: Size, make_partitions: Callable[[], None]) -> None:
    """Store everything. `make_partitions` is called before each batch, as the periodic task of a node would be."""
    now = time.time_ns() // 1_000_000
    values = {
        "users": size.users,
        "channels": size.channels,
        "messages": size.messages,
        "busy": BUSY_CHANNELS,
        "start": now - DAYS * _DAY_MS,
        "span": DAYS * _DAY_MS,
        "receipts": RECEIPT_DAYS * _DAY_MS,
        "keys": _number("SELECT coalesce(max(id), 0) + 1 FROM chat_messagekey"),
        "events": _number("SELECT coalesce(max(position), 0) + 1 FROM delivery_event"),
    }
    users, channels = _greatest("accounts_user"), _greatest("chat_channel")
    # Foreign keys are not checked, and the index of the search is built at the end.
    _execute("SET session_replication_role = replica", "SELECT setseed(0.5)", f"DROP INDEX {_SEARCH_INDEX}")
    _execute(_USERS.format(**values), _CHANNELS.format(**values))
    _execute(
        f"CREATE TEMPORARY TABLE filled_users AS SELECT id FROM accounts_user WHERE id > {users}",
        "CREATE TEMPORARY TABLE filled_channels AS SELECT id AS channel, row_number() OVER (ORDER BY id)::int AS place"
        f" FROM chat_channel WHERE id > {channels}",
        _MEMBERSHIPS.format(**values),
        _MEMBERS,
        "ANALYZE filled_channels, filled_members",
    )
    for first, last in _batches(size):
        make_partitions()
        with transaction.atomic():
            _execute(*(statement.format(first=first, last=last, **values) for statement in _FILL))
    last_position = _number("SELECT max(position) FROM delivery_event")
    _execute(
        _READ_MARKS,
        _SAVED,
        f"INSERT INTO delivery_loghead (id, position) VALUES (1, {last_position})"
        " ON CONFLICT (id) DO UPDATE SET position = excluded.position",
        f"INSERT INTO chat_searchcursor (id, position) VALUES (1, {last_position})"
        " ON CONFLICT (id) DO UPDATE SET position = excluded.position",
        "SELECT setval(pg_get_serial_sequence('chat_messagekey', 'id'), (SELECT max(id) FROM chat_messagekey))",
        f"CREATE INDEX {_SEARCH_INDEX} ON chat_search USING gin (words)",
        "SET session_replication_role = origin",
        "VACUUM ANALYZE",
    )
    make_partitions()


def _batches(size: Size) -> Iterator[tuple[int, int]]:
    with tqdm(total=size.messages, unit="", disable=None) as progress:
        for first in range(0, size.messages, size.batch):
            last = min(size.messages, first + size.batch) - 1
            yield first, last
            progress.update(last - first + 1)


def _greatest(table: str) -> int:
    return _number(f"SELECT coalesce(max(id), 0) FROM {table}")


def _number(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        ((value,),) = cursor.fetchall()
    return int(value)


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
