"""Apps: the platforms that users connect on. An app's number never changes, and apps are never deleted."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.dispatch import Signal

from accounts import errors
from accounts.actions.revocations import revoke_app
from accounts.errors import BadApp
from accounts.models import App
from accounts.names import BadName, check_name
from delivery.db.transactions import write

app_created = Signal()
"""Sent with `app` in the transaction that creates it, so that receivers can create what belongs to it."""
_MAX_NUMBER = 2**31 - 1
_NAME_MAX_LENGTH = 64


def app_create(*, number: int, name: str, guests_allowed: bool = True, enabled: bool = True) -> App:
    """Create an app. Raises BadApp if its number is taken or out of range, or its name is not valid."""
    if not 1 <= number <= _MAX_NUMBER:
        raise BadApp(errors.APP_NUMBER_RANGE, limit=_MAX_NUMBER)
    app = App(number=number, name=_clean_name(name), guests_allowed=guests_allowed, enabled=enabled)
    with write():
        try:
            with transaction.atomic():
                app.save(force_insert=True)
        except IntegrityError:
            raise BadApp(errors.APP_NUMBER_TAKEN) from None
        app_created.send(App, app=app)
    return app


def app_update(*, number: int, name: str, guests_allowed: bool, enabled: bool) -> App:
    """Change an app. Disabling it closes all its connections and refuses log-ins.

    Raises BadApp for an unknown number or a name that is not valid.
    """
    with write():
        app = App.objects.select_for_update(no_key=True).filter(number=number).first()
        if app is None:
            raise BadApp(errors.NO_SUCH_APP)
        is_disabled_now = app.enabled and not enabled
        if name != app.name:
            app.name = _clean_name(name)
        app.guests_allowed, app.enabled = guests_allowed, enabled
        app.save(update_fields=["name", "guests_allowed", "enabled"])
        if is_disabled_now:
            revoke_app(number)
    return app


def _clean_name(name: str) -> str:
    try:
        return check_name(name, limit=_NAME_MAX_LENGTH)
    except BadName as bad:
        raise BadApp(bad.reason, **bad.params) from None
