"""Middleware that applies the signed-in user's language and time zone to pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import User


class UserLocaleMiddleware:
    """Overrides LocaleMiddleware's choice with the user's own. Requests without a session cookie load no user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        if not isinstance(user, User):
            return self.get_response(request)
        if user.language in dict(settings.LANGUAGES):
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        if not user.time_zone:
            return self.get_response(request)
        with timezone.override(user.time_zone):
            return self.get_response(request)
