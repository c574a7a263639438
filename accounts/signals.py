"""What follows from Django's own signals."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.actions import session_end
from accounts.models import User


@receiver(user_logged_out)
def end_connections(sender: object, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """Signing out closes what the browser has open, wherever the button was, in the admin too."""
    if user is not None and request.session.session_key:
        session_end(user_id=user.pk, session_key=request.session.session_key)
