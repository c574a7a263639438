"""Check before start: Redis lets the site do what it needs. A Redis that does not respond passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.management.base import CommandError

if TYPE_CHECKING:
    from redis import Redis

REDIS_TIMEOUT_SECONDS = 2.0
SCRIPT_KEYS = "im:*"
SCRIPT_COMMANDS = (
    "DEL", "EXISTS", "HDEL", "HGET", "HKEYS", "HMGET", "HSET", "HVALS", "PEXPIRE", "PTTL", "SADD", "SISMEMBER",
    "SMEMBERS", "SPOP", "SREM", "TIME", "ZADD", "ZCARD", "ZRANGEBYSCORE", "ZREM", "ZREMRANGEBYSCORE", "ZSCORE",
)  # fmt: skip
"""Commands of the site's scripts."""
QUEUE_KEYS = "imsite*"
QUEUE_COMMANDS = (
    "BZPOPMIN", "DEL", "EXPIRE", "ZADD", "ZCOUNT", "ZPOPMIN", "ZRANGE", "ZREM", "ZREMRANGEBYSCORE",
)  # fmt: skip
"""Commands of the channel layer `queue`."""
_FIND_FORBIDDEN = """
local forbidden = {}
for i = 2, redis.acl_check_cmd and #ARGV or 0 do
    local arguments = ARGV[i] == 'TIME' and {} or {ARGV[1], ARGV[1], ARGV[1]}
    if not redis.acl_check_cmd(ARGV[i], unpack(arguments)) then forbidden[#forbidden + 1] = ARGV[i] end
end
return forbidden
"""
_CHANNEL = "imsite__group__check"
_CLUSTER_REFUSED = (
    "This is a Redis Cluster, where each server has a part of the keys, and the site needs all of them on one server. "
    "Use a server or Sentinels. Servers of a cluster can be in REDIS_CHANNEL_URLS with IM_CHANNEL_LAYER=pubsub."
)


def require_usable_redis() -> None:
    """Raise CommandError if Redis or a host of the channel layer is set up in a way that the site cannot use."""
    for fault in find_faults():
        raise CommandError(fault)


@register("redis", deploy=True)
def check_redis(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a set-up of Redis that the site cannot use. `check --deploy` runs it."""
    return [Error(fault, id="imsite.E010") for fault in find_faults()]


def find_faults() -> Iterator[str]:
    """Yield a sentence for each fault of the set-up."""
    if not settings.REDIS_URL:
        return
    from redis.exceptions import RedisError  # Only a cluster needs it.

    from delivery.redis.address import blocking_client
    from delivery.redis.faults import explain_fault

    for name, url, check in (
        ("REDIS_URL", settings.REDIS_URL, _check_scripts),
        *(("REDIS_CHANNEL_URLS", url, _check_layer) for url in settings.REDIS_CHANNEL_URLS),
        *(() if settings.REDIS_CHANNEL_URLS else (("REDIS_URL", settings.REDIS_URL, _check_layer),)),
    ):
        try:
            with blocking_client(url, timeout=REDIS_TIMEOUT_SECONDS) as client:
                fault = check(client)
        except (RedisError, OSError) as error:
            fault = explain_fault(error)
        if fault:
            yield f"{name}: {fault}"


def _check_scripts(client: Redis) -> str | None:
    return _CLUSTER_REFUSED if _is_cluster(client) else _forbidden(client, SCRIPT_KEYS, SCRIPT_COMMANDS)


def _check_layer(client: Redis) -> str | None:
    if settings.IM_CHANNEL_LAYER == "queue":
        return _CLUSTER_REFUSED if _is_cluster(client) else _forbidden(client, QUEUE_KEYS, QUEUE_COMMANDS)
    client.publish(_CHANNEL, b"")
    with client.pubsub() as subscription:  # type: ignore[no-untyped-call]
        subscription.subscribe(_CHANNEL)
        subscription.get_message(timeout=REDIS_TIMEOUT_SECONDS)
        subscription.unsubscribe(_CHANNEL)
    return None


def _is_cluster(client: Redis) -> bool:
    # The ACL never forbids it.
    answer = client.execute_command("HELLO")  # type: ignore[no-untyped-call]
    pairs = answer.items() if isinstance(answer, dict) else zip(answer[::2], answer[1::2], strict=True)
    return (b"mode", b"cluster") in pairs


def _forbidden(client: Redis, keys: str, commands: Sequence[str]) -> str | None:
    forbidden = client.register_script(_FIND_FORBIDDEN)(args=[keys.replace("*", "check"), *commands])
    if not forbidden:
        return None
    named = ", ".join(command.decode() for command in forbidden)
    return f"Its user may not use {named} on the keys {keys}. deploy/README.md has the permissions."
