"""`python -m tests.load.admin_response_times` times each list, search and page of the admin in a populated database.

The database is that of the environment (IM_DATA_DIR or DATABASE_URL), filled by `tests.load.populate`.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
PROMISED = 1.0
"""Seconds that each page may take."""
ROUNDS = 3


def main() -> None:
    import django

    django.setup()
    measure()


def measure() -> None:
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User
    from chat.models import Channel, Message
    from tests.load.measurements import environment, table

    operator = User.objects.filter(is_superuser=True).first()
    assert operator is not None
    client = Client(headers={"host": "localhost"})
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    person, channel = User.objects.get(username="person777"), Channel.objects.exclude(name="").order_by("-last_seq")[0]
    message = Message.objects.filter(channel=channel).order_by("-seq")[0]
    lists = "/admin/accounts/user/", "/admin/chat/channel/", "/admin/chat/message/"
    pages = [
        "/admin/",
        *lists,
        *(f"{one}?p=9" for one in lists),
        "/admin/accounts/user/?q=person777",
        "/admin/accounts/user/?q=nobody+at+all",
        "/admin/accounts/user/?q=person",
        "/admin/accounts/user/?kind__exact=guest&is_active__exact=0",
        "/admin/accounts/user/?is_restricted__exact=1",
        "/admin/accounts/user/?o=6",
        f"/admin/accounts/user/{person.pk}/change/",
        "/admin/chat/channel/?q=river",
        "/admin/chat/channel/?q=nothing+like+it",
        "/admin/chat/channel/?closed__exact=1",
        "/admin/chat/channel/?kind__exact=private",
        "/admin/chat/channel/?o=-8",
        f"/admin/chat/channel/{channel.pk}/change/",
        "/admin/chat/message/?q=river",
        "/admin/chat/message/?q=nothinglikeit",
        "/admin/chat/message/?q=from%3Aperson777",
        "/admin/chat/message/?q=from%3Aperson777+nothinglikeit",
        f"/admin/chat/message/?q=in%3A{channel.pk}",
        f"/admin/chat/message/?q=in%3A{channel.pk}+nothinglikeit",
        "/admin/chat/message/?q=in%3Ariver",
        "/admin/chat/message/?q=in%3Ariver+from%3Aperson777",
        f"/admin/chat/message/{message.pk}/change/",
        "/admin/chat/report/",
        "/admin/chat/restriction/",
        "/admin/chat/announcement/",
        "/admin/admin/logentry/",
        "/admin/knox/authtoken/",
    ]
    rows: dict[str, object] = dict(environment()) | {"database": connection.vendor}
    slow = []
    for page in pages:
        times: list[float] = []
        work: list[float] = []
        for _ in range(ROUNDS):
            cache.clear()
            began, worked = time.perf_counter(), time.process_time()
            with CaptureQueriesContext(connection) as queries:
                response = client.get(page)
            times.append(time.perf_counter() - began)
            work.append(time.process_time() - worked)
            assert response.status_code == 200, (page, response.status_code)
        worst = max(queries, key=lambda query: float(query["time"]), default=None)
        rows[page] = f"{min(times):.3f} to {max(times):.3f} s, {min(work):.3f} s CPU here, {len(queries)} queries"
        if max(times) > PROMISED and worst is not None:
            slow.append(f"{page}: {worst['time']} s: {worst['sql'][:600]}")
    print(table(rows))
    print("\n".join(slow) or f"All within {PROMISED} s.")


if __name__ == "__main__":
    main()
