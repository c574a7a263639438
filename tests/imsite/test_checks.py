"""`manage.py check` names settings that make the site refuse its own pages, or fail at each request."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from tests.support.waiting import TIMEOUT_SECONDS

ROOT = Path(__file__).resolve().parent.parent.parent


def messages(*, deploy: bool = False) -> list[str]:
    found = run_checks(tags=["imsite", *(["security"] if deploy else [])], include_deployment_checks=deploy)
    return [f"{message.id} {message.msg}" for message in found if str(message.id).startswith("imsite.")]


def test_the_defaults_are_right() -> None:
    assert messages() == []


def test_a_deployment_that_trusts_no_proxy_is_reported(settings: Settings) -> None:
    settings.IM_TRUSTED_PROXIES, settings.IM_STAFF_SECOND_FACTOR = "", True
    [message] = messages(deploy=True)
    assert "IM_TRUSTED_PROXIES is empty" in message
    settings.IM_TRUSTED_PROXIES = "10.0.0.1"
    assert messages(deploy=True) == []


def test_a_deployment_whose_staff_need_no_second_factor_is_reported(settings: Settings) -> None:
    settings.IM_TRUSTED_PROXIES, settings.IM_STAFF_SECOND_FACTOR = "10.0.0.1", False
    [message] = messages(deploy=True)
    assert "IM_STAFF_SECOND_FACTOR is off" in message


def deployed(**environment: str) -> str:
    """Return the complaints of `manage.py check --deploy` on a production site with these options."""
    given = {
        "DJANGO_SETTINGS_MODULE": "imsite.settings",
        "IM_ENV": "production",
        "SECRET_KEY": "k9" * 20 + "abcdefgh12345",
        "ALLOWED_HOSTS": "chat.example.org",
        **environment,
    }
    arguments = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    checked = subprocess.run(
        arguments, cwd=ROOT, env=os.environ | given, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )
    assert checked.returncode in (0, 1), checked.stderr
    return checked.stderr if checked.returncode else ""


def test_a_deployment_with_its_settings_is_right_and_one_without_a_proxy_is_named() -> None:
    assert deployed(IM_TRUSTED_PROXIES="10.0.0.1", IM_STAFF_SECOND_FACTOR="true") == ""
    missing = deployed(IM_STAFF_SECOND_FACTOR="true")
    assert "imsite.W001" in missing and "Set IM_TRUSTED_PROXIES to the address of the proxy." in missing
    assert missing.count("?: (") == 1, missing


@pytest.mark.parametrize(
    "setting",
    [
        "IM_OPEN_GATEWAY",
        "IM_MONITORING_NETWORKS",
        "IM_API_DOCS_NETWORKS",
        "IM_WEBHOOK_PRIVATE_NETWORKS",
        "IM_LINK_PREVIEW_PRIVATE_NETWORKS",
        "IM_PUSH_PRIVATE_NETWORKS",
    ],
)
def test_a_network_that_is_none_is_reported(setting: str, settings: Settings) -> None:
    setattr(settings, setting, ("10.0.0.0/8", "127.0.0.1", "10.0.0.0-10.0.0.9"))
    [message] = messages()
    assert setting in message and "10.0.0.0-10.0.0.9" in message


@pytest.mark.parametrize(
    ("entry", "wrong"), [("*", 0), ("unix", 0), ("10.0.0.1, 10.1.0.0/16", 0), ("nginx", 1), ("10.0.0.1/8", 1)]
)
def test_a_proxy_that_is_no_address_is_reported(entry: str, wrong: int, settings: Settings) -> None:
    settings.IM_TRUSTED_PROXIES = entry
    assert len(messages()) == wrong


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ("https://shop.example.org", 0),
        ("http://[::1]:8080", 0),
        ("capacitor://localhost", 0),
        ("https://shop.example.org/", 0),
        ("https://shop.example.org/chat", 1),
        ("shop.example.org", 1),
        ("https://[bad", 1),
    ],
)
def test_an_origin_that_no_browser_sends_is_reported(entry: str, wrong: int, settings: Settings) -> None:
    settings.IM_ALLOWED_ORIGINS = (entry,)
    assert len(messages()) == wrong
    settings.IM_WIDGET_ORIGINS = (entry,)
    assert len(messages()) == 2 * wrong


@pytest.mark.parametrize(
    ("contact", "wrong"),
    [
        ("", 0),
        ("mailto:chat@example.org", 0),
        ("https://chat.example.org", 0),
        ("chat@example.org", 1),
        ("mailto:", 1),
        ("mailto:Chat <chat@example.org>", 1),
        ("http://chat.example.org", 1),
        ("https://localhost", 1),
    ],
)
def test_a_contact_that_push_services_refuse_is_reported(contact: str, wrong: int, settings: Settings) -> None:
    settings.IM_PUSH_CONTACT = contact
    assert len(messages()) == wrong


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("", 0),
        ("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE", 0),
        ("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", 0),
        ("AQEB", 1),
        ("A" * 43, 1),
        ("_" * 43, 1),
        ("ключ", 1),
        ("-----BEGIN PRIVATE KEY-----", 1),
    ],
)
def test_a_push_key_that_is_none_is_reported(key: str, wrong: int, settings: Settings) -> None:
    settings.IM_PUSH_PRIVATE_KEY = key
    assert len(messages()) == wrong


@pytest.mark.parametrize(
    ("setting", "value", "wrong"),
    [
        ("IM_URL_PREFIX", "/", 0),
        ("IM_URL_PREFIX", "/im/", 1),
        ("IM_SITE_URL", "https://chat.example:8443", 0),
        ("IM_SITE_URL", "https://[2001:db8::1]:8443/", 0),
        ("IM_SITE_URL", "https://www.example/im/", 1),
    ],
)
def test_a_site_below_a_path_does_not_start(setting: str, value: str, wrong: int, settings: Settings) -> None:
    setattr(settings, setting, value)
    found = [message for message in messages() if "imsite.E006" in message]
    assert len(found) == wrong and all("/im/" in message and "a host name of its own" in message for message in found)


def test_a_data_directory_that_cannot_be_written_is_reported(settings: Settings, tmp_path: Path) -> None:
    """The directories above it are created."""
    settings.DATA_DIR = tmp_path / "srv" / "imsite"
    assert messages() == []
    (tmp_path / "srv").write_text("not a directory")
    [message] = messages()
    assert "imsite.E012" in message and f"cannot write to {tmp_path / 'srv'}." in message


@pytest.mark.parametrize(
    ("setting", "value", "wrong"),
    [
        ("IM_ANONYMOUS_RATE", 0.0, 1),
        ("IM_ANONYMOUS_RATE", float("nan"), 1),
        ("IM_ANONYMOUS_RATE", 0.001, 0),
        ("IM_SEND_BURST", -1, 1),
        ("IM_REGISTRATION_RATE", 0, 0),
    ],
)
def test_a_rate_that_allows_nothing_is_reported(setting: str, value: float, wrong: int, settings: Settings) -> None:
    """Each request would divide by it. A limit per hour is off at 0."""
    setattr(settings, setting, value)
    assert [setting in message for message in messages() if "imsite.E007" in message] == [True] * wrong


@pytest.mark.parametrize(
    ("host", "proxies", "wrong"),
    [
        ("unix:/run/imsite/imsite.sock", "10.0.0.1", 1),
        ("unix:/run/imsite/imsite.sock", "10.0.0.1, unix", 0),
        ("unix:/run/imsite/imsite.sock", "*", 0),
        ("127.0.0.1", "10.0.0.1", 0),
    ],
)
def test_a_unix_socket_whose_proxy_is_not_trusted_is_reported(
    host: str, proxies: str, wrong: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IM_TRUSTED_PROXIES = proxies
    monkeypatch.setenv("HOST", host)
    assert ["imsite.W007" in message for message in messages()] == [True] * wrong


@pytest.mark.parametrize(
    "endpoint", ["http://id.example.org/realm", "id.example.org", "https://", "http://[", "ftp://a"]
)
def test_an_openid_provider_without_tls_is_reported(endpoint: str, settings: Settings) -> None:
    settings.SOCIAL_AUTH_OIDC_ENDPOINT = endpoint
    [message] = messages()
    assert "imsite.E008" in message and "must begin with https://" in message


@pytest.mark.parametrize(
    "endpoint", ["", "https://id.example.org/realm", "http://127.0.0.1:8080", "http://[::1]:8080/", "http://localhost"]
)
def test_an_openid_provider_with_tls_or_on_this_machine_is_right(endpoint: str, settings: Settings) -> None:
    settings.SOCIAL_AUTH_OIDC_ENDPOINT = endpoint
    assert messages() == []
