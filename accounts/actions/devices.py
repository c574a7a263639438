"""Devices: the browsers and tokens that users see in their account, without the secrets.

A device is identified by its credential, as `accounts.credentials` builds it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from ipaddress import ip_address

from django.db import connection
from django.utils import timezone

from accounts.models import App, Device, User
from delivery.db.transactions import write

USE_INTERVAL_SECONDS = 60
"""Seconds between two records of a credential's use, so that a busy one does not cost a write for each call."""
_NAME_MAX_LENGTH = 100
_MAX_RECORDED = 20_000
_BATCH_SIZE = 500
"""Devices written in one transaction."""

_recorded: dict[str, float] = {}
"""Credential to the monotonic time at which this process last recorded its use. Saves most database calls."""


def device_create(
    *,
    user: User,
    kind: Device.Kind,
    credential: str,
    name: str = "",
    app: int | None = None,
    address: str | None = None,
    created_by: User | None = None,
    session_key: str | None = None,
) -> Device:
    """Record a browser session or token, in the transaction that creates it. An existing device is returned unchanged.

    `app` is an app's number. An `address` that is not an IP address is left out.
    """
    with write():
        device, _ = Device.objects.get_or_create(
            credential=credential,
            defaults={
                "user": user,
                "kind": kind,
                "name": "".join(letter for letter in name if letter.isprintable())[:_NAME_MAX_LENGTH],
                "app": _app_by_number(app),
                "address": clean_address(address),
                "created_by": created_by,
                "session_id": session_key,
            },
        )
    return device


def devices_record_use(uses: Mapping[str, tuple[int | None, str | None]]) -> None:
    """Record that credentials are in use: credential to app number and address, each at most once a minute.

    None keeps the stored app or address. Unknown credentials are ignored. One statement takes several hundred.
    """
    now = time.monotonic()
    fresh = {
        credential: use
        for credential, use in uses.items()
        if now - _recorded.get(credential, -USE_INTERVAL_SECONDS) >= USE_INTERVAL_SECONDS
    }
    if not fresh:
        return
    if len(_recorded) + len(fresh) > _MAX_RECORDED:
        _recorded.clear()
    apps = dict(App.objects.filter(number__in={app for app, _ in fresh.values()}).values_list("number", "pk"))
    # A fixed order: two nodes that write the same devices must not deadlock.
    rows = [
        (credential, apps.get(app or 0), clean_address(address)) for credential, (app, address) in sorted(fresh.items())
    ]
    for start in range(0, len(rows), _BATCH_SIZE):
        with write():
            _update_use(rows[start : start + _BATCH_SIZE])
    _recorded.update(dict.fromkeys(fresh, now))


def _update_use(rows: Sequence[tuple[str, int | None, str | None]]) -> None:
    """Write rows of credential, app id and address in one raw statement. One for each row would cost 1 ms of CPU."""
    at = timezone.now()
    adapt = connection.ops.adapt_datetimefield_value
    app, address = ("bigint", "inet") if connection.vendor == "postgresql" else ("integer", "text")
    table = connection.ops.quote_name(Device._meta.db_table)
    with connection.cursor() as cursor:
        # Skip devices whose use another node has recorded within the interval.
        cursor.execute(
            f"UPDATE {table} SET last_seen_at = %s, app_id = COALESCE(CAST(seen.column2 AS {app}), {table}.app_id),"
            f" address = COALESCE(CAST(seen.column3 AS {address}), {table}.address)"
            f" FROM (VALUES {', '.join(['(%s, %s, %s)'] * len(rows))}) AS seen"
            f" WHERE {table}.credential = seen.column1"
            f" AND ({table}.last_seen_at IS NULL OR {table}.last_seen_at <= %s)",
            [adapt(at), *(value for row in rows for value in row), adapt(at - timedelta(seconds=USE_INTERVAL_SECONDS))],
        )


def devices_touch(credentials: Collection[str]) -> None:
    """Record that these credentials are in use now. Keeps the stored app and address."""
    ordered = sorted(credentials)
    for start in range(0, len(ordered), _BATCH_SIZE):
        with write():
            Device.objects.filter(credential__in=ordered[start : start + _BATCH_SIZE]).update(
                last_seen_at=timezone.now()
            )


def devices_delete(*credentials: str) -> None:
    """Delete the devices of credentials that end, in the transaction that ends them."""
    Device.objects.filter(credential__in=credentials).delete()


def devices_delete_all(*, user_id: int, keep: str | None = None) -> None:
    """Delete all devices of a user except that of `keep`, in the transaction that ends their credentials."""
    Device.objects.filter(user_id=user_id).exclude(credential=keep or "").delete()


def _app_by_number(number: int | None) -> App | None:
    return None if number is None else App.objects.filter(number=number).first()


def clean_address(text: str | None) -> str | None:
    """Return the IP address as stored, without a zone; None if the text is not one."""
    try:
        return str(ip_address((text or "").partition("%")[0]))
    except ValueError:
        return None
