"""Receivers of Django's own signals."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.actions import session_end
from accounts.models import User


@receiver(user_logged_out)
def end_signed_out_session(sender: object, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """Close the browser's connections after a sign-out on any page, the admin included."""
    if user is not None and request.session.session_key:
        session_end(user_id=user.pk, session_key=request.session.session_key)
