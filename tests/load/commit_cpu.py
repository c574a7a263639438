"""`python -m tests.load.commit_cpu` measures the CPU of storing a message, alone and in batches.

It uses a database of its own: SQLite unless DATABASE_URL names an empty PostgreSQL one. CPU of this process only.
"""

from __future__ import annotations

import os
import tempfile
import time
from itertools import count

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
BATCHES = (1, 10, 50, 200)
MESSAGES = 4000


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ["IM_DATA_DIR"] = directory
        measure()


def measure() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from accounts.actions import guest_create, user_register
    from accounts.models import App
    from chat.actions.channel import channel_create_private
    from chat.sending.drafts import Draft
    from chat.sending.writer import commit
    from tests.load.measurements import environment, table

    call_command("setup", verbosity=0)
    app = App.objects.get(number=101)
    senders = [guest_create(name=f"sender {index}").pk for index in range(50)]
    key = count()

    accounts = [user_register(username=f"sender{index}", password="a good password") for index in range(51)]
    private = [channel_create_private(creator=accounts[0], other=other)[0].pk for other in accounts[1:]]

    def drafts(number: int) -> list[Draft]:
        return [
            Draft(sender=senders[index % 50], channel=app.channel.pk, text="hello there", client_id=str(next(key)))
            for index in range(number)
        ]

    def private_drafts(number: int) -> list[Draft]:
        return [
            Draft(
                sender=accounts[1 + index % 50].pk,
                channel=private[index % 50],
                text="hello there",
                receipt_for=(accounts[1 + index % 50].pk,),
            )
            for index in range(number)
        ]

    commit(drafts(200))
    rows: dict[str, object] = dict(environment()) | {"database": connection.vendor}

    def run(name: str, batches: list[list[Draft]]) -> None:
        messages = sum(map(len, batches))
        cpu, wall = time.process_time(), time.perf_counter()
        for batch in batches:
            commit(batch)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        rows[name] = f"{cpu / messages * 1e6:.0f} µs CPU, {wall / messages * 1e6:.0f} µs wall per message"

    for size in BATCHES:
        run(f"batch of {size}", [drafts(size) for _ in range(max(1, min(MESSAGES, size * 500) // size))])
    run("1 to 50 in a batch, each to a private channel", [private_drafts(1 + 7 * turn % 50) for turn in range(150)])
    print(table(rows))


if __name__ == "__main__":
    main()
