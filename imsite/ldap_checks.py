"""System checks of sign-in with an LDAP directory. They do not connect to it: `manage.py ldap check` does."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from accounts.ldap.config import DN, USERNAME, group_rules

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@register("imsite")
def check_ldap(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report settings of a directory that would send passwords in clear text, or let nobody sign in."""
    if not settings.IM_LDAP_URI:
        return []
    problems = [_refused_uri(uri) for uri in settings.IM_LDAP_URI.split()]
    if importlib.util.find_spec("ldap") is None:
        problems.append("IM_LDAP_URI needs python-ldap: pip install --require-hashes -r deploy/requirements-ldap.txt.")
    if not settings.IM_LDAP_USER_BASE:
        problems.append("IM_LDAP_USER_BASE is empty. Set it to the DN below which users are.")
    if USERNAME not in settings.IM_LDAP_USER_FILTER:
        problems.append(f"IM_LDAP_USER_FILTER does not contain {USERNAME}, so it would match the same entry for all.")
    if settings.IM_LDAP_GROUP_BASE and not any(place in settings.IM_LDAP_GROUP_FILTER for place in (DN, USERNAME)):
        problems.append(f"IM_LDAP_GROUP_FILTER contains neither {DN} nor {USERNAME}.")
    if settings.IM_LDAP_CA and not Path(settings.IM_LDAP_CA).is_file():
        problems.append(f"IM_LDAP_CA: there is no file {settings.IM_LDAP_CA}.")
    if bool(settings.IM_LDAP_BIND_DN) != bool(settings.IM_LDAP_BIND_PASSWORD):
        problems.append("IM_LDAP_BIND_DN and IM_LDAP_BIND_PASSWORD belong together. Set both, or neither.")
    try:
        group_rules()
    except ValueError as error:
        problems.append(f'IM_LDAP_GROUP_MAP: "{error}" is not a DN, a colon and a role.')
    return [Error(problem, id="imsite.E013") for problem in problems if problem]


@register("imsite")
def check_ldap_registration(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn if strangers can take the names of users of the directory."""
    if not (settings.IM_LDAP_URI and settings.IM_REGISTRATION):
        return []
    return [
        Warning(
            "IM_REGISTRATION is on together with IM_LDAP_URI: anybody can register a name that a user of the directory "
            "has, who can then not sign in.",
            hint="Set IM_REGISTRATION=False.",
            id="imsite.W008",
        )
    ]


def _refused_uri(uri: str) -> str:
    """Return what is wrong with a URI of the directory; empty if nothing is."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"IM_LDAP_URI: {uri} is no URI."
    if parts.username or parts.query or (parts.path.strip("/") and parts.scheme != "ldapi"):
        return f"IM_LDAP_URI: {uri} has more than a host and a port."
    if parts.scheme in ("ldaps", "ldapi"):
        return f"IM_LDAP_URI: {uri} does not go with IM_LDAP_START_TLS." if settings.IM_LDAP_START_TLS else ""
    if parts.scheme != "ldap":
        return f"IM_LDAP_URI: {uri} must begin with ldaps://, ldap:// or ldapi://."
    if settings.IM_LDAP_START_TLS or host in _LOOPBACK:
        return ""
    return f"IM_LDAP_URI: {uri} would send passwords in clear text. Use ldaps://, or set IM_LDAP_START_TLS."
