"""Middleware for the browser session, and for the signed-in user's language and time zone."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import User


class SessionMiddleware(DjangoSessionMiddleware):
    """Keeps the session cookie in the browser when the session of a request has ended elsewhere.

    Django deletes it. The answer to a request from before a sign-in, such as of another tab, would so delete the cookie
    of the new session if it came late, and sign the user out. A sign-out still deletes the cookie.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        if request.session.is_empty() and not request.session.modified:
            response.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        return response


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
