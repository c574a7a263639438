"""A connection URL with unencoded signs is refused in a sentence that shows no part of it."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.exceptions import ImproperlyConfigured

from imsite import database
from imsite.connection_urls import connection_url, redis_channel_urls, redis_url
from imsite.options import read

NAMES = {"DATABASE_URL": "postgres", "REDIS_URL": "redis", "EMAIL_URL": "smtp+tls"}
PASSWORDS = ["s3/cret", "s3?cret", "s3#cret", "12/34", "12?34", "12#34", "/", "s3@/cret", "s3[/cret", "1:2/3@4"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("user", ["", "im"])
def test_signs_in_a_password_must_be_encoded(
    name: str, password: str, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f"{NAMES[name]}://{user}:{password}@db.example:5432/0")
    with pytest.raises(ImproperlyConfigured) as refused:
        connection_url(name)
    sentence = str(refused.value)
    assert sentence.startswith(f"{name} is not a valid URL. Percent-encode the signs")
    assert refused.value.__cause__ is None and refused.value.__context__ is None, "a traceback shows the causes too"
    assert not [part for part in re.findall(r"\w{2,}", password) if part in sentence]


@pytest.mark.parametrize("wrong", ["im:secret@db", "secret", "://:secret@db", "postgres://im:secret", "a://b:c:1/x"])
def test_what_is_no_url_is_refused(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", wrong)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refused:
        connection_url("DATABASE_URL")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgres://im:s3%2Fcr%3Fet%23%40@db.example/imsite?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgres://im@[2001:db8::1]:5432/imsite",
        "postgres://im:pw@db1:5432,db2:5432/imsite",
        "postgres://im:p@w@%2Fvar%2Frun/imsite",
        "postgres:///imsite",
        "sqlite:////tmp/da ta's#1/?@ü.sqlite3",
        "redis://:pass:word@127.0.0.1:6379/0",
        "unix://:pw@/run/redis.sock?db=1",
    ],
)
def test_a_valid_url_stays_as_it_is(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    assert connection_url("REDIS_URL") == url


def test_brackets_in_a_password_need_not_be_encoded(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://im:a[b]c@db.example/imsite")
    config = database.database(tmp_path)  # type: ignore[arg-type]
    assert (config["PASSWORD"], config["HOST"]) == ("a[b]c", "db.example")


def test_a_url_of_sentinels_names_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis+sentinel://:secret@one.example,two.example:26380/")
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL lacks the name of the service") as refused:
        redis_url()
    assert "secret" not in str(refused.value)


def test_the_ca_of_redis_becomes_part_of_its_urls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ca = tmp_path / "the ca.pem"
    monkeypatch.setenv("IM_REDIS_CA", str(ca))
    monkeypatch.setenv("REDIS_URL", "rediss://one.example/0")
    monkeypatch.setenv("REDIS_CHANNEL_URLS", "rediss+sentinel://a,b/chat?sentinel_password=x redis://two.example")
    with pytest.raises(ImproperlyConfigured, match=r"IM_REDIS_CA: .*the ca\.pem cannot be read"):
        redis_url()
    ca.touch()
    argument = f"ssl_ca_certs={quote(str(ca), safe='')}"
    assert redis_url() == f"rediss://one.example/0?{argument}"
    assert redis_channel_urls() == (
        f"rediss+sentinel://a,b/chat?sentinel_password=x&{argument}",
        "redis://two.example",
    )
    monkeypatch.setenv("REDIS_URL", redis_url())
    assert redis_url() == f"rediss://one.example/0?{argument}", "a node of `manage.py cluster` gets it from there"


def test_the_scheme_of_redis_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "http://:secret@db.example")
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must begin with redis://") as refused:
        redis_url()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("name", "kind"), [("PORT", "a whole number"), ("IM_SEND_RATE", "a number")])
def test_a_setting_of_another_type_is_named_without_its_value(
    name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "s3cret")
    with pytest.raises(ImproperlyConfigured, match=f"^{name} must be {kind}.$") as refused:
        read(name)
    assert refused.value.__suppress_context__


def test_a_secret_may_begin_with_a_dollar_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IM_CLUSTER_SECRET", "$ecret")
    assert read("IM_CLUSTER_SECRET") == "$ecret"


def test_entries_of_a_list_may_follow_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example,")
    assert read("ALLOWED_HOSTS") == ("a.example", "b.example")
