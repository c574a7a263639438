"""Browser sessions of a request: who signs in takes the place of whoever was signed in there before."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, update_session_auth_hash
from django.http import HttpRequest

from accounts.actions import device_create, session_end
from accounts.credentials import EARLIER_CREDENTIALS, session_credential
from accounts.models import Device, User
from accounts.names import is_storable
from accounts.selectors.users import user_by_phone
from accounts.user_agents import browser_name

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in(request: HttpRequest, user: User) -> None:
    """Give the browser a new session of `user`. Connections that came by the one before are closed."""
    if isinstance(request.user, User) and request.session.session_key:
        session_end(user_id=request.user.pk, session_key=request.session.session_key)
        request.session.flush()
    login(request, user, backend=_BACKEND)
    remember_device(request, user)


def remember_device(request: HttpRequest, user: User) -> None:
    """Have the browser among the devices that the person sees; one that is there already stays as it is."""
    key = request.session.session_key
    if key is not None:
        device_create(
            user=user,
            kind=Device.Kind.BROWSER,
            credential=session_credential(key),
            name=browser_name(request.headers.get("User-Agent", "")),
            address=request.META["REMOTE_ADDR"],
            session_key=key,
        )


def user_by_password(request: HttpRequest, phone_number: str, password: str) -> User | None:
    """The active person of that phone number and password; None too while too many wrong ones lock it.

    An unknown number takes as long and is locked like a known one.
    """
    known = user_by_phone(phone_number)
    # Nobody who has a password is called so. What no row can hold, the record of failures cannot either.
    nobody = f"~{phone_number}" if is_storable(phone_number) else "~"
    user = authenticate(request, username=known.username if known else nobody, password=password)
    # The lock's own page is for browsers; the caller answers.
    request.axes_locked_out = None  # type: ignore[attr-defined]
    return user if isinstance(user, User) else None


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
    remember_device(request, user)


def remember_credential(request: HttpRequest, earlier: str) -> None:
    """Let the session's end reach connections made by `earlier` too, if its key has been renewed since."""
    if earlier != current_credential(request):
        request.session[EARLIER_CREDENTIALS] = [*request.session.get(EARLIER_CREDENTIALS, ()), earlier]
