"""PostgreSQL as a service: certificates of a CA of its own, and passwords that change while the site runs."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured

from imsite.database import database, databases
from imsite.postgres.password import issued_password
from tests.support import postgres
from tests.support.certificates import CertificateAuthority
from tests.support.monitoring import get
from tests.support.postgres_server import PostgresServer
from tests.support.sentinels import wait_blocking
from tests.support.site import Site
from tests.support.site_maker import SiteFactory, site_maker

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Return a server that takes `imsite` with TLS and password only."""
    running = PostgresServer(authority=CertificateAuthority())
    try:
        with site_maker(f"service_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}", "postgres") as make:
            running.create(make().database_url)
        running.require_passwords()
        running.set_password("first")
        yield running
    finally:
        running.close()


def _url(server: PostgresServer, *, password: str = "", ca: Path | None = None, host: str = "127.0.0.1") -> str:
    user = f"imsite:{password}" if password else "imsite"
    return (
        server.url.replace("imsite@127.0.0.1", f"{user}@{host}") + f"?sslmode=verify-full&sslrootcert={ca or server.ca}"
    )


def _site(site_factory: SiteFactory, url: str, **options: str) -> Site:
    site = site_factory(**options)
    site.database_url = url
    return site


def _is_ready(site: Site) -> bool:
    return '"database": "ok"' in get(f"{site.url}/readyz").text


# -- TLS -------------------------------------------------------------------------------------------------------------


def test_a_server_with_a_certificate_of_the_ca_is_used(server: PostgresServer, site_factory: SiteFactory) -> None:
    server.set_password("first")
    with _site(site_factory, _url(server, password="first")) as site:
        assert _is_ready(site)
        with psycopg.connect(server.operator_url) as operator:
            sessions = operator.execute(
                "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'imsite'"
            ).fetchall()
        assert sessions and all(is_encrypted for (is_encrypted,) in sessions)


def test_a_server_with_a_certificate_of_another_ca_is_refused(
    server: PostgresServer, site_factory: SiteFactory, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(CertificateAuthority("another CA").certificate)
    with pytest.raises(RuntimeError, match=r"(?s)certificate verify failed.*Set sslrootcert in DATABASE_URL"):
        _site(site_factory, _url(server, password="first", ca=other)).start()


def test_a_server_of_another_name_is_refused(server: PostgresServer, site_factory: SiteFactory) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)does not match host name.*Set sslrootcert in DATABASE_URL"):
        _site(site_factory, _url(server, password="first", host="localhost")).start()


# -- Short-lived passwords -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["FILE", "COMMAND"])
def test_a_password_may_change_while_the_site_runs(
    source: str, server: PostgresServer, site_factory: SiteFactory, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    command = shlex.join([sys.executable, "-c", f"print(open({str(file)!r}).read())"])
    options = {f"IM_DATABASE_PASSWORD_{source}": str(file) if source == "FILE" else command}
    server.set_password("first")
    file.write_text("first\n")
    with _site(site_factory, _url(server), **options) as site:
        assert _is_ready(site)

        server.set_password("second")
        postgres.terminate_sessions(server.operator_url)
        wait_blocking(lambda: not _is_ready(site))

        file.write_text("second\n")
        wait_blocking(lambda: _is_ready(site))


def test_no_request_fails_when_file_and_password_change_together(
    server: PostgresServer, site_factory: SiteFactory, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("first")
    server.set_password("first")
    with _site(site_factory, _url(server), IM_DATABASE_PASSWORD_FILE=str(file)) as site:
        question = f"{site.url}/user/online?userID=nobody"
        assert get(question).status == 200
        server.set_password("second")
        assert get(question).status == 200, "an open connection outlives its password"
        file.write_text("second")

        assert postgres.terminate_sessions(server.operator_url)

        assert [get(question).status for _ in range(20)] == [200] * 20


def test_a_wrong_password_is_reported_without_it(
    server: PostgresServer, site_factory: SiteFactory, tmp_path: Path
) -> None:
    server.set_password("first")
    (tmp_path / "password").write_text("not-the-first")
    site = _site(site_factory, _url(server), IM_DATABASE_PASSWORD_FILE=str(tmp_path / "password"))
    with pytest.raises(RuntimeError, match="password authentication failed") as caught:
        site.start()
    assert "not-the-first" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("FILE", "/nowhere", r"/nowhere cannot be read \(FileNotFoundError\)"),
        ("FILE", "/dev/null", "/dev/null is empty"),
        ("COMMAND", "/nowhere", r"/nowhere cannot be run \(FileNotFoundError\)"),
        ("COMMAND", "true", "the command prints nothing"),
        ("COMMAND", "sh -c 'echo secret; exit 3'", "the command ended with 3"),
    ],
)
def test_a_missing_password_is_explained(name: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"IM_DATABASE_PASSWORD_{name}", value)
    with pytest.raises(psycopg.OperationalError, match=f"IM_DATABASE_PASSWORD_{name}: {reason}") as caught:
        issued_password("host")
    assert "secret" not in str(caught.value)


def test_two_passwords_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IM_DATABASE_PASSWORD_FILE", "/nowhere")
    monkeypatch.setenv("DATABASE_URL", "postgres://imsite:pw@host/imsite")
    with pytest.raises(ImproperlyConfigured, match="IM_DATABASE_PASSWORD_FILE and the password in DATABASE_URL"):
        database(tmp_path)


def test_a_password_is_issued_for_the_host_of_each_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://imsite@primary/imsite")
    monkeypatch.setenv("DATABASE_REPLICA_URL", "postgres://imsite@secondary/imsite")
    monkeypatch.setenv("IM_DATABASE_PASSWORD_COMMAND", "sh -c 'echo for-$PGHOST'")
    passwords = {alias: config["OPTIONS"]["pool"]["conninfo"]() for alias, config in databases(tmp_path).items()}
    assert passwords == {"default": "password=for-primary", "replica": "password=for-secondary"}


@pytest.mark.parametrize(
    ("primary", "replica", "reason"),
    [
        ("", "postgres://imsite@secondary/imsite", "DATABASE_REPLICA_URL needs PostgreSQL in DATABASE_URL"),
        ("postgres://imsite@primary/imsite", "sqlite:///imsite.sqlite3", "must begin with postgres://"),
        (
            "postgres://imsite@primary/imsite",
            "postgres://imsite:pw@secondary/imsite",
            "password in DATABASE_REPLICA_URL",
        ),
    ],
)
def test_a_replica_that_cannot_be_one_is_refused(
    primary: str, replica: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", primary)
    monkeypatch.setenv("DATABASE_REPLICA_URL", replica)
    monkeypatch.setenv("IM_DATABASE_PASSWORD_FILE", "/nowhere")
    with pytest.raises(ImproperlyConfigured, match=reason):
        databases(tmp_path)


@pytest.mark.parametrize("command", ["vault 'read", "  "])
def test_a_password_command_that_is_none_is_refused(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IM_DATABASE_PASSWORD_COMMAND", command)
    monkeypatch.setenv("DATABASE_URL", "postgres://imsite@host/imsite")
    with pytest.raises(ImproperlyConfigured, match="IM_DATABASE_PASSWORD_COMMAND is not a command") as caught:
        database(tmp_path)
    assert "vault" not in str(caught.value)
