"""`python -m tests.load.storage_costs` measures what a message and an online user take: disk, network and memory.

Messages of 100 characters, each to one other user, are stored in a private PostgreSQL and indexed for the search.
Users come online in a private Redis. `imsite/sizing/costs.py` has the figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path

import redis.asyncio

from tests.load import measurements
from tests.support import postgres
from tests.support.redis import RedisServer
from tests.support.site import Site

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
MESSAGES = 20_000
BATCH = 50
USERS = 10_000
_WORDS = "tea coffee paper ink river mountain early late please thanks tomorrow again never perhaps".split()


def main() -> None:
    print(measurements.table(measurements.environment()), end="\n\n")
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-load-")))
        url = stack.enter_context(postgres.database("storage"))
        Site(data, database_url=url).manage("setup")
        os.environ.update(DATABASE_URL=url, IM_DATA_DIR=str(data))
        print(measurements.table(measure_messages()))
        server = stack.enter_context(RedisServer(data / "redis"))
        print(measurements.table(asyncio.run(measure_presence(server.url))))


def measure_messages() -> dict[str, object]:
    """Return the bytes of a message in the database and on the wire."""
    import django

    django.setup()
    from django.db import connection

    from accounts.actions import user_register
    from chat.actions.channel import channel_create_private
    from chat.encoders import json_push, protobuf_push
    from chat.search.index import index_advance
    from chat.sending.drafts import Draft
    from chat.sending.writer import commit
    from delivery import log
    from delivery.cluster.entry_codec import encode_entry

    users = [user_register(username=f"user{number}", password="a good password") for number in range(11)]
    channels = [channel_create_private(creator=users[0], other=other)[0].pk for other in users[1:]]

    def sizes() -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'")
            return dict(cursor.fetchall())

    before = sizes()
    for turn in range(MESSAGES // BATCH):
        drafts = []
        for number in range(BATCH):
            text = " ".join(_WORDS[(turn * 7 + number * (step + 3)) % len(_WORDS)] for step in range(20))[:100]
            drafts.append(Draft(sender=users[1 + number % 10].pk, channel=channels[number % 10], text=text))
        commit(drafts)
    while index_advance():
        pass
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    grown = {name: (size - before.get(name, 0)) / MESSAGES for name, size in sizes().items()}
    entry = next(entry for entry in log.read(log.head() - 1, 1))
    push, protobuf = json_push(entry), protobuf_push(entry)
    assert push is not None and protobuf is not None
    rows: dict[str, object] = {
        f"bytes in {name}": f"{size:.0f}" for name, size in sorted(grown.items(), key=lambda item: -item[1]) if size > 4
    }
    return rows | {
        "bytes in the database": f"{sum(grown.values()):.0f}",
        "bytes of a push": f"JSON {len(push.encode())}, protobuf {len(protobuf)}",
        "bytes of an announcement": len(encode_entry(entry)),
    }


async def measure_presence(url: str) -> dict[str, object]:
    """Return Redis's memory for each online user."""
    from tests.support.cluster_members import ClusterNode, wait_until_agreed

    node, client = ClusterNode(url, "node"), redis.asyncio.Redis.from_url(url)

    async def used_memory() -> int:
        return int((await client.info("memory"))["used_memory"])

    await node.start()
    try:
        before = await used_memory()
        node.connect(*range(1, USERS + 1))

        async def is_written() -> bool:
            return await node.presence.count_online(101) == USERS

        await wait_until_agreed(is_written)
        return {"bytes in Redis per online user": f"{(await used_memory() - before) / USERS:.0f}"}
    finally:
        await node.stop()
        await client.aclose()


if __name__ == "__main__":
    main()
