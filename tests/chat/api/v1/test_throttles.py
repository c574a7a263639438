"""One token's calls and messages are limited, and the headers say how much is left."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chat.api.common import throttles as module
from chat.api.common.throttles import Allowance, Throttle, throttles
from chat.errors import ChatError
from delivery import publish
from delivery.rate_limits.base import TokenBucketResult
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def test_a_burst_then_a_steady_rate(clock: Clock) -> None:
    throttle = Throttle(rate=2, burst=3)
    assert [throttle.take("shop").remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(ChatError) as refused:
        throttle.take("shop")
    assert refused.value.data is not None and refused.value.data["retryAfter"] == 0.5
    # What was refused is not owed.
    clock.now += 0.5
    assert throttle.take("shop").remaining == 0
    assert throttle.take("bank").remaining == 2
    clock.now += 100
    assert throttle.take("shop").remaining == 2


def test_several_at_once_are_taken_together_or_not_at_all(clock: Clock) -> None:
    throttle = Throttle(rate=1, burst=10)
    throttle.take("shop", 8)
    with pytest.raises(ChatError):
        throttle.take("shop", 3)
    assert throttle.take("shop", 2).remaining == 0


def test_more_than_the_bucket_holds_goes_when_it_is_full_and_is_owed(clock: Clock) -> None:
    throttle = Throttle(rate=1, burst=10)
    assert throttle.take("shop", 25).remaining == 0
    clock.now += 15
    with pytest.raises(ChatError):
        throttle.take("shop")
    clock.now += 1
    throttle.take("shop")


def test_who_called_longest_ago_is_forgotten(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOKENS", 2)
    throttle = Throttle(rate=1, burst=5)
    for token in ("a", "b", "a", "c"):
        throttle.take(token)
    assert [throttle.take(token).remaining for token in "acb"] == [2, 3, 4]


class SharedBuckets:
    """Those of a cluster, as far as a node sees them: what it asks for, and what it gets; None: nothing, in time."""

    def __init__(self) -> None:
        self.drawn: TokenBucketResult | None = TokenBucketResult(7.0, 0.0)
        self.asked: list[tuple[str, int]] = []

    def draw(self, name: str, *, rate: float, burst: int, patience: float, count: int) -> TokenBucketResult | None:
        self.asked.append((name, count))
        return self.drawn


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> SharedBuckets:
    made = SharedBuckets()
    monkeypatch.setattr(publish, "draw", made.draw)
    return made


def test_a_cluster_counts_for_all_its_nodes(shared: SharedBuckets) -> None:
    throttle = Throttle(rate=2, burst=9, name="requests")
    assert throttle.take("shop", 2) == Allowance(9, 7, 1)
    assert shared.asked == [("requests:shop", 2)]
    shared.drawn = TokenBucketResult(1.0, 3.0)
    with pytest.raises(ChatError) as refused:
        throttle.take("shop", 4)
    assert refused.value.data is not None and refused.value.data["retryAfter"] == 1.5


def test_without_its_redis_a_node_counts_by_itself(shared: SharedBuckets) -> None:
    throttle = Throttle(rate=2, burst=9)
    shared.drawn = None
    assert [throttle.take("shop").remaining for _ in range(2)] == [8, 7]


@pytest.mark.django_db
def test_calls_are_throttled_by_token(bot: Caller, shop: User, grant: Grant, settings: Settings) -> None:
    settings.IM_API_RATE, settings.IM_API_BURST = 0.1, 2
    throttles.forget()
    first, second, third = (bot.get("apps/") for _ in range(3))
    assert [reply.status for reply in (first, second, third)] == [200, 200, 429]
    assert [reply.headers["RateLimit-Remaining"] for reply in (first, second, third)] == ["1", "0", "0"]
    assert {reply.headers["RateLimit-Limit"] for reply in (first, second, third)} == {"2"}
    assert third.code == 1011 and int(third.headers["Retry-After"]) >= third.data["retryAfter"] > 9
    # Another token of the same service has its own.
    assert Caller(grant(shop)).get("apps/").status == 200


@pytest.mark.django_db
def test_what_one_may_not_do_is_throttled_as_well(bot: Caller, settings: Settings) -> None:
    settings.IM_API_RATE, settings.IM_API_BURST = 0.1, 1
    throttles.forget()
    assert [bot.get("nodes/").status for _ in range(2)] == [403, 429]


@pytest.mark.django_db
def test_messages_are_throttled_by_their_number(bot: Caller, settings: Settings) -> None:
    settings.IM_API_MESSAGE_RATE, settings.IM_API_MESSAGE_BURST = 0.1, 3
    throttles.forget()
    two = {"messages": [{"to": {"user": "ghost"}, "msg": "x"}] * 2}
    assert bot.post("messages/bulk/", two).status == 200
    assert bot.post("messages/bulk/", two).status == 429
    assert bot.post("messages/", {"to": {"users": ["ghost", "ghost"]}, "msg": "x"}).status == 429
    assert bot.post("messages/", {"to": {"user": "ghost"}, "msg": "x"}).status == 404
