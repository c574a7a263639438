"""`python -m tests.load.partition_conversion` partitions 5,000,000 messages while a site sends 50 messages a second.

It uses a private PostgreSQL, or the server that TEST_POSTGRES_URL names. All sends are calls of the REST API. Exits
with 1 if a send was refused, took a second or longer during the conversion, or is not stored exactly once in the order
of its channel. It ends with the longest send during each step, and the costs of reads by the number of partitions.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from tests.load import measurements
from tests.load.partition_plans import explain
from tests.load.rest_throughput import Line
from tests.support import postgres
from tests.support.rest import Service
from tests.support.shared_site import SharedSite
from tests.support.site import Site

OPTIONS = {
    "IM_API_RATE": "100000",
    "IM_API_BURST": "1000000",
    "IM_API_MESSAGE_RATE": "1000000",
    # Indexing of the filled rows would take the machine for minutes.
    "IM_SEARCH_INTERVAL": "86400",
}
LONGEST_SECONDS = 1.0
SENDERS = 8
ROWS_AT_ONCE = 250_000
_FILL = (
    "INSERT INTO chat_messagekey (id, sender_id, client_id, channel_id, seq) SELECT %(keys)s + n, %(sender)s,"
    " 'filled ' || n, (%(channels)s::bigint[])[1 + n %% %(count)s], 1 + n / %(count)s FROM generate_series({span}) n",
    "INSERT INTO chat_message (id, channel_id, seq, sender_id, type, text, shown_as, position, time) SELECT"
    " %(keys)s + n, (%(channels)s::bigint[])[1 + n %% %(count)s], 1 + n / %(count)s, %(sender)s, 'text', 'Message ' ||"
    " n || repeat(' of many words', 6), '', %(events)s + n, 1700000000000 + n FROM generate_series({span}) n",
    "INSERT INTO delivery_event (position, kind, channel, ref, origin, header, body, time) SELECT %(events)s + n,"
    " 'msg', (%(channels)s::bigint[])[1 + n %% %(count)s], %(keys)s + n, '', '', '{{\"text\": \"Message ' || n ||"
    " repeat(' of many words', 12) || '\"}}', 1700000000000 + n FROM generate_series({span}) n",
    "INSERT INTO delivery_receipt (position, user_id, connections, first_at) SELECT %(events)s + n, 0, 1,"
    " 1700000000000 + n FROM generate_series({span}) n WHERE n %% 10 = 0",
)
_GROUPS = """
from accounts.models import User
from chat.actions.channel import channel_create_group
user = User.objects.get(username={name!r})
print([channel_create_group(creator=user, name=f"Group {{number}}").pk for number in range({count})], user.pk)
"""


@dataclass
class Sends:
    """Acknowledged sends, id by text, with the start and the seconds of each, and the refusals."""

    stored: dict[str, int] = field(default_factory=dict)
    times: list[tuple[float, float]] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)

    def seconds(self, first: float, last: float) -> list[float]:
        """Return the seconds of the sends that were under way between two times, in ascending order."""
        return sorted(taken for start, taken in list(self.times) if start <= last and start + taken >= first)


def fill(url: str, channels: list[int], sender: int, messages: int) -> None:
    """Store messages with their keys and events, and receipts for a tenth, by SQL alone."""
    with psycopg.connect(url, autocommit=True) as database:

        def number(sql: str) -> int:
            row = database.execute(sql).fetchone()
            return int(row[0]) if row else 0

        values: dict[str, Any] = {
            "keys": number("SELECT coalesce(max(id), 0) + 1 FROM chat_messagekey"),
            "events": number("SELECT coalesce(max(position), 0) + 1 FROM delivery_event"),
            "sender": sender,
            "channels": channels,
            "count": len(channels),
        }
        for start in range(0, messages, ROWS_AT_ONCE):
            span = f"{start}, {min(messages, start + ROWS_AT_ONCE) - 1}"
            for statement in _FILL:
                database.execute(statement.format(span=span), values)
        last = values["events"] + messages
        database.execute("UPDATE delivery_loghead SET position = %s", (last,))
        database.execute(
            "UPDATE chat_channel c SET last_seq = s.seq FROM (SELECT channel_id, max(seq) AS seq FROM chat_messagekey"
            " GROUP BY 1) s WHERE s.channel_id = c.id"
        )
        database.execute(
            "SELECT setval(pg_get_serial_sequence('chat_messagekey', 'id'), %s)", (values["keys"] + messages,)
        )
        database.execute("VACUUM ANALYZE")


def send(site: Site, shop: Service, names: list[str], rate: float, sends: Sends, done: threading.Event) -> None:
    """Send at a steady rate on several connections until `done` is set."""
    lock = threading.Lock()

    def one_sender(offset: int) -> None:
        line = Line(site, shop)
        due, number = time.monotonic() + offset / rate, 0
        # Not shorter than the pause: a sender that was kept waiting catches up.
        while not done.wait(max(0.0, due - time.monotonic())):
            text = f"While it is partitioned: {offset} {number}"
            body = {"to": {"user": names[(offset + number) % len(names)]}, "msg": text}
            start = time.time()
            status, answer, seconds = line.post("messages/", body)
            with lock:
                sends.times.append((start, seconds))
                if status == 201:
                    sends.stored[text] = sends.stored.get(text, 0) + 1
                else:
                    sends.refused.append(answer)
            due, number = due + SENDERS / rate, number + 1

    with ThreadPoolExecutor(SENDERS) as pool:
        for sender in [pool.submit(one_sender, offset) for offset in range(SENDERS)]:
            sender.result()


def faults_of(url: str, sends: Sends, shop: Service, filled: int) -> list[str]:
    """Return the differences between what was acknowledged and what the tables hold."""
    found = [f"refused: {answer}" for answer in sends.refused[:5]]
    with psycopg.connect(url) as database:
        texts = database.execute(
            "SELECT m.text FROM chat_message m JOIN accounts_user u ON u.id = m.sender_id WHERE u.username = %s",
            (shop.name,),
        ).fetchall()
        if sorted(text for (text,) in texts) != sorted(sends.stored):
            found.append(f"{len(sends.stored)} messages were acknowledged, {len(texts)} are stored")
        for what, sql in (
            ("messages", "SELECT count(*) FROM chat_message"),
            ("message events", "SELECT count(*) FROM delivery_event e JOIN chat_message m ON m.position = e.position"),
            ("keys", "SELECT count(*) FROM chat_messagekey"),
        ):
            count = database.execute(sql).fetchone()
            if count is None or count[0] != filled + len(sends.stored):
                found.append(f"{count} {what} instead of {filled + len(sends.stored)}")
        gaps = database.execute(
            "SELECT channel_id FROM chat_message GROUP BY 1"
            " HAVING count(*) <> max(seq) OR count(DISTINCT seq) <> max(seq)"
        ).fetchall()
        found += [f"the numbers of channel {channel} have gaps or repeat" for (channel,) in gaps]
    return found


def measure(messages: int, rate: float, rows: int) -> tuple[dict[str, object], list[str], list[str]]:
    """Return figures, faults, and the plans as lines."""
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imsite-partition-")))
        url = stack.enter_context(postgres.database("partition"))
        site = Site(data, database_url=url, options=OPTIONS)
        site.manage("setup")
        stack.enter_context(site)
        shared_site = stack.enter_context(contextlib.closing(SharedSite(site, {"person": 20})))
        names = [shared_site.account("person").name for _ in range(20)]
        printed = shared_site.shell(_GROUPS.format(name=names[0], count=100)).strip().splitlines()[-1]
        channels, sender = printed.rsplit(" ", 1)
        site.stop()
        fill(url, [int(pk) for pk in channels.strip("[]").split(",")], int(sender), messages)
        site.start()
        shop = Service.make(shared_site, "use_gateway")
        sends, done = Sends(), threading.Event()
        with ThreadPoolExecutor(1) as beside:
            sending = beside.submit(send, site, shop, names, rate, sends, done)
            try:
                _wait_for(sends, round(rate * 5))
                began = time.time()
                printed = site.manage("partition", "--rows", str(rows), "--verbosity", "2")
                ended = time.time()
                _wait_for(sends, len(sends.times) + round(rate * 5))
            finally:
                done.set()
            sending.result()
        faults = faults_of(url, sends, shop, messages)
        before, during = sends.seconds(0, began), sends.seconds(began, ended)
        if during[-1] >= LONGEST_SECONDS:
            faults.append(f"a send took {during[-1]:.2f} s")
        figures: dict[str, object] = {
            "messages before": f"{messages:,}",
            "conversion": f"{ended - began:.1f} s",
            "sends acknowledged, refused": f"{len(sends.stored):,}, {len(sends.refused)}",
            "send before, ms p50 / p99": _percentiles(before),
            "send during, ms p50 / p99": _percentiles(during),
            "longest send before, during": f"{before[-1] * 1000:.0f}, {during[-1] * 1000:.0f} ms",
        }
        return figures | _steps(printed, sends), faults, explain(url)


def _steps(printed: str, sends: Sends) -> dict[str, object]:
    """Return the time of each step that `partition --verbosity 2` printed, and the longest send meanwhile."""
    found: dict[str, object] = {}
    for line in printed.splitlines():
        if step := re.fullmatch(r"(\S+) ([\d.]+) s  (.+)", line):
            began, took = datetime.fromisoformat(step[1]).timestamp(), float(step[2])
            longest = max(sends.seconds(began, began + took), default=0.0)
            found[f"- {step[3]}"] = f"{took:.2f} s, longest send {longest * 1000:.0f} ms"
    return found


def _percentiles(seconds: list[float]) -> str:
    return " / ".join(f"{measurements.percentile(seconds, share) * 1000:.0f}" for share in (0.5, 0.99))


def _wait_for(sends: Sends, count: int) -> None:
    while len(sends.times) < count:
        time.sleep(0.01)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=5_000_000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--rows", type=int, default=20_000_000)
    options = parser.parse_args()
    environment = measurements.environment()
    print(f"{environment['date']}; {environment['machine']}; {environment['versions']}\n")
    figures, faults, plans = measure(options.messages, options.rate, options.rows)
    print(measurements.table(figures))
    print("\n".join(plans))
    for fault in faults:
        print(f"FAILED: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
