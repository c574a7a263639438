"""How often one address may make accounts, guests and mail."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import rate_limits
from accounts.actions import app_create
from accounts.errors import TooOften
from accounts.models import User
from accounts.rate_limits import Throttle
from chat.actions.session import session_open
from chat.errors import TOO_MUCH, ChatError
from delivery import publish
from delivery.rate_limits.base import TokenBucketResult
from tests.accounts.conftest import PASSWORD

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings) -> None:
    rate_limits.registration_rate_limit.forget()
    settings.IM_REGISTRATION_RATE = 2


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(rate_limits, "time", made)
    return made


def test_an_address_has_its_fill_and_gets_it_back(clock: Clock) -> None:
    joining = Throttle("IM_REGISTRATION_RATE")
    joining.take("192.0.2.1")
    joining.take("192.0.2.1")
    with pytest.raises(TooOften) as refusal:
        joining.take("192.0.2.1")
    assert 0 < refusal.value.seconds <= 1801
    joining.take("192.0.2.2")
    clock.now += 1801
    joining.take("192.0.2.1")


def test_what_is_refused_costs_nothing(clock: Clock) -> None:
    joining = Throttle("IM_REGISTRATION_RATE")
    for _ in range(2):
        joining.take("192.0.2.1")
    for _ in range(100):
        with pytest.raises(TooOften):
            joining.take("192.0.2.1")
    clock.now += 1801
    joining.take("192.0.2.1")


def test_the_addresses_of_one_network_count_as_one(clock: Clock) -> None:
    joining = Throttle("IM_REGISTRATION_RATE")
    joining.take("2001:db8:1:2::1")
    joining.take("2001:db8:1:2:ffff::9")
    with pytest.raises(TooOften):
        joining.take("2001:db8:1:2::3")
    joining.take("2001:db8:1:3::1")
    joining.take("::ffff:192.0.2.9")
    joining.take("192.0.2.9")
    with pytest.raises(TooOften):
        joining.take("192.0.2.9")


def test_memory_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "_REMEMBERED", 10)
    joining = Throttle("IM_REGISTRATION_RATE")
    for number in range(100):
        joining.take(f"192.0.2.{number}")
    assert len(joining._spent) == 10


def test_all_nodes_count_together_and_one_by_itself_while_they_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, float, int]] = []
    shared: list[TokenBucketResult | None] = [
        TokenBucketResult(left=1, missing=0),
        TokenBucketResult(left=0.5, missing=0.5),
        None,
        None,
        None,
    ]

    def draw(name: str, *, rate: float, burst: int, patience: float) -> TokenBucketResult | None:
        asked.append((name, rate, burst))
        return shared.pop(0)

    monkeypatch.setattr(publish, "draw", draw)
    joining = Throttle("IM_REGISTRATION_RATE")
    joining.take("192.0.2.1")
    with pytest.raises(TooOften) as refusal:
        joining.take("192.0.2.1")
    assert 900 <= refusal.value.seconds <= 902
    joining.take("192.0.2.1")
    joining.take("192.0.2.1")
    with pytest.raises(TooOften):
        joining.take("192.0.2.1")
    assert {(rate, burst) for _, rate, burst in asked} == {(2 / 3600, 2)}
    assert len({name for name, _, _ in asked}) == 1 and "192.0.2.1" not in asked[0][0]


def test_who_was_counted_is_kept_nowhere(settings: Settings) -> None:
    settings.IM_MAIL_RATE = 2
    mailing, other = Throttle("IM_REGISTRATION_RATE"), Throttle("IM_MAIL_RATE")
    mailing.take("alice@example.org")
    other.take("alice@example.org")
    assert "alice" not in str([*mailing._spent, *other._spent])
    assert set(mailing._spent).isdisjoint(other._spent)


def test_none_is_no_limit(settings: Settings) -> None:
    settings.IM_REGISTRATION_RATE = 0
    joining = Throttle("IM_REGISTRATION_RATE")
    for _ in range(100):
        joining.take("192.0.2.1")


def _register(client: Client, name: str) -> str:
    form = {"username": name, "nickname": "", "password": PASSWORD, "again": PASSWORD}
    return client.post("/accounts/register/", form).content.decode()


def test_accounts_and_guests_share_a_measure(db: None, client: Client) -> None:
    app_create(number=901, name="Web")
    _register(client, "alice")
    assert client.post("/accounts/guest/", {"name": "Guest", "appId": "901"}).status_code == 201
    assert "That was too often" in _register(client, "bob")
    assert client.post("/accounts/guest/", {"name": "Guest", "appId": "901"}).status_code == 429
    answer = client.post(
        "/register", urlencode({"phone_number": "1", "nickname": "c", "password": PASSWORD}), FORM
    ).json()
    assert answer["code"] == -1 and "too often" in answer["msg"]
    assert not User.objects.filter(username="bob").exists()


def test_who_writes_another_address_into_the_request_is_not_believed(db: None) -> None:
    for number in range(2):
        _register(Client(headers={"X-Forwarded-For": f"192.0.2.{number}"}), f"alice{number}")
    assert "too often" in _register(Client(headers={"X-Forwarded-For": "192.0.2.77"}), "alice9")


def test_a_guest_by_websocket_too(db: None) -> None:
    app_create(number=901, name="Web")

    def enter(address: str) -> None:
        session_open(token="", session_key="", name="Guest", app_number=901, address=address)

    enter("192.0.2.1")
    enter("192.0.2.1")
    with pytest.raises(ChatError) as refusal:
        enter("192.0.2.1")
    assert refusal.value.code is TOO_MUCH and refusal.value.data["retryAfter"] > 0
    enter("192.0.2.2")
