"""Every command and every HTTP path counts against a rate limit, and `manage.py limits` lists all limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import Settings
from django.test import Client

from accounts.models import User
from chat.commands.registry import COMMANDS, NoUserLimit
from delivery.rate_limits.declared import ANONYMOUS, SETTLED_LIMITS, reset_limits
from imsite import anonymous_rate_limit
from imsite.anonymous_rate_limit import LEGACY_CALLS, REMEMBERED_SECONDS, SignedInSessions
from imsite.limits.page import limits_page, rate_rows
from imsite.limits.rates import DECLARED, FURTHER_OF_PATHS, command_rows, paths
from imsite.limits.sizes import size_options
from imsite.options import OPTIONS
from tests.support.clock import Clock

ROOT = Path(__file__).resolve().parent.parent.parent
ADDRESS = "203.0.113.7"
OTHER_RATES = {"IM_LOG_RATE_LIMIT"}
"""Options with a rate in their name that limit no client."""


@pytest.fixture
def _one_request(settings: Settings) -> Iterator[None]:
    """Allow one request without a token from each address."""
    settings.IM_ANONYMOUS_RATE, settings.IM_ANONYMOUS_BURST = 0.001, 1  # type: ignore[attr-defined]
    reset_limits()
    yield
    reset_limits()


def test_the_guide_has_the_table_of_rates() -> None:
    table = "\n".join(rate_rows())

    assert table in (ROOT / "deploy" / "README.md").read_text(), "copy it from `manage.py limits`"
    assert table in limits_page()


def test_each_option_of_a_rate_belongs_to_a_declared_limit() -> None:
    options = {option.name for option in OPTIONS if re.search(r"_(RATE|BURST)\b", option.name)}

    assert {name for declared in DECLARED for name in declared.options} == options - OTHER_RATES


def test_each_command_counts_against_a_limit_of_its_user_or_says_why_not() -> None:
    unlimited = {name for name, command in COMMANDS.items() if isinstance(command.limit, NoUserLimit)}

    assert unlimited == {"login", "heartbeat", "ping"}
    assert all(command.limit in SETTLED_LIMITS for name, command in COMMANDS.items() if name not in unlimited)
    assert {name for name, *_ in command_rows()} >= COMMANDS.keys()


def test_the_paths_with_further_limits_exist() -> None:
    assert FURTHER_OF_PATHS.keys() <= set(paths())


@pytest.mark.usefixtures("_one_request")
@pytest.mark.parametrize("path", sorted(set(paths())))
def test_a_request_without_a_token_counts_against_its_address(path: str) -> None:
    """Without access to the database: beyond the limit, none is made."""
    url = "/" + re.sub(r"<[^>]*>", "1", re.sub(r"\(\?P?<?.*|\^|\$", "", path))
    assert ANONYMOUS.take(ADDRESS) == 0

    response = Client(REMOTE_ADDR=ADDRESS).post(url)

    if url.startswith(LEGACY_CALLS):
        assert response.status_code == 200 and response.json()["code"] in (-1, 1011), response.content
    else:
        assert response.status_code == 429, response.content
    assert int(response["Retry-After"]) > 900


@pytest.mark.usefixtures("_one_request")
def test_an_ipv6_network_and_a_mapped_address_count_once() -> None:
    statuses = [
        Client(REMOTE_ADDR=address).get("/api/v1/absent/").status_code
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "203.0.113.9", "::ffff:203.0.113.9")
    ]

    assert statuses == [404, 429, 404, 404, 429]


@pytest.mark.django_db
@pytest.mark.usefixtures("_one_request")
def test_requests_of_a_signed_in_browser_count_against_its_user(settings: Settings) -> None:
    """The users of an office share an address."""
    settings.IM_READ_RATE, settings.IM_READ_BURST = 0.001, 2  # type: ignore[attr-defined]
    alice = User.objects.create_user("alice", nickname="Alice")
    browser = Client(REMOTE_ADDR=ADDRESS)
    browser.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    answers = [browser.get("/accounts/profile/") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429], "the first against the address"
    assert int(answers[3]["Retry-After"]) > 900
    browser.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32  # type: ignore[attr-defined]
    assert browser.get("/accounts/profile/").status_code == 429, "another session counts against the address"


@pytest.mark.django_db
@pytest.mark.usefixtures("_one_request")
def test_a_token_is_no_way_around_the_limit_of_paths_that_take_none() -> None:
    browser = Client(REMOTE_ADDR=ADDRESS, HTTP_AUTHORIZATION="Bearer x")

    assert [browser.get("/accounts/login/").status_code for _ in range(2)] == [200, 429]


@pytest.mark.usefixtures("_one_request")
@pytest.mark.parametrize(
    ("language", "text"), [("zh-CN", "操作太快了，请稍等片刻。"), ("en", "You are doing this too fast.")]
)
def test_a_page_beyond_the_limit_is_refused_in_the_language_of_the_browser(language: str, text: str) -> None:
    ANONYMOUS.take(ADDRESS)

    answer = Client(REMOTE_ADDR=ADDRESS, HTTP_ACCEPT_LANGUAGE=language).get("/accounts/login/")

    assert answer.status_code == 429 and text in answer.content.decode()


@pytest.mark.usefixtures("_one_request")
def test_static_files_are_not_counted() -> None:
    browser = Client(REMOTE_ADDR=ADDRESS)

    assert [browser.get("/static/css/tokens.css").status_code for _ in range(3)] == [200] * 3
    assert ANONYMOUS.take(ADDRESS) == 0


def test_sessions_are_remembered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anonymous_rate_limit, "_MAX_SESSIONS", 2)
    clock = Clock()
    monkeypatch.setattr(anonymous_rate_limit, "time", clock)
    sessions = SignedInSessions()
    for number, key in enumerate("abc"):
        sessions.note(key, number)

    assert [sessions.find_user(key) for key in "abc"] == [None, 1, 2], "the oldest makes room"
    sessions.note("b", None)
    assert sessions.find_user("b") is None
    clock.now += REMEMBERED_SECONDS
    assert sessions.find_user("c") is None


def test_an_office_behind_one_address_can_come_back_after_a_restart() -> None:
    defaults = {option.name: option.production for option in OPTIONS}

    assert defaults["IM_CONNECTION_BURST"] >= 5000 and defaults["IM_MAX_CONNECTIONS_PER_ADDRESS"] >= 5000


@pytest.mark.parametrize("option", list(size_options()), ids=lambda option: option.name)
def test_no_size_is_unlimited_by_default_but_those_that_say_so(option: object) -> None:
    assert option.production or "0" in option.description  # type: ignore[attr-defined]
