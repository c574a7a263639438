"""A running node logs in a sentence why Redis refuses it."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from delivery.cluster.redis_client import RedisClient, RedisUnavailable
from tests.support.ports import free_port
from tests.support.redis import RedisServer, guide_permissions

SCRIPT = "return redis.call('HGET', 'im:lease:x', 'id')"


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("-hget", "The ACL of the Redis user is too narrow (The user executing the script can't run this command"),
        ("resetkeys", "The ACL of the Redis user is too narrow (The user executing the script can't access"),
        ("-evalsha", "The ACL of the Redis user is too narrow (this user has no permissions"),
    ],
)
async def test_a_permission_taken_away_is_named(
    rule: str, sentence: str, redis: Redis, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.execute_command("ACL", "SETUSER", "imsite", *guide_permissions("pubsub"), ">pw")
    client = RedisClient(f"redis://imsite:pw@127.0.0.1:{redis_server.port}/0")
    assert await client.probe(SCRIPT) is None
    await redis.execute_command("ACL", "SETUSER", "imsite", rule)

    with pytest.raises(RedisUnavailable):
        await client.probe(SCRIPT)

    [line] = [record for record in caplog.records if record.getMessage() == "redis_unreachable"]
    assert str(line.__dict__["error"]).startswith(sentence)
    assert "deploy/README.md" in line.__dict__["error"]
    await client.close()


async def test_sentinels_that_do_not_answer_are_logged_shortly(caplog: pytest.LogCaptureFixture) -> None:
    client = RedisClient(f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{free_port()}/chat")

    with pytest.raises(RedisUnavailable):
        await client.probe(SCRIPT)

    [line] = [record for record in caplog.records if record.getMessage() == "redis_unreachable"]
    assert line.__dict__["error"] == "MasterNotFoundError: No master found for 'chat'"
    await client.close()
