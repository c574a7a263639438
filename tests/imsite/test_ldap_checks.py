"""`manage.py check` names settings of an LDAP directory that would leak passwords, or let nobody sign in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from imsite import ldap_checks
from tests.support.commands import ROOT

_RIGHT = {"IM_LDAP_URI": "ldaps://ldap.example.org", "IM_LDAP_USER_BASE": "dc=example", "IM_REGISTRATION": False}


@pytest.fixture(autouse=True)
def _right(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldap_checks.importlib.util, "find_spec", lambda name: name)
    for name, value in _RIGHT.items():
        setattr(settings, name, value)


def _messages() -> list[str]:
    return [message.msg for message in run_checks(tags=["imsite"])]


@pytest.mark.parametrize(
    "uri",
    ["ldaps://ldap.example.org", "ldaps://a:636 ldaps://b", "ldap://127.0.0.1:389", "ldap://[::1]", "ldapi://%2Frun"],
)
def test_encrypted_and_local_directories_are_right(settings: Any, uri: str) -> None:
    settings.IM_LDAP_URI = uri
    assert _messages() == []


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("IM_LDAP_URI", "ldap://ldap.example.org", "clear text"),
        ("IM_LDAP_URI", "ldaps://a ldap://b", "clear text"),
        ("IM_LDAP_URI", "https://a", "must begin with ldaps://"),
        ("IM_LDAP_URI", "ldaps://a:x", "is no URI"),
        ("IM_LDAP_URI", "ldaps://a/dc=example", "more than a host"),
        ("IM_LDAP_START_TLS", True, "does not go with"),
        ("IM_LDAP_USER_BASE", "", "IM_LDAP_USER_BASE is empty"),
        ("IM_LDAP_USER_FILTER", "(uid=alice)", "the same entry"),
        ("IM_LDAP_CA", "/nowhere/ca.pem", "no file"),
        ("IM_LDAP_BIND_DN", "cn=imsite", "belong together"),
        ("IM_LDAP_GROUP_MAP", "cn=ops,dc=example", "a colon and a role"),
        ("IM_REGISTRATION", True, "IM_REGISTRATION is on"),
    ],
)
def test_a_wrong_setting_is_named(settings: Any, name: str, value: object, complaint: str) -> None:
    setattr(settings, name, value)
    (message,) = _messages()
    assert complaint in message


def test_a_group_filter_needs_a_place_for_the_user(settings: Any) -> None:
    settings.IM_LDAP_GROUP_BASE, settings.IM_LDAP_GROUP_FILTER = "dc=example", "(cn=all)"
    assert "neither {dn} nor {username}" in _messages()[0]


def test_a_missing_library_is_named(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ldap_checks.importlib.util, "find_spec", lambda name: None)
    assert "requirements-ldap.txt" in _messages()[0]


def test_a_site_without_a_directory_loads_no_library(tmp_path: Path) -> None:
    code = (
        "import sys, django; sys.modules['ldap'] = None; django.setup();"
        "import accounts.actions, accounts.urls, chat.node.periodic_tasks;"
        "from django.contrib.auth import get_user_model, authenticate;"
        "print(any(name.startswith('accounts.ldap.directory') for name in sys.modules))"
    )
    given = {"DJANGO_SETTINGS_MODULE": "imsite.settings", "IM_DATA_DIR": str(tmp_path), "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=given, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
