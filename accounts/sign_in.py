"""Browser sessions of a request: who signs in takes the place of whoever was signed in there before."""

from __future__ import annotations

from django.contrib.auth import login, update_session_auth_hash
from django.http import HttpRequest

from accounts.actions import session_end
from accounts.credentials import EARLIER_CREDENTIALS, session_credential
from accounts.models import User

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in(request: HttpRequest, user: User) -> None:
    """Give the browser a new session of `user`. Connections that came by the one before are closed."""
    if isinstance(request.user, User) and request.session.session_key:
        session_end(user_id=request.user.pk, session_key=request.session.session_key)
        request.session.flush()
    login(request, user, backend=_BACKEND)


def current_credential(request: HttpRequest) -> str:
    """The credential of connections that this browser makes now."""
    return session_credential(request.session.session_key or "")


def session_renew(request: HttpRequest, user: User) -> None:
    """Keep the browser signed in after its person's password has changed, under a new key.

    A copy of the old cookie is worthless then. Connections made by it live on, and end with the session.
    """
    earlier = current_credential(request)
    update_session_auth_hash(request, user)
    remember_credential(request, earlier)


def remember_credential(request: HttpRequest, earlier: str) -> None:
    """Let the session's end reach connections made by `earlier` too, if its key has been renewed since."""
    if earlier != current_credential(request):
        request.session[EARLIER_CREDENTIALS] = [*request.session.get(EARLIER_CREDENTIALS, ()), earlier]
