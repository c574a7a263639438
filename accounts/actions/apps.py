"""Apps: the platforms people are on. An app's number never changes and no app is deleted."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.dispatch import Signal

from accounts.actions.revocations import revoke_app
from accounts.errors import BadApp
from accounts.models import App
from accounts.names import BadName, check_name
from delivery.db.transactions import write

app_created = Signal()
"""Sent with `app` in the transaction that makes it, so that what belongs to an app can be made with it."""
_NUMBER_LIMIT = 2**31 - 1
_NAME_LIMIT = 64


def app_create(*, number: int, name: str, guests_allowed: bool = True, enabled: bool = True) -> App:
    """A new app. BadApp if its number is taken or out of range, or its name cannot be shown."""
    if not 1 <= number <= _NUMBER_LIMIT:
        raise BadApp("An app's number is between 1 and %(limit)s.", limit=_NUMBER_LIMIT)
    app = App(number=number, name=_checked_name(name), guests_allowed=guests_allowed, enabled=enabled)
    with write():
        try:
            with transaction.atomic():
                app.save(force_insert=True)
        except IntegrityError:
            raise BadApp("Another app has this number.") from None
        app_created.send(App, app=app)
    return app


def app_update(*, number: int, name: str, guests_allowed: bool, enabled: bool) -> App:
    """Change an app. Once disabled, nobody is on it any more, nor can log in to it.

    BadApp for an unknown number or a bad name.
    """
    name = _checked_name(name)
    with write():
        app = App.objects.select_for_update(no_key=True).filter(number=number).first()
        if app is None:
            raise BadApp("There is no such app.")
        ends = app.enabled and not enabled
        app.name, app.guests_allowed, app.enabled = name, guests_allowed, enabled
        app.save(update_fields=["name", "guests_allowed", "enabled"])
        if ends:
            revoke_app(number)
    return app


def _checked_name(name: str) -> str:
    try:
        return check_name(name, limit=_NAME_LIMIT)
    except BadName as bad:
        raise BadApp(bad.text, **bad.params) from None
