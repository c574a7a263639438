"""Calls and messages of one API token are limited, and the headers say how much is left."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chat.api.common.throttles import throttles
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller
from tests.support.both_ways import each_way

pytestmark = each_way


@pytest.mark.django_db
def test_the_calls_of_a_token_are_limited(bot: Caller, shop: User, grant: Grant, settings: Settings) -> None:
    settings.IM_API_RATE, settings.IM_API_BURST = 0.001, 2
    throttles.reset()
    first, second, third = (bot.get("apps/") for _ in range(3))
    assert [reply.status for reply in (first, second, third)] == [200, 200, 429]
    assert [reply.headers["RateLimit-Remaining"] for reply in (first, second, third)] == ["1", "0", "0"]
    assert {reply.headers["RateLimit-Limit"] for reply in (first, second, third)} == {"2"}
    assert third.code == 1011 and int(third.headers["Retry-After"]) >= third.data["retryAfter"] > 900
    # Another token of the same service has its own limit.
    assert Caller(grant(shop)).get("apps/").status == 200


@pytest.mark.django_db
def test_refused_calls_count_as_well(bot: Caller, settings: Settings) -> None:
    settings.IM_API_RATE, settings.IM_API_BURST = 0.001, 1
    throttles.reset()
    assert [bot.get("nodes/").status for _ in range(2)] == [403, 429]


@pytest.mark.django_db
def test_messages_count_by_their_number(bot: Caller, settings: Settings) -> None:
    settings.IM_API_MESSAGE_RATE, settings.IM_API_MESSAGE_BURST = 0.001, 3
    throttles.reset()
    two = {"messages": [{"to": {"user": "ghost"}, "msg": "x"}] * 2}
    assert bot.post("messages/bulk/", two).status == 200
    assert bot.post("messages/bulk/", two).status == 429
    assert bot.post("messages/", {"to": {"users": ["ghost", "ghost"]}, "msg": "x"}).status == 429
    assert bot.post("messages/", {"to": {"user": "ghost"}, "msg": "x"}).status == 404
