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

    from accounts.actions import guest_create
    from accounts.models import App
    from chat.sending.drafts import Draft
    from chat.sending.writer import commit
    from tests.load.measurements import environment, table

    call_command("setup", verbosity=0)
    app = App.objects.get(number=101)
    senders = [guest_create(name=f"sender {index}").pk for index in range(50)]
    key = count()

    def drafts(number: int) -> list[Draft]:
        return [
            Draft(sender=senders[index % 50], channel=app.channel.pk, text="hello there", client_id=str(next(key)))
            for index in range(number)
        ]

    commit(drafts(200))
    rows: dict[str, object] = dict(environment()) | {"database": connection.vendor}
    for size in BATCHES:
        rounds = max(1, min(MESSAGES, size * 500) // size)
        batches = [drafts(size) for _ in range(rounds)]
        cpu, wall = time.process_time(), time.perf_counter()
        for batch in batches:
            commit(batch)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        messages = size * rounds
        rows[f"batch of {size}"] = f"{cpu / messages * 1e6:.0f} µs CPU, {wall / messages * 1e6:.0f} µs wall per message"
    print(table(rows))


if __name__ == "__main__":
    main()
