"""`python -m tests.load.slack_export DIRECTORY` makes an export of a Slack workspace that never was.

It has a million messages unless `--messages` says otherwise, in 200 channels with 2,000 users over two years. To
measure an import on a fresh site: `time python manage.py import slack DIRECTORY`, twice.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import orjson
from tqdm import tqdm

USERS, CHANNELS, DAYS = 2000, 200, 730
WORDS = "tea coffee paper ink river mountain early late please thanks tomorrow again never perhaps 山水 明天".split()
_START = 1_700_000_000
_DAY = 86_400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--messages", type=int, default=1_000_000)
    arguments = parser.parse_args()
    write_export(arguments.directory, arguments.messages)


def write_export(directory: Path, messages: int, *, users: int = USERS, channels: int = CHANNELS) -> None:
    """Write an export with this many messages, the same one each time."""
    choice = random.Random(5)
    directory.mkdir(parents=True)
    people = [f"U{number:05}" for number in range(users)]
    profiles = [
        {"id": user, "name": f"user{n}", "profile": {"real_name": f"User {n}"}} for n, user in enumerate(people)
    ]
    (directory / "users.json").write_bytes(orjson.dumps(profiles))
    rows: list[dict[str, Any]] = []
    # A few channels have most of the messages.
    weights = [1 / (place + 1) ** 0.8 for place in range(channels)]
    with tqdm(total=messages, desc="Messages", unit="", delay=1) as bar:
        for number, weight in enumerate(weights):
            members = choice.sample(people, min(users, 5 + choice.randrange(60)))
            rows.append({"id": f"C{number:05}", "name": f"channel-{number}", "creator": members[0], "members": members})
            count = (
                round(messages * weight / sum(weights))
                if number
                else messages - sum(round(messages * other / sum(weights)) for other in weights[1:])
            )
            _write_days(directory / f"channel-{number}", count, members, choice)
            bar.update(count)
    (directory / "channels.json").write_bytes(orjson.dumps(rows))


def _write_days(directory: Path, count: int, members: list[str], choice: random.Random) -> None:
    directory.mkdir()
    roots: list[str] = []
    for day in range(DAYS):
        per_day = count * (day + 1) // DAYS - count * day // DAYS
        messages: list[dict[str, Any]] = []
        for index in range(per_day):
            ts = f"{_START + day * _DAY + _DAY * index // per_day}.{index:06}"
            text = " ".join(choice.choices(WORDS, k=1 + choice.randrange(12)))
            message: dict[str, Any] = {"type": "message", "user": choice.choice(members), "ts": ts, "text": text}
            if index % 10 == 3:
                message["text"] = f"<@{choice.choice(members)}> {text}"
            if index % 8 == 5 and roots:
                message["thread_ts"] = choice.choice(roots[-20:])
            else:
                roots.append(ts)
            if index % 20 == 7:
                message["reactions"] = [{"name": "thumbsup", "users": choice.sample(members, 2), "count": 2}]
            messages.append(message)
        if messages:
            name = f"{2023 + day // 365}-{1 + day % 365 // 31:02}-{1 + day % 31:02}.json"
            (directory / name).write_bytes(orjson.dumps(messages))


if __name__ == "__main__":
    main()
