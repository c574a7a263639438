"""System checks of settings that Django does not know: networks, proxies and origins."""

from __future__ import annotations

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from imsite.options import OPTIONS, read
from imsite.server.local_url import UNIX_PEER, UNIX_PREFIX

_CONTACT = re.compile(r"mailto:[^@\s]+@[\w.-]+|https://[\w-]+\.[\w.-]+", re.ASCII)
_PRIVATE_KEY_BYTES = 32
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_NETWORKS = (
    "IM_OPEN_GATEWAY",
    "IM_MONITORING_NETWORKS",
    "IM_API_DOCS_NETWORKS",
    "IM_WEBHOOK_PRIVATE_NETWORKS",
    "IM_LINK_PREVIEW_PRIVATE_NETWORKS",
    "IM_PUSH_PRIVATE_NETWORKS",
)


@register("imsite")
def check_networks(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report entries that are no network. They would make each request fail."""
    return [
        Error(f'{name}: "{entry}" is not a network, such as 10.0.0.0/8.', id="imsite.E001")
        for name in _NETWORKS
        for entry in getattr(settings, name)
        if not _is_network(entry, strict=False)
    ]


@register("imsite")
def check_proxies(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report proxies that are no address or network. They would never be recognised."""
    return [
        Warning(f'IM_TRUSTED_PROXIES: "{entry}" is not an address or network, such as 10.0.0.0/8.', id="imsite.W002")
        for entry in (part.strip() for part in settings.IM_TRUSTED_PROXIES.split(","))
        if entry not in ("", "*", UNIX_PEER) and not _is_network(entry, strict=True)
    ]


@register("imsite")
def check_unix_proxy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a Unix socket whose proxy is not trusted."""
    trusted = {part.strip() for part in settings.IM_TRUSTED_PROXIES.split(",")}
    if trusted & {UNIX_PEER, "*"} or not str(read("HOST")).startswith(UNIX_PREFIX):
        return []
    return [
        Warning(
            "HOST is a Unix socket, and IM_TRUSTED_PROXIES does not contain `unix`. All clients share one address with "
            "its rate limits, and behind TLS the forms and WebSockets of the site's own pages are refused.",
            id="imsite.W007",
        )
    ]


@register("imsite")
def check_origins(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report origins that no browser sends, such as those with a path."""
    return [
        Warning(f'{name}: "{entry}" is not an origin, such as https://shop.example.org.', id="imsite.W003")
        for name in ("IM_ALLOWED_ORIGINS", "IM_WIDGET_ORIGINS")
        for entry in getattr(settings, name)
        if not _is_origin(entry.rstrip("/"))
    ]


@register("imsite")
def check_root(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a site below a path. Its pages, cookies, sockets and service worker would be those of the whole host."""
    below = {
        "IM_URL_PREFIX": settings.IM_URL_PREFIX.strip("/"),
        "IM_SITE_URL": urlsplit(settings.IM_SITE_URL).path.strip("/"),
    }
    return [
        Error(
            f"{name}: the site cannot be served below /{path}/. Give it a host name of its own, such as "
            "chat.example.org, or a port of its own.",
            id="imsite.E006",
        )
        for name, path in below.items()
        if path
    ]


@register("imsite")
def check_data_directory(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a directory for data in which the site cannot write. It keeps bundles and translations there."""
    directory = Path(settings.DATA_DIR)
    # It is created when it is needed.
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"IM_DATA_DIR: the site cannot write to {existing}. Give the directory to the site's user; a systemd unit "
            "with ProtectSystem=strict also has to name it in ReadWritePaths.",
            id="imsite.E012",
        )
    ]


@register("imsite")
def check_rates(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report rates per second, and bursts, that allow nothing. Each request that counts against them would fail."""
    names = {option.name for option in OPTIONS}
    bursts = sorted(name for name in names if name.endswith("_BURST"))
    return [
        Error(f"{name} must be above 0. For no limit, set a large number.", id="imsite.E007")
        for burst in bursts
        for name in (f"{burst.removesuffix('_BURST')}_RATE", burst)
        if name in names and not getattr(settings, name) > 0
    ]


@register("imsite")
def check_openid_endpoint(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a provider of sign-ins that is reached without TLS. An attacker on the way could sign in as any user."""
    if not settings.SOCIAL_AUTH_OIDC_ENDPOINT or _is_encrypted(settings.SOCIAL_AUTH_OIDC_ENDPOINT):
        return []
    return [
        Error(
            f'SOCIAL_AUTH_OIDC_ENDPOINT: "{settings.SOCIAL_AUTH_OIDC_ENDPOINT}" must begin with https://. Only a '
            "provider on this machine (127.0.0.1, [::1], localhost) may be reached without TLS.",
            id="imsite.E008",
        )
    ]


@register("imsite")
def check_push_contact(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a contact that push services refuse. No notification could be sent."""
    if not settings.IM_PUSH_CONTACT or _CONTACT.fullmatch(settings.IM_PUSH_CONTACT):
        return []
    return [
        Error(
            f'IM_PUSH_CONTACT: "{settings.IM_PUSH_CONTACT}" is neither mailto:name@host nor https://host.',
            id="imsite.E004",
        )
    ]


@register("imsite")
def check_push_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a private key for Web Push that is none. The chat page, which contains the public key, would fail."""
    if not settings.IM_PUSH_PRIVATE_KEY:
        return []
    from chat.push.keys import from_base64url, public_key  # It loads libraries that most commands do without.

    try:
        if len(from_base64url(settings.IM_PUSH_PRIVATE_KEY)) == _PRIVATE_KEY_BYTES and public_key():
            return []
    except ValueError:
        pass
    return [Error("IM_PUSH_PRIVATE_KEY is not a key: 32 bytes in base64url.", id="imsite.E005")]


@register(Tags.security, deploy=True)
def check_proxy_is_trusted(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn if a production site trusts no proxy. The site does not speak TLS, so a proxy must be in front of it."""
    if settings.IM_TRUSTED_PROXIES:
        return []
    return [
        Warning(
            "IM_TRUSTED_PROXIES is empty. Behind a proxy that ends TLS, the forms and WebSockets of the site's own "
            "pages are refused, and all clients share one address with its rate limits.",
            hint="Set IM_TRUSTED_PROXIES to the address of the proxy.",
            id="imsite.W001",
        )
    ]


@register(Tags.security, deploy=True)
def check_staff_second_factor(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn if a stolen password is enough for the admin of a production site."""
    if settings.IM_STAFF_SECOND_FACTOR:
        return []
    return [
        Warning(
            "IM_STAFF_SECOND_FACTOR is off. A stolen password of an operator opens the admin.",
            hint="Turn it on. Staff without an authenticator app or a passkey are then led to set one up.",
            id="imsite.W006",
        )
    ]


def _is_network(text: str, *, strict: bool) -> bool:
    try:
        ip_network(text, strict=strict)
    except ValueError:
        return False
    return True


def _is_encrypted(url: str) -> bool:
    """Return whether requests to the URL cannot be read on their way; those to this machine need no TLS."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) and text == f"{parts.scheme}://{parts.netloc}" and "@" not in text
