"""A running node reports its state to authorized callers only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest
import redis
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from accounts.models import User
from imsite.monitoring import flame_graph, profiler
from imsite.monitoring.views import VIEWS
from tests.support import database_faults
from tests.support.client import Client
from tests.support.fixtures.sites import Connect, SiteFactory
from tests.support.monitoring import get, metrics
from tests.support.redis import RedisServer
from tests.support.site import Site
from tests.support.waiting import wait_until

PATHS = sorted(VIEWS)
_QUERY = {"/debug/profile": "?seconds=0.1"}


@pytest.fixture
def unpolled_site(site_factory: SiteFactory) -> Iterator[Site]:
    """Run a site that reads no event from the log which is about to be announced."""
    with site_factory(IM_EVENT_LOG_POLL_INTERVAL="3600") as running:
        yield running


async def test_chat_activity_is_counted_in_the_metrics(unpolled_site: Site, connect: Connect) -> None:
    site = unpolled_site
    alice, bob = await connect(site.acc), await connect(site.acc)
    await alice.login_guest("Alice")
    alone = metrics(site.url)
    await bob.login_guest("Bob")
    await alice.push("enter", **{"from": "Bob"})
    before = metrics(site.url)
    for number in range(5):
        await alice.call("message.send", type="text", msg=f"m{number}")
    await bob.push("msg", msg="m4")

    after = metrics(site.url)

    assert (alone["imsite_connections"], alone["imsite_logged_in"]) == (2, 1)
    assert (after["imsite_connections"], after["imsite_logged_in"]) == (2, 2)
    assert after["imsite_commit_messages_sum"] - before["imsite_commit_messages_sum"] == 5
    assert after["imsite_commit_seconds_count"] - before["imsite_commit_seconds_count"] == 5
    assert after["imsite_pushes_in_total"] - before["imsite_pushes_in_total"] == 5
    # These go to Bob. Alice gets replies.
    assert after["imsite_pushes_out_total"] - before["imsite_pushes_out_total"] == 5
    # The value is refreshed periodically.
    await wait_until(lambda: metrics(site.url)["imsite_loop_lag_seconds_count"] > 0)
    for name in ("imsite_log_catchup_events_total", "imsite_outbox_overflows_total"):
        assert after[name] == 0


async def test_unannounced_events_count_as_log_catchup_events(site: Site, connect: Connect) -> None:
    alice: Client = await connect(site.acc)
    await alice.login_guest("Alice")

    # A command is a separate process without a hub: the node finds the message in the log.
    site.manage("shell", "--no-imports", "-c", _SEND)
    await alice.push("msg", msg="from a command")

    assert metrics(site.url)["imsite_log_catchup_events_total"] == 1


_SEND = """
from accounts.actions import system_user
from chat.models import Channel
from chat.sending.drafts import Draft
from chat.sending.writer import commit
room = Channel.objects.get(app__number=101)
commit([Draft(sender=system_user().pk, channel=room.pk, text="from a command")])
"""


def test_a_healthy_node_is_ready_without_redis(site: Site) -> None:
    assert get(f"{site.url}/healthz").text == "ok\n"
    ready = get(f"{site.url}/readyz")
    assert ready.status == 200
    assert '"redis": "not used"' in ready.text and '"hub": "ok"' in ready.text


@pytest.mark.each_database
def test_without_the_database_a_node_is_alive_but_not_ready(site: Site) -> None:
    with database_faults.missing_table(site, "delivery_loghead"):
        refused = get(f"{site.url}/readyz")
        assert refused.status == 503
        assert '"database": "unreachable"' in refused.text
        assert get(f"{site.url}/healthz").status == 200

    assert get(f"{site.url}/readyz").status == 200


def test_without_redis_a_node_is_ready(site_factory: SiteFactory) -> None:
    with site_factory(REDIS_URL="redis://127.0.0.1:1/0", IM_CLUSTER_SECRET="s" * 32) as site:
        ready = get(f"{site.url}/readyz")

    assert ready.status == 200
    assert '"redis": "unreachable"' in ready.text


def test_a_redis_that_takes_no_writes_is_told(site_factory: SiteFactory, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as full:
        with redis.Redis.from_url(full.url) as operator:
            operator.config_set("maxmemory", "1")
        with site_factory(REDIS_URL=full.url, IM_CLUSTER_SECRET="s" * 32) as site:
            ready = get(f"{site.url}/readyz")
            away = metrics(site.url)["imsite_redis_away"]

    assert ready.status == 200
    assert '"redis": "unusable"' in ready.text
    assert away == 1


# -- access ----------------------------------------------------------------------------------------------------------


def test_in_production_monitoring_is_not_public(site_factory: SiteFactory) -> None:
    production = {"IM_ENV": "production", "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "127.0.0.1"}
    with site_factory(**production) as site:
        unknown = get(f"{site.url}/nothing/here")
        for path in PATHS:
            refused = get(f"{site.url}{path}")
            assert (refused.status, refused.text) == (404, unknown.text), path

    with site_factory(**production, IM_MONITORING_NETWORKS="127.0.0.1/32") as site:
        for path in PATHS:
            # The request uses the node's IP address, which is not among the site's hosts.
            assert get(f"{site.url}{path}{_QUERY.get(path, '')}", Host="10.1.2.3:9999").status == 200, path


def test_in_development_monitoring_is_open_to_loopback_only(site_factory: SiteFactory) -> None:
    with site_factory(IM_TRUSTED_PROXIES="127.0.0.1") as site:
        for path in PATHS:
            assert get(f"{site.url}{path}", X_Forwarded_For="192.0.2.1").status == 404, path
            assert get(f"{site.url}{path}{_QUERY.get(path, '')}").status == 200, path

    with site_factory() as site:
        # The header comes from an unknown proxy.
        assert get(f"{site.url}/metrics", X_Forwarded_For="127.0.0.1").status == 404


@pytest.fixture
def browser(settings: Settings) -> Browser:
    settings.IM_MONITORING_NETWORKS = ()
    return Browser()


def _user(*, staff: bool, permitted: bool) -> User:
    user = User.objects.create_user(username=f"p{staff}{permitted}", password="secret", is_staff=staff)
    if permitted:
        user.user_permissions.add(Permission.objects.get(codename="view_state"))
    return user


@pytest.mark.django_db
def test_staff_with_the_permission_can_use_monitoring(browser: Browser) -> None:
    browser.force_login(_user(staff=True, permitted=True))

    for path in PATHS:
        assert browser.get(path + _QUERY.get(path, "")).status_code in {200, 503}, path
    assert browser.get("/metrics").content.startswith(b"# HELP")
    assert browser.post("/metrics").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(("staff", "permitted"), [(True, False), (False, True), (False, False)])
def test_monitoring_is_not_found_for_others(browser: Browser, staff: bool, permitted: bool) -> None:
    browser.force_login(_user(staff=staff, permitted=permitted))
    unknown = browser.get("/nothing/here")

    for path in PATHS:
        assert browser.get(path).status_code == 404, path
        assert browser.get(path).content == unknown.content
        assert browser.post(path).status_code == 404


# -- profiles and dumps ----------------------------------------------------------------------------------------------


def _burn(until: threading.Event) -> None:
    while not until.is_set():
        sum(range(1000))


def test_a_profile_shows_busy_threads_and_not_waiting_ones() -> None:
    done = threading.Event()
    busy = threading.Thread(target=_burn, args=(done,), name="stove_1")
    idle = threading.Thread(target=done.wait, name="bench_1")
    busy.start()
    idle.start()
    spent = dict.fromkeys(("stove", "bench"), 0.0)
    try:
        # A busy machine may not let this process run for as long as a profile takes.
        while not spent["stove"]:
            profile = profiler.sample_cpu(1.0)
            for stack, seconds in profile.stacks.items():
                if stack[0] in spent:
                    spent[stack[0]] += seconds
                    assert stack[0] != "stove" or any(label.startswith("_burn ") for label in stack)
    finally:
        done.set()
        busy.join()
        idle.join()

    assert spent["stove"] > 10 * spent["bench"]
    picture = flame_graph.build_graph(profile)
    assert any(bar.label.startswith("_burn ") for bar in picture.bars)
    assert all(bar.x + bar.width <= picture.width + 0.1 for bar in picture.bars)


def test_a_profile_is_an_svg_without_script(site: Site) -> None:
    done = threading.Event()

    def visit() -> None:
        while not done.is_set():
            get(f"{site.url}/accounts/login/")

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        # It runs this long because a profiler that interrupted the node ended it within seconds.
        answer = get(f"{site.url}/debug/profile?seconds=4")
    finally:
        done.set()
        visitor.join()

    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    drawn = ElementTree.fromstring(answer.text)
    names = {element.tag.rpartition("}")[2] for element in drawn.iter()}
    assert names == {"svg", "title", "rect", "text", "g"}
    assert "convert_exception_to_response" in answer.text


@pytest.mark.parametrize("seconds", ["0", "31", "-1", "nan", "inf", "x", "", "1_0", "1e0"])
def test_the_length_of_a_profile_is_limited(site_of_this_file: Site, seconds: str) -> None:
    assert get(f"{site_of_this_file.url}/debug/profile?seconds={seconds}").status == 400


def test_only_one_profile_runs_at_a_time(site_of_this_file: Site) -> None:
    statuses = [200, 200]
    # On a busy machine the second request may arrive when the first profile is complete.
    for seconds in (2, 10, 30):
        with ThreadPoolExecutor(2) as threads:
            answers = threads.map(get, [f"{site_of_this_file.url}/debug/profile?seconds={seconds}"] * 2)
            statuses = sorted(answer.status for answer in answers)
        if statuses != [200, 200]:
            break

    assert statuses == [200, 503]


def test_tasks_are_listed_by_coroutine(site_of_this_file: Site) -> None:
    told = get(f"{site_of_this_file.url}/debug/tasks").text

    for name in ("Hub._follow", "Node._sweep", "Server.serve"):
        assert name in told


def test_memory_is_listed_by_type(site_of_this_file: Site) -> None:
    told = get(f"{site_of_this_file.url}/debug/memory").text

    assert "builtins.dict" in told and "MiB" in told


@pytest.fixture(scope="module")
def site_of_this_file(site_factory: SiteFactory) -> Iterator[Site]:
    """Run a site for tests that change nothing."""
    with site_factory() as running:
        yield running
