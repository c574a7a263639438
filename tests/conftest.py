"""Hooks for all tests: which tests run on which database, and clear errors about missing programs."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

from imsite.translations import compile_translations
from tests.settings import TEST_DATABASE
from tests.support import commands, database, log_secrets, machine, schedule
from tests.support.site import Site

pytest_plugins = [
    "tests.support.clock",
    "tests.support.traces",
    "tests.support.fixtures.browser",
    "tests.support.fixtures.identity_provider",
    "tests.support.fixtures.databases",
    "tests.support.fixtures.ldap",
    "tests.support.fixtures.object_storage",
    "tests.support.fixtures.sites",
    "tests.support.fixtures.shared_site",
    "tests.support.fixtures.users",
]

# An example may take, or be made, as slowly as the machine is. Fixtures such as a shared site serve all examples.
examples.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
examples.load_profile("any machine")

# Garbage collection takes a seventh of a test run: all that is imported and collected stays, and is not visited again.
gc.disable()
_GC_THRESHOLD = 20_000

_DATABASE_FIXTURES = {"db", "transactional_db"}
_SERVICE_FIXTURES = {
    "site_factory",
    "cluster_factory",
    "page",
    "modules",
    "pure_modules",
    "clock_modules",
    "redis_server",
    "redis",
    "receiver",
    "object_storage",
    "slapd",
}
"""Fixtures that start a server, a browser or another program."""
_SERVICE_DIRECTORIES = {"tests/e2e", "tests/cluster", "tests/js", "tests/load", "tests/delivery/cluster/rpc"}


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & _DATABASE_FIXTURES)


def _belongs(item: pytest.Item) -> bool:
    """Return whether the test runs on this database. On PostgreSQL, only tests whose result may differ there run a
    second time.
    """
    if item.get_closest_marker("postgres"):
        return TEST_DATABASE == "postgres"
    if item.get_closest_marker("sqlite"):
        return TEST_DATABASE == "sqlite"
    if TEST_DATABASE == "postgres":
        return _uses_database(item) or item.get_closest_marker("each_database") is not None
    return True


def _is_quick(item: pytest.Item) -> bool:
    """Return whether the test is fast and needs neither another program nor real transactions."""
    marker = item.get_closest_marker("django_db")
    fixtures = set(getattr(item, "fixturenames", ()))
    return not (
        fixtures & _SERVICE_FIXTURES
        or "transactional_db" in fixtures
        or (marker is not None and marker.kwargs.get("transaction"))
        or item.get_closest_marker("each_database")
        or item.get_closest_marker("slow")
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="run only fast tests that need no other program")


def pytest_configure(config: pytest.Config) -> None:
    database.install()
    commands.use_fork_server()
    compile_translations()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    quick = config.getoption("--quick")
    return True if quick and str(collection_path.relative_to(config.rootpath)) in _SERVICE_DIRECTORIES else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    quick = config.getoption("--quick")
    wanted = [item for item in items if _belongs(item) and (not quick or _is_quick(item))]
    kept = set(wanted)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = wanted
    schedule.spread(items)
    if TEST_DATABASE == "postgres" and "PostgreSQL" in machine.missing():
        for item in items:
            item.add_marker(pytest.mark.skip(reason="PostgreSQL is missing on this machine"))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    gc.enable()


_lines_with_secrets: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _lines_with_secrets:
        terminalreporter.section("THE LOGS OF SITES CONTAIN SECRETS OR TEXTS OF CLIENTS", sep="!", red=True, bold=True)
    for line in _lines_with_secrets:
        terminalreporter.line(line, red=True)
    for name, meaning in machine.missing().items():
        terminalreporter.section(f"MISSING ON THIS MACHINE: {name}", sep="!", red=True, bold=True)
        terminalreporter.line(meaning, red=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the last output of the running sites to a failure."""
    report = yield
    if report.failed:
        report.sections += [(f"Last words of {site.log}", site.last_words()) for site in Site.running]
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if a site has logged a secret, and in CI if a program is missing.

    A database without tests of its own is no failure.
    """
    log_secrets.write()
    if not hasattr(session.config, "workerinput"):
        _lines_with_secrets.extend(log_secrets.found_in_logs())
        if _lines_with_secrets:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if os.environ.get("CI") == "true" and machine.missing():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
