"""Registrations, guests and mail are rate-limited by address."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import rate_limits
from accounts.actions import app_create
from accounts.errors import RateLimited
from accounts.models import User
from accounts.rate_limits import HourlyRateLimit
from chat.actions.session import LoginAttempt, session_login
from chat.errors import TOO_MUCH, ChatError
from delivery.db.executors import run
from delivery.hub.connection import Connection
from delivery.rate_limits.base import TokenBucketResult
from delivery.rate_limits.limiter import RateLimiter
from tests.support.clock import Clock
from tests.support.fixtures.users import PASSWORD
from tests.support.in_process import create_global_channel, running_node

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings) -> None:
    rate_limits.registration_rate_limit.reset()
    settings.IM_REGISTRATION_RATE = 2


def test_an_address_reaches_its_limit_and_recovers(bucket_clock: Clock) -> None:
    registrations = HourlyRateLimit("IM_REGISTRATION_RATE")
    registrations.take("192.0.2.1")
    registrations.take("192.0.2.1")
    with pytest.raises(RateLimited) as refusal:
        registrations.take("192.0.2.1")
    assert 0 < refusal.value.seconds <= 1801
    registrations.take("192.0.2.2")
    bucket_clock.now += 1801
    registrations.take("192.0.2.1")


def test_refused_registrations_are_not_counted(bucket_clock: Clock) -> None:
    registrations = HourlyRateLimit("IM_REGISTRATION_RATE")
    for _ in range(2):
        registrations.take("192.0.2.1")
    for _ in range(100):
        with pytest.raises(RateLimited):
            registrations.take("192.0.2.1")
    bucket_clock.now += 1801
    registrations.take("192.0.2.1")


def test_addresses_of_one_ipv6_network_count_as_one(bucket_clock: Clock) -> None:
    registrations = HourlyRateLimit("IM_REGISTRATION_RATE")
    registrations.take("2001:db8:1:2::1")
    registrations.take("2001:db8:1:2:ffff::9")
    with pytest.raises(RateLimited):
        registrations.take("2001:db8:1:2::3")
    registrations.take("2001:db8:1:3::1")
    registrations.take("::ffff:192.0.2.9")
    registrations.take("192.0.2.9")
    with pytest.raises(RateLimited):
        registrations.take("192.0.2.9")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_MAX_KEYS", 10)
    registrations = HourlyRateLimit("IM_REGISTRATION_RATE")
    for number in range(100):
        registrations.take(f"192.0.2.{number}")
    assert len(registrations.local_keys()) == 10


def test_a_refusal_contains_the_seconds_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    draws: list[tuple[str, float, int]] = []
    results = [TokenBucketResult(left=1, missing=0), TokenBucketResult(left=0.5, missing=0.5)]

    def draw(limiter: RateLimiter, key: str, *, rate: float, burst: int) -> TokenBucketResult:
        draws.append((key, rate, burst))
        return results.pop(0)

    monkeypatch.setattr(RateLimiter, "draw", draw)
    registrations = HourlyRateLimit("IM_REGISTRATION_RATE")
    registrations.take("192.0.2.1")
    with pytest.raises(RateLimited) as refusal:
        registrations.take("192.0.2.1")
    assert 900 <= refusal.value.seconds <= 902
    assert {(rate, burst) for _, rate, burst in draws} == {(2 / 3600, 2)}
    assert len({key for key, _, _ in draws}) == 1


def test_rate_limit_keys_contain_no_personal_data(settings: Settings) -> None:
    settings.IM_MAIL_RATE = 2
    registrations, mails = HourlyRateLimit("IM_REGISTRATION_RATE"), HourlyRateLimit("IM_MAIL_RATE")
    registrations.take("alice@example.org")
    mails.take("alice@example.org")
    assert "alice" not in str(registrations.local_keys() + mails.local_keys())
    assert set(registrations.local_keys()).isdisjoint(mails.local_keys())


def test_zero_is_no_limit(settings: Settings) -> None:
    settings.IM_REGISTRATION_RATE = 0
    registrations = HourlyRateLimit("IM_REGISTRATION_RATE")
    for _ in range(100):
        registrations.take("192.0.2.1")


def _register(client: Client, name: str) -> str:
    form = {"username": name, "nickname": "", "password": PASSWORD, "password_confirmation": PASSWORD}
    return client.post("/accounts/register/", form).content.decode()


def test_accounts_and_guests_share_one_limit(db: None, client: Client) -> None:
    app_create(number=901, name="Web")
    _register(client, "alice")
    assert client.post("/accounts/guest/", {"name": "Guest", "appId": "901"}).status_code == 201
    assert "Too many attempts" in _register(client, "bob")
    assert client.post("/accounts/guest/", {"name": "Guest", "appId": "901"}).status_code == 429
    answer = client.post(
        "/register", urlencode({"phone_number": "1", "nickname": "c", "password": PASSWORD}), FORM
    ).json()
    assert answer["code"] == -1 and "That was too often" in answer["msg"]
    assert not User.objects.filter(username="bob").exists()


def test_a_forged_forwarded_address_is_ignored(db: None) -> None:
    for number in range(2):
        _register(Client(headers={"X-Forwarded-For": f"192.0.2.{number}"}), f"alice{number}")
    assert "Too many attempts" in _register(Client(headers={"X-Forwarded-For": "192.0.2.77"}), "alice9")


@pytest.mark.django_db(transaction=True)
async def test_guests_by_websocket_are_counted() -> None:
    await run(create_global_channel, 901)

    async with running_node() as node:

        async def enter(address: str) -> None:
            connection = Connection(
                codec="json", address=address, ticker=node.hub.ticker, on_close=lambda code, reason: None
            )
            await session_login(LoginAttempt(connection, 901, name="Guest"))

        await enter("192.0.2.1")
        await enter("192.0.2.1")
        with pytest.raises(ChatError) as refusal:
            await enter("192.0.2.1")
        assert refusal.value.code is TOO_MUCH and refusal.value.data["retryAfter"] > 0
        await enter("192.0.2.2")
