"""Browser sessions: sign a user in, record the browser as a device, and look up users by password."""

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
    """Sign the browser in as `user` with a new session.

    Ends its previous session and closes the connections of that.
    """
    leave_session(request)
    login(request, user, backend=_BACKEND)
    record_device(request, user)


def leave_session(request: HttpRequest) -> bool:
    """End the session of a signed-in browser and close its connections. Return whether the browser was signed in."""
    if not (isinstance(request.user, User) and request.session.session_key):
        return False
    session_end(user_id=request.user.pk, session_key=request.session.session_key)
    request.session.flush()
    return True


def record_device(request: HttpRequest, user: User) -> None:
    """Add the browser to the user's devices. An existing entry stays unchanged."""
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
    """Return the active user with this phone number and password; None otherwise, and while the sign-in is locked.

    Unknown numbers take as long and lock like known ones. A user with a second factor signs in on the page only.
    """
    known = user_by_phone(phone_number)
    # No account with a password has a name that begins with "~". A number that no row can hold must not reach the
    # table of failed sign-ins either.
    unknown_name = f"~{phone_number}" if is_storable(phone_number) else "~"
    user = authenticate(request, username=known.username if known else unknown_name, password=password)
    # django-axes would replace the response with the lockout page for browsers; this caller sends its own.
    request.axes_locked_out = None  # type: ignore[attr-defined]
    return user if isinstance(user, User) and not user.has_second_factor else None


def current_credential(request: HttpRequest) -> str:
    """Return the credential of connections that this browser opens now."""
    return session_credential(request.session.session_key or "")


def renew_session(request: HttpRequest, user: User) -> None:
    """Keep the browser signed in after a password change, with a new session key.

    A copy of the old cookie stops working. Connections opened with the old key stay open until the session ends.
    """
    earlier = current_credential(request)
    update_session_auth_hash(request, user)
    keep_earlier_credential(request, earlier)
    record_device(request, user)


def keep_earlier_credential(request: HttpRequest, earlier: str) -> None:
    """Store a credential that the session had before its key was renewed, so that ending the session revokes it too."""
    if earlier != current_credential(request):
        request.session[EARLIER_CREDENTIALS] = [*request.session.get(EARLIER_CREDENTIALS, ()), earlier]
