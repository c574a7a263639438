"""What somebody's browsers and tokens look like to them: made, seen in use, forgotten. The secrets are not here.

Each is named by its credential, as `accounts.credentials` makes it.
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

SEEN_INTERVAL = 60
"""Seconds between two notes of a credential's use: a busy one must not cost a write each time."""
_NAME_LIMIT = 100
_REMEMBERED = 20_000
_BATCH_SIZE = 500
"""Devices in one transaction."""

_noted: dict[str, float] = {}
"""When this process last noted a credential's use, so that most calls need not ask the database."""


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
    """Note a new browser session or token of `user`, in the transaction that makes it. The same again is the same row.

    `app` is an app's number. `address` may be anything; what is no IP address is left out.
    """
    with write():
        device, _ = Device.objects.get_or_create(
            credential=credential,
            defaults={
                "user": user,
                "kind": kind,
                "name": "".join(letter for letter in name if letter.isprintable())[:_NAME_LIMIT],
                "app": _app(app),
                "address": _address(address),
                "created_by": created_by,
                "session_id": session_key,
            },
        )
    return device


def device_record_use(*, credential: str, app: int | None = None, address: str | None = None) -> None:
    """Note that the credential is in use, on which app and from where; at most once a minute.

    What is not given stays. Nothing happens for a credential that nobody has noted.
    """
    devices_record_use({credential: (app, address)})


def devices_record_use(sightings: Mapping[str, tuple[int | None, str | None]]) -> None:
    """The same for many at once: credential to app and address. One statement for a few hundred."""
    now = time.monotonic()
    fresh = {one: seen for one, seen in sightings.items() if now - _noted.get(one, -SEEN_INTERVAL) >= SEEN_INTERVAL}
    if not fresh:
        return
    if len(_noted) + len(fresh) > _REMEMBERED:
        _noted.clear()
    _noted.update(dict.fromkeys(fresh, now))
    apps = dict(App.objects.filter(number__in={app for app, _ in fresh.values()}).values_list("number", "pk"))
    # In one order everywhere: two nodes with the same of them must not wait for each other.
    rows = [(one, apps.get(app or 0), _address(address)) for one, (app, address) in sorted(fresh.items())]
    for start in range(0, len(rows), _BATCH_SIZE):
        with write():
            _note(rows[start : start + _BATCH_SIZE])


def _note(rows: Sequence[tuple[str, int | None, str | None]]) -> None:
    """Credential, app and address. By hand, because a statement each costs a millisecond of CPU."""
    at = timezone.now()
    adapt = connection.ops.adapt_datetimefield_value
    app, address = ("bigint", "inet") if connection.vendor == "postgresql" else ("integer", "text")
    table = connection.ops.quote_name(Device._meta.db_table)
    with connection.cursor() as cursor:
        # Another node may have noted one of them within the minute.
        cursor.execute(
            f"UPDATE {table} SET last_seen_at = %s, app_id = COALESCE(CAST(seen.column2 AS {app}), {table}.app_id),"
            f" address = COALESCE(CAST(seen.column3 AS {address}), {table}.address)"
            f" FROM (VALUES {', '.join(['(%s, %s, %s)'] * len(rows))}) AS seen"
            f" WHERE {table}.credential = seen.column1"
            f" AND ({table}.last_seen_at IS NULL OR {table}.last_seen_at <= %s)",
            [adapt(at), *(value for row in rows for value in row), adapt(at - timedelta(seconds=SEEN_INTERVAL))],
        )


def devices_touch(credentials: Collection[str]) -> None:
    """Note that these are in use now, wherever they were before."""
    waiting = sorted(credentials)
    for start in range(0, len(waiting), _BATCH_SIZE):
        with write():
            Device.objects.filter(credential__in=waiting[start : start + _BATCH_SIZE]).update(
                last_seen_at=timezone.now()
            )


def devices_delete(*credentials: str) -> None:
    """Forget what has ended; in the transaction that ends it."""
    Device.objects.filter(credential__in=credentials).delete()


def devices_delete_all(*, user_id: int, keep: str | None = None) -> None:
    """Forget all of a person's, but the one of the credential `keep`; in the transaction that ends them."""
    Device.objects.filter(user_id=user_id).exclude(credential=keep or "").delete()


def _app(number: int | None) -> App | None:
    return None if number is None else App.objects.filter(number=number).first()


def _address(text: str | None) -> str | None:
    try:
        return str(ip_address((text or "").partition("%")[0]))
    except ValueError:
        return None
