"""The registry tells two living processes with one id from a restart after a kill."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from delivery import metrics
from delivery.cluster.redis_client import RedisClient
from delivery.cluster.redis_nodes import RedisNodeRegistry

LEASE = 15.0
OWN, TWIN = "10.0.0.1:7000", "10.0.0.2:7000"


@pytest.fixture
def registry(settings: Settings) -> RedisNodeRegistry:
    settings.IM_NODE_LEASE_SECONDS = LEASE
    made = RedisNodeRegistry(RedisClient("redis://127.0.0.1:1/0"), "a")
    made.address = OWN
    return made


def _is_told() -> bool:
    return any(sample.value for family in metrics.NODE_ID_USED_TWICE.collect() for sample in family.samples)


def _row(registry: RedisNodeRegistry, address: str) -> list[str]:
    return ["a", address, str(registry._started), "0", "0", "{}"]


def test_another_process_with_the_id_is_told_until_it_ends(
    registry: RedisNodeRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [_row(registry, OWN), _row(registry, TWIN)]
    for now in (100.0, 110.0, 120.0):
        registry._look_for_twin(rows, now)
    assert _is_told() and "node_id_used_twice" in caplog.messages

    registry._look_for_twin(rows[:1], 121.0)

    assert not _is_told()


def test_the_lease_of_a_killed_predecessor_is_no_other_process(registry: RedisNodeRegistry) -> None:
    registry._look_for_twin([_row(registry, TWIN), _row(registry, OWN)], 100.0)
    registry._look_for_twin([_row(registry, TWIN), _row(registry, OWN)], 100.0 + LEASE)
    registry._look_for_twin([_row(registry, OWN)], 101.0 + LEASE)

    assert not _is_told()
