"""A Redis that the site cannot use is refused at the start, in a sentence that says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import Settings
from django.core.checks import run_checks
from django.core.management.base import CommandError

from imsite.redis_checks import QUEUE_COMMANDS, SCRIPT_COMMANDS, require_usable_redis
from tests.support import machine
from tests.support.certificates import CertificateAuthority
from tests.support.commands import ROOT
from tests.support.monitoring import get
from tests.support.redis import RedisServer, guide_permissions
from tests.support.sentinels import SentinelGroup
from tests.support.site_maker import SiteFactory


@pytest.fixture(autouse=True)
def _needs_redis() -> None:
    if "Redis" in machine.missing():
        pytest.skip("Redis is missing on this machine")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as running:
        yield running


@pytest.fixture
def operator(server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url) as client:
        yield client


def _use(settings: Settings, url: str, *, layer: str = "pubsub", channels: tuple[str, ...] = ()) -> None:
    settings.REDIS_URL, settings.REDIS_CHANNEL_URLS, settings.IM_CHANNEL_LAYER = url, channels, layer


def _url(server: RedisServer, user: str, password: str = "pw") -> str:
    return f"redis://{user}:{password}@127.0.0.1:{server.port}/0"


@pytest.mark.parametrize("layer", ["pubsub", "queue"])
def test_the_permissions_in_the_guide_are_enough(
    layer: str, server: RedisServer, operator: redis.Redis, settings: Settings
) -> None:
    operator.execute_command("ACL", "SETUSER", "imsite", *guide_permissions(layer), ">pw")
    _use(settings, _url(server, "imsite"), layer=layer)
    require_usable_redis()


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("-zadd", r"^REDIS_URL: Its user may not use ZADD on the keys im:\*\. deploy/README\.md"),
        ("resetkeys", r"may not use .*HSET.* on the keys im:\*"),
        ("-evalsha", r"ACL of the Redis user is too narrow"),
        ("resetchannels", r"ACL of the Redis user is too narrow"),
        ("-subscribe", r"ACL of the Redis user is too narrow"),
        (">other <pw", r"refuses the user or password"),
        ("off", r"refuses the user or password"),
    ],
)
def test_a_user_without_a_permission_is_refused(
    rule: str, sentence: str, server: RedisServer, operator: redis.Redis, settings: Settings
) -> None:
    operator.execute_command("ACL", "SETUSER", "imsite", *guide_permissions("pubsub"), ">pw", *rule.split())
    _use(settings, _url(server, "imsite"))
    with pytest.raises(CommandError, match=sentence) as refused:
        require_usable_redis()
    assert ":pw" not in str(refused.value)
    assert [message.id for message in run_checks(tags=["redis"], include_deployment_checks=True)][:1] == ["imsite.E010"]


def test_the_queue_layer_needs_more(server: RedisServer, operator: redis.Redis, settings: Settings) -> None:
    operator.execute_command("ACL", "SETUSER", "imsite", *guide_permissions("pubsub"), ">pw")
    _use(settings, _url(server, "imsite"), layer="queue")
    with pytest.raises(CommandError, match=r"may not use BZPOPMIN, .* on the keys imsite\*"):
        require_usable_redis()


def test_the_checked_commands_are_those_of_the_scripts() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "delivery/cluster").glob("*.py"))
    assert set(re.findall(r"redis\.call\((?:\w+ and )?'([A-Z]+)'(?: or '[A-Z]+')?", sources)) == set(SCRIPT_COMMANDS)
    named = {word.lower() for word in (*SCRIPT_COMMANDS, *QUEUE_COMMANDS)}
    assert named <= {rule.removeprefix("+") for rule in guide_permissions("queue")}


def test_a_redis_cluster_is_refused(tmp_path: Path, settings: Settings) -> None:
    with RedisServer(tmp_path, "cluster-enabled yes", f"dir {tmp_path}") as server:
        _use(settings, server.url)
        with pytest.raises(CommandError, match=r"^REDIS_URL: This is a Redis Cluster.*REDIS_CHANNEL_URLS"):
            require_usable_redis()


def test_an_unreachable_redis_passes(settings: Settings) -> None:
    _use(settings, "redis://127.0.0.1:1/0")
    require_usable_redis()
    _use(settings, "redis+sentinel://127.0.0.1:1,127.0.0.1:2/chat")
    require_usable_redis()


# -- Sentinels -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelGroup]:
    if "Redis" in machine.missing():
        pytest.skip("Redis is missing on this machine")
    group = SentinelGroup(tmp_path_factory.mktemp("sentinels"), CertificateAuthority())
    group.start()
    yield group
    group.stop()


def test_sentinels_with_the_right_password_and_ca_are_used(sentinels: SentinelGroup, settings: Settings) -> None:
    _use(settings, sentinels.url)
    require_usable_redis()


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("sentinel_password=", "sentinel_password=not-", "Redis or a Sentinel refuses the user or password"),
        ("rediss+sentinel://:", "rediss+sentinel://:not-", "refuses the user or password"),
        ("ca.pem", "other.pem", r"The certificate of Redis is not trusted \(.+\)\. Set IM_REDIS_CA"),
    ],
)
def test_sentinels_that_refuse_the_site_are_refused(
    right: str, wrong: str, sentence: str, sentinels: SentinelGroup, settings: Settings
) -> None:
    sentinels.servers[0].ca.with_name("other.pem").write_bytes(CertificateAuthority("another CA").certificate)
    _use(settings, sentinels.url.replace(right, wrong))
    with pytest.raises(CommandError, match=sentence):
        require_usable_redis()


# -- TLS -------------------------------------------------------------------------------------------------------------


def test_a_server_with_a_certificate_of_the_ca_is_used(site_factory: SiteFactory, tmp_path: Path) -> None:
    with RedisServer(tmp_path, authority=CertificateAuthority()) as server:
        options = {"REDIS_URL": server.url, "IM_REDIS_CA": str(server.ca), "IM_CLUSTER_SECRET": "s" * 32}
        with site_factory(**options) as site:
            assert '"redis": "ok"' in get(f"{site.url}/readyz").text


def test_a_server_with_a_certificate_of_another_ca_is_refused(site_factory: SiteFactory, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(CertificateAuthority("another CA").certificate)
    with RedisServer(tmp_path, authority=CertificateAuthority()) as server:
        options = {"REDIS_URL": server.url, "IM_REDIS_CA": str(tmp_path / "other.pem")}
        site = site_factory(**options, IM_CLUSTER_SECRET="s" * 32)
        with pytest.raises(RuntimeError, match=r"REDIS_URL: The certificate of Redis is not trusted .* IM_REDIS_CA"):
            site.start()
