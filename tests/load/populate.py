"""`python -m tests.load.populate` creates 100,000 users, 10,000 channels and 2,000,000 messages.

It uses SQLite in IM_DATA_DIR unless DATABASE_URL names an empty PostgreSQL database. `--share 0.01` makes a
hundredth.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import accumulate, islice
from typing import Any

import orjson
from tqdm import tqdm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
USERS, CHANNELS, MESSAGES = 100_000, 10_000, 2_000_000
DAYS = 60
"""Days over which the messages and users are spread."""
TOGETHER = 10_000
"""Rows in one transaction."""
SECOND_NAMES = "山 水 明 远 静 华 风 雨 云 月 松 竹 梅 兰".split()
WORDS = (
    "tea coffee paper ink river mountain early late please thanks tomorrow again never perhaps 山水 明天 谢谢".split()
)
_DAY_MS = 86_400_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="Part of all that, such as 0.01.")
    share = parser.parse_args().share
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("setup", verbosity=0)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # Rows go to all parts of the indexes, which therefore stay in memory (1 GB). Losing this data does not
            # matter.
            cursor.execute("PRAGMA cache_size = -1000000")
            cursor.execute("PRAGMA synchronous = OFF")
    fill(round(USERS * share), round(CHANNELS * share), round(MESSAGES * share))


def fill(users: int, channels: int, messages: int, *, shown: bool = True) -> None:
    """Create the rows, the same ones each time, without announcements, for a site without connections."""
    from accounts.models import User
    from chat.models import Channel

    dice = random.Random(7)
    now = time.time_ns() // 1_000_000
    first_user = (User.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    first_channel = (Channel.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    _store("people", User, _people(dice, first_user, users, now), users, shown)
    members = _members(dice, channels, range(first_user, first_user + users))
    _channels(dice, first_channel, members, messages, now, shown)
    _repair_sequences()


def _store(name: str, model: Any, rows: Iterator[dict[str, Any]], total: int, shown: bool) -> None:
    from delivery.db.transactions import write

    with tqdm(total=total, desc=name, unit="", disable=None if shown else True) as bar:
        while some := list(islice(rows, TOGETHER)):
            fields = tuple(some[0])
            with write():
                _insert(model, fields, [tuple(row.values()) for row in some])
            bar.update(len(some))


def _insert(model: Any, fields: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from django.db import connection

    from delivery.db.bulk import field_attribute, insert_rows

    if connection.vendor == "sqlite":
        insert_rows(model, fields, rows)
        return
    columns = ", ".join(connection.ops.quote_name(field_attribute(model, field, "column")) for field in fields)
    with connection.cursor() as cursor, cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _people(dice: random.Random, first: int, count: int, now: int) -> Iterator[dict[str, Any]]:
    from django.utils import timezone

    from accounts.names import name_key

    for number in range(count):
        called = "Person" if number % 3 == 0 else dice.choice(SECOND_NAMES) + dice.choice(SECOND_NAMES)
        nickname = f"{called} {number}"
        joined = timezone.now() - timedelta(days=DAYS * (1 - number / count))
        yield {
            "id": first + number,
            "password": "!",
            "is_superuser": False,
            "username": f"person{number}",
            "username_key": f"person{number}",
            "nickname": nickname,
            "nickname_key": name_key(nickname),
            "nickname_pinyin": "",
            "nickname_initials": "",
            "email": f"person{number}@people.example",
            "avatar": "",
            "status_text": "",
            "language": "",
            "time_zone": "",
            "shares_read": True,
            "shares_presence": True,
            "shares_typing": True,
            "previews_private_links": False,
            "kind": "guest" if number % 20 == 19 else "person",
            "is_active": number % 500 != 499,
            "is_staff": False,
            "date_joined": joined,
            "sign_in_epoch": 0,
            "is_restricted": False,
        }


def _members(dice: random.Random, channels: int, people: range) -> list[list[int]]:
    """Return the members of each channel: every third is private, the others have up to 50."""
    pairs: set[tuple[int, ...]] = set()
    made: list[list[int]] = []
    for number in range(channels):
        size = 2 if number % 3 == 0 else min(len(people), 2 + int(dice.paretovariate(1.2)) % 50)
        while True:
            chosen = sorted(dice.sample(people, size))
            if size > 2 or tuple(chosen) not in pairs:
                break
        pairs.add(tuple(chosen))
        made.append(chosen)
    return made


def _channels(
    dice: random.Random, first: int, members: Sequence[list[int]], messages: int, now: int, shown: bool
) -> None:
    from chat.models import Channel, Membership, Message, MessageKey
    from delivery import log
    from delivery.models import Event, LogHead

    head = log.head()
    first_message = (MessageKey.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    # A few channels have most of the messages.
    weights = list(accumulate(1 / (place + 1) ** 0.8 for place in range(len(members))))
    said = dice.choices(range(len(members)), cum_weights=weights, k=messages)
    counts = [0] * len(members)
    for place in said:
        counts[place] += 1

    def channel_rows() -> Iterator[dict[str, Any]]:
        for place, people in enumerate(members):
            private = place % 3 == 0
            yield {
                "id": first + place,
                "kind": "private" if private else "public",
                "name": "" if private or place % 5 == 1 else f"{dice.choice(WORDS)} {dice.choice(WORDS)} {place}",
                "join": "closed" if private else dice.choice(("open", "invite")),
                "listed": False,
                "pair": f"{people[0]}:{people[1]}" if private else None,
                "last_seq": counts[place],
                "purged_seq": 0,
                "active_at": now - (place * DAYS * _DAY_MS) // len(members),
                "closed": place % 200 == 199,
                "history": "joined",
                "announcements_only": False,
                "slow_mode": 0,
            }

    def stay_rows() -> Iterator[dict[str, Any]]:
        for place, people in enumerate(members):
            for index, person in enumerate(people):
                role = "owner" if index == 0 and place % 3 else "member"
                yield {"channel": first + place, "user": person, "role": role, "from_position": head, "from_seq": 1}

    seqs = [0] * len(members)
    numbered: list[tuple[int, int, int]] = []
    for place in said:
        seqs[place] += 1
        people = members[place]
        numbered.append((place, seqs[place], people[(seqs[place] * 7) % len(people)]))
    start = now - DAYS * _DAY_MS

    def spoken(number: int) -> tuple[int, str]:
        return start + (now - start) * number // messages, " ".join(dice.choices(WORDS, k=1 + number % 12))

    def key_rows() -> Iterator[dict[str, Any]]:
        for number, (place, seq, sender) in enumerate(numbered):
            yield {
                "id": first_message + number,
                "sender": sender,
                "client_id": None,
                "channel": first + place,
                "seq": seq,
            }

    def message_rows() -> Iterator[dict[str, Any]]:
        for number, (place, seq, sender) in enumerate(numbered):
            at, text = spoken(number)
            yield {
                "id": first_message + number,
                "channel": first + place,
                "seq": seq,
                "sender": sender,
                "type": "text",
                "text": text,
                "shown_as": "",
                "position": head + 1 + number,
                "time": at,
            }

    def event_rows() -> Iterator[dict[str, Any]]:
        for number, (place, seq, sender) in enumerate(numbered):
            at, text = spoken(number)
            body = {"target": str(first + place), "type": "text", "msg": text, "fromId": str(sender), "seq": seq}
            yield {
                "position": head + 1 + number,
                "kind": "msg",
                "channel": first + place,
                "ref": first_message + number,
                "origin": "",
                "header": "",
                "body": orjson.dumps(body | {"id": str(first_message + number), "time": at}).decode(),
                "time": at,
            }

    _store("channels", Channel, channel_rows(), len(members), shown)
    _store("memberships", Membership, stay_rows(), sum(map(len, members)), shown)
    _store("keys", MessageKey, key_rows(), messages, shown)
    _store("messages", Message, message_rows(), messages, shown)
    _store("events", Event, event_rows(), messages, shown)
    LogHead.objects.update_or_create(pk=1, defaults={"position": head + messages})
    _index(messages, shown)


def _index(messages: int, shown: bool) -> None:
    """Update the index as a node does in the background."""
    from chat.search import index

    index.MAX_EVENTS_PER_BATCH, index.MAX_CHARACTERS_PER_BATCH = TOGETHER, 1 << 30
    with tqdm(total=messages, desc="search", unit="", disable=None if shown else True) as bar:
        while index.index_advance():
            bar.update(index.MAX_EVENTS_PER_BATCH)


def _repair_sequences() -> None:
    """Set PostgreSQL's sequences to continue after the rows, which were stored with ids."""
    from django.core.management.color import no_style
    from django.db import connection

    from accounts.models import User
    from chat.models import Channel, MessageKey

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [User, Channel, MessageKey]):
            cursor.execute(statement)
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
