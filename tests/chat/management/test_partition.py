"""`manage.py partition` converts the tables of a running site, can be interrupted, and refuses SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import Settings
from django.core.management import call_command
from django.core.management.base import CommandError

from delivery.db.partitioning.short_lock import LockUnavailableError
from tests.load.partition_conversion import measure
from tests.support import postgres, templates
from tests.support.site import Site

_FIRST_STEPS = """
from chat.models.partitions import LARGE_TABLES
from delivery.db.partitioning.conversion import steps
for _, run in list(steps(LARGE_TABLES[0], 10))[:3]:
    run()
"""
_MAINTAIN = """
from chat.models.partitions import LARGE_TABLES
from delivery.db.partitioning.upkeep import maintain
for table in LARGE_TABLES:
    maintain(table)
"""
_CONVERTING = "SELECT pg_advisory_lock(7251940613)"
_SEND = """
from accounts.models import User
from chat.models import Channel, Message, Pin, ReadMark
from chat.models.partitions import LARGE_TABLES
from delivery.db.partitioning.catalog import partitions
from delivery.db.partitioning.upkeep import maintain
from tests.support.in_process import create_global_channel, create_users, say
(alice,) = create_users("alice")
here = create_global_channel()
def ranges():
    print([partition.name for partition in partitions(LARGE_TABLES[0])])
    for table in LARGE_TABLES:
        maintain(table)
for number in range(45):
    say(alice, here, str(number))
ranges()
ranges()
pinned = Message.objects.order_by("pk").last()
Pin.objects.create(channel=here, message=pinned, pinned_by=alice, pinned_at=1)
Message.objects.filter(pk__lt=40).delete()
ranges()
ranges()
print(list(Message.objects.filter(channel=here).order_by("seq").values_list("seq", flat=True)) == list(range(40, 46)))
"""
_LATE = """
from django.db import connection
from accounts.models import User
from chat.models.partitions import LARGE_TABLES
from delivery.db.partitioning import upkeep
from delivery.db.partitioning.catalog import constraints, partitions
from delivery.db.partitioning.short_lock import LockUnavailableError
from tests.support.in_process import create_global_channel, create_users, say
(alice,) = create_users("alice")
here = create_global_channel()
for number in range(45):
    say(alice, here, str(number))
with connection.cursor() as cursor:
    cursor.execute("ALTER TABLE chat_message_20 SET (autovacuum_vacuum_insert_threshold = 7)")
    cursor.execute("SET client_min_messages = debug1")
notices, tried, make = [], [], upkeep._make
connection.connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
def make_at_second_attempt(table, low, size, retries):
    tried.append(low)
    if len(tried) == 1:
        raise LockUnavailableError
    make(table, low, size, retries)
upkeep._make = make_at_second_attempt
for table in LARGE_TABLES:
    upkeep.maintain(table)
print(tried[:2], [name for name, *_ in constraints("chat_message_default", "c")])
print(any("default partition" in notice and "is implied by existing" in notice for notice in notices))
for number in range(20):
    say(alice, here, str(number))
with connection.cursor() as cursor:
    cursor.execute("SELECT tableoid::regclass::text, count(*) FROM chat_message GROUP BY 1 ORDER BY min(id)")
    print(cursor.fetchall())
    cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'chat_message_60'")
    print(cursor.fetchall())
    # As a node leaves it that is killed at that moment.
    cursor.execute("ALTER TABLE chat_message_default ADD CONSTRAINT chat_message_default_bound CHECK (id < 70)")
