"""`python -m tests.load.announcement_cost` measures what an event of another node costs a node that has no use for it.

The node opens a message of the channel layer with several announced events (msgpack, seal, decoding) and its hub passes
over them, because no connection here is concerned. CPU of this process only; there is no Redis.
"""

from __future__ import annotations

import asyncio
import os
import time

from channels_redis.serializers import registry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
BATCHES = (1, 10, 50, 200)
EVENTS = 40_000


def main() -> None:
    import django

    django.setup()
    asyncio.run(measure())


async def measure() -> None:
    from delivery.cluster.entry_codec import decode_entry, encode_entry
    from delivery.cluster.message_seal import MessageSeal
    from delivery.hub.hub import Hub
    from delivery.log import Entry
    from tests.load.measurements import environment, table

    serializer = registry.get_serializer("msgpack", symmetric_encryption_keys=None)
    hub, seal = Hub(), MessageSeal("s" * 32)
    body = {"id": "1234567", "channel": "4711", "seq": 815, "sender": "4712", "msg": "hello there", "nick": "Alice"}
    rows: dict[str, object] = dict(environment())
    for size in BATCHES:
        messages = []
        for first in range(hub.watermark + 1, hub.watermark + 1 + EVENTS, size):
            packed = [
                encode_entry(Entry("message", channel=4711, body=body, position=position, time=1_764_547_200_000))
                for position in range(first, first + size)
            ]
            content = {"type": "bodies", "node": "b", "entries": packed, "seal": seal.make("bodies", "b", packed)}
            messages.append(serializer.serialize(content))
        began = time.process_time()
        for message in messages:
            opened = serializer.deserialize(message)
            assert seal.is_valid(opened["seal"], opened["type"], opened["node"], opened["entries"])
            hub._receive_on_loop([decode_entry(data) for data in opened["entries"]])
        rows[f"{size} in a message"] = f"{(time.process_time() - began) / EVENTS * 1e6:.1f} µs CPU per event"
        assert not hub._received
    print(table(rows))


if __name__ == "__main__":
    main()
