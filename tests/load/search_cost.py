"""`python -m tests.load.search_cost [messages]` measures the cost of indexing and of finding messages.

It uses SQLite unless DATABASE_URL names an empty PostgreSQL database. CPU of this process; wall time for queries.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
MESSAGES = 50_000
TOGETHER = 200
ASKED = 20
_LATIN = [f"{first}{rest}" for first in ("ba", "co", "di", "fu", "le") for rest in ("ran", "sto", "mil", "ver", "dus")]
_CHINESE = "山水画家春风吹又生明月松间照清泉石上流白日依山尽黄河入海欲穷千里目更一层楼"


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ["IM_DATA_DIR"] = directory
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES)


def measure(messages: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from accounts.actions import user_register
    from chat.actions.channel import channel_create_group
    from chat.search.index import index_advance
    from chat.search.queries import message_search
    from chat.sending.drafts import Draft
    from chat.sending.writer import commit
    from tests.load.measurements import environment, table

    call_command("setup", verbosity=0)
    chance = random.Random(1)
    alice = user_register(username="alice", password="a good password")
    bob = user_register(username="bob", password="a good password")
    groups = [channel_create_group(creator=alice, name=f"Group {number}") for number in range(100)]
    seldom = channel_create_group(creator=bob, name="Seldom", members=["alice"])

    def text() -> str:
        said = " ".join(chance.choices(_LATIN, k=8))
        return said + "".join(chance.choices(_CHINESE, k=12))

    for start in range(0, messages, TOGETHER):
        commit(
            [
                Draft(sender=alice.pk, channel=chance.choice(groups).pk, text=f"{text()} n{start + index}")
                for index in range(min(TOGETHER, messages - start))
            ]
        )
    commit([Draft(sender=bob.pk, channel=seldom.pk, text="leran once")])
    rows: dict[str, object] = dict(environment()) | {"database": connection.vendor, "messages": messages}
    cpu, wall = time.process_time(), time.perf_counter()
    while index_advance():
        pass
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    rows["taking in"] = f"{cpu / messages * 1e6:.0f} µs CPU, {wall / messages * 1e6:.0f} µs wall per message"
    for what, user, question in (
        ("a word of a third of all, in 100 channels", alice, "leran"),
        ("two such words and two characters", alice, "leran costo 山水"),
        ("a word that stands once", alice, f"n{messages // 2}"),
        ("the beginning of a word", alice, "ler"),
        ("one character", alice, "月"),
        ("a word that others say all the time, in one channel", bob, "leran"),
        ("what nobody said", alice, "zebra"),
    ):
        taken = []
        for _ in range(ASKED):
            began = time.perf_counter()
            message_search(user, question, limit=50)
            taken.append(time.perf_counter() - began)
        taken.sort()
        rows[what] = f"{taken[len(taken) // 2] * 1e3:.1f} ms, the slowest {taken[-1] * 1e3:.1f} ms"
    print(table(rows))


if __name__ == "__main__":
    main()