upkeep.maintain(LARGE_TABLES[0])
print([partition.name for partition in partitions(LARGE_TABLES[2])], constraints("chat_message_default", "c"))
"""


@pytest.fixture
def plain_site(tmp_path: Path, worker_id: str) -> Iterator[tuple[Site, str]]:
    """Return a site that is not started, with a database of its own, and the URL of that."""
    template = templates.migrated("postgres")
    assert isinstance(template, str)
    with postgres.database(f"partition_{worker_id}", template=template) as url:
        yield Site(tmp_path, database_url=url), url


@pytest.mark.sqlite
def test_sqlite_has_no_partitions() -> None:
    with pytest.raises(CommandError, match="SQLite"):
        call_command("partition")


@pytest.mark.postgres
def test_it_does_not_run_through_a_pooler(settings: Settings) -> None:
    settings.IM_PGBOUNCER = True
    with pytest.raises(CommandError, match="IM_PGBOUNCER=False"):
        call_command("partition")


@pytest.mark.postgres
@pytest.mark.django_db
def test_an_abort_says_that_the_tables_are_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(*_: object) -> None:
        raise LockUnavailableError("The tables stay locked.")

    monkeypatch.setattr("delivery.db.partitioning.short_lock.run", give_up)
    with pytest.raises(CommandError, match="stay locked"):
        call_command("partition", "--abort")


@pytest.mark.postgres
@pytest.mark.each_database
def test_an_interrupted_conversion_goes_on_or_is_aborted(plain_site: tuple[Site, str]) -> None:
    site, _ = plain_site
    every_step = site.manage("partition", "--dry-run")
    site.manage("shell", "--no-imports", "-c", _FIRST_STEPS)
    left = site.manage("partition", "--dry-run")
    assert "Validate chat_message_bound" in every_step
    assert "chat_message_bound" not in left
    assert "Make chat_message the first partition" in left
    site.manage("partition", "--abort")
    assert site.manage("partition", "--dry-run") == every_step
    site.manage("partition")
    assert "Make" not in site.manage("partition", "--dry-run")


@pytest.mark.postgres
@pytest.mark.each_database
def test_the_nodes_end_an_abandoned_conversion_and_no_running_one(plain_site: tuple[Site, str]) -> None:
    site, url = plain_site
    site.manage("shell", "--no-imports", "-c", _FIRST_STEPS)
    with psycopg.connect(url, autocommit=True) as converting:
        converting.execute(_CONVERTING)
        with pytest.raises(RuntimeError, match="Another run of this command is at work"):
            site.manage("partition")
        site.manage("shell", "--no-imports", "-c", _MAINTAIN)
        assert "chat_message_bound" not in site.manage("partition", "--dry-run")
    site.manage("shell", "--no-imports", "-c", _MAINTAIN)
    assert "Add the check constraint chat_message_bound" in site.manage("partition", "--dry-run")
    site.manage("partition")
    assert "Make" not in site.manage("partition", "--dry-run")


@pytest.mark.postgres
@pytest.mark.each_database
def test_partitions_are_made_ahead_and_dropped_when_empty(plain_site: tuple[Site, str]) -> None:
    site, url = plain_site
    site.manage("partition", "--rows", "10")
    late, ahead, full, kept, complete = site.manage("shell", "--no-imports", "-c", _SEND).strip().splitlines()[-5:]
    # No message was lost although the periodic task came late.
    assert late == "['chat_message_first', 'chat_message_20', 'chat_message_default']"
    assert ahead == full == "['chat_message_first', 'chat_message_20', 'chat_message_50', 'chat_message_default']"
    assert kept == "['chat_message_50', 'chat_message_default']"
    assert complete == "True"
    with psycopg.connect(url, autocommit=True) as database, pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.execute("UPDATE chat_pin SET message_id = 7")


@pytest.mark.postgres
@pytest.mark.each_database
def test_many_rows_in_the_default_partition_do_not_keep_the_next_one_from_being_made(
    plain_site: tuple[Site, str],
) -> None:
    site, _ = plain_site
    site.manage("partition", "--rows", "10")
    printed = site.manage("shell", "--no-imports", "-c", _LATE).strip().splitlines()[-5:]
    attempts, is_spared, messages, parameters, receipts = printed
    # The second attempt leaves a whole partition for rows that come while the default one is searched.
    assert attempts == "[50, 60] []"
    assert is_spared == "True"
    first, second, late, next_one = "chat_message_first", "chat_message_20", "chat_message_default", "chat_message_60"
    assert messages == f"[('{first}', 19), ('{second}', 10), ('{late}', 30), ('{next_one}', 6)]"
    assert parameters == "[(['autovacuum_vacuum_insert_threshold=7'],)]"
    # There are no receipts yet, but the positions of the next ones are known.
    assert receipts.startswith("['delivery_receipt_first', 'delivery_receipt_20', 'delivery_receipt_")
    # The constraint that would soon have refused messages is gone.
    assert receipts.endswith("0', 'delivery_receipt_default'] []")


@pytest.mark.postgres
@pytest.mark.each_database
def test_another_size_holds_from_the_next_partition_on(plain_site: tuple[Site, str]) -> None:
    site, url = plain_site
    site.manage("partition", "--rows", "10")
    assert "Give the next" not in site.manage("partition", "--dry-run")
    assert "Give the next partition of chat_message 5 rows" in site.manage("partition", "--rows", "5", "--dry-run")
    site.manage("partition", "--rows", "5")
    assert "Give the next" not in site.manage("partition", "--rows", "5", "--dry-run")
    with psycopg.connect(url) as database:
        bounds = database.execute(
            "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname LIKE 'chat_message_%' AND relispartition"
            " AND relkind = 'r' ORDER BY oid"
        ).fetchall()
    assert [bound for (bound,) in bounds][1::2] == [
        "FOR VALUES FROM ('20') TO ('30')",
        "FOR VALUES FROM ('30') TO ('35')",
    ]


@pytest.mark.postgres
@pytest.mark.each_database
@pytest.mark.slow
def test_messages_sent_during_the_conversion_are_stored_once() -> None:
    _, faults, _ = measure(2_000, 50, 1_000_000)
    # The time of a send depends on the machine here; the measurement with millions of messages bounds it.
    assert [fault for fault in faults if not fault.startswith("a send took")] == []
