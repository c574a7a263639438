"""Subscribe a browser to notifications, change what it gets, and end it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import sha256

from django.conf import settings
from django.db import IntegrityError

from accounts.models import Device, User
from chat import reasons
from chat.errors import ChatError
from chat.models import PushNotification, PushSubscription
from chat.push import keys
from chat.push.endpoints import check_endpoint
from delivery import log
from delivery.db.transactions import write
from delivery.outbound.ssrf_guard import UrlNotAllowed

_PUBLIC_KEY_BYTES, _AUTH_BYTES = 65, 16
TEST_CHANNEL = 0
_MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class BrowserKeys:
    """A browser's own subscription: the URL of its push service, and its keys in base64url."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The messages that a browser is notified of, and whether it shows their texts."""

    direct: bool
    mentions: bool
    threads: bool
    everything: bool
    shows_text: bool


def push_subscribe(*, user: User, credential: str, browser: BrowserKeys, choices: Choices) -> PushSubscription:
    """Notify the browser of this session, or change what it is notified of.

    Raise ChatError FORBIDDEN where the site notifies no browsers, ACCOUNT_REQUIRED for guests, PUSH_ENDPOINT, or
    SESSION_ENDED if the credential is not that of a browser's session of the user.
    """
    if not settings.IM_PUSH:
        raise ChatError(reasons.FORBIDDEN)
    if user.is_guest:
        raise ChatError(reasons.ACCOUNT_REQUIRED)
    _check(browser)
    for _ in range(_MAX_ATTEMPTS - 1):
        try:
            return _subscription_store(user, credential, browser, choices)
        except IntegrityError:
            # The browser was subscribed for another session meanwhile; that subscription is found and replaced now.
            continue
    return _subscription_store(user, credential, browser, choices)


def _subscription_store(user: User, credential: str, browser: BrowserKeys, choices: Choices) -> PushSubscription:
    digest = sha256(browser.endpoint.encode()).hexdigest()
    with write():
        if not User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True):
            raise ChatError(reasons.ACCOUNT_INACTIVE)
        device = Device.objects.filter(credential=credential, user=user).exclude(session=None).first()
        if device is None:
            raise ChatError(reasons.SESSION_ENDED)
        # The browser's subscription of an earlier session, or of another user.
        PushSubscription.objects.filter(endpoint_digest=digest).exclude(device=device).delete()
        fields = asdict(browser) | asdict(choices) | {"user": user, "endpoint_digest": digest}
        subscription, _ = PushSubscription.objects.update_or_create(
            device=device, defaults=fields, create_defaults=fields | {"from_position": log.head()}
        )
        of_user = PushSubscription.objects.filter(user=user).exclude(pk=subscription.pk).order_by("-pk")
        surplus = list(of_user.values_list("pk", flat=True)[max(0, settings.IM_PUSH_MAX_PER_USER - 1) :])
        PushSubscription.objects.filter(pk__in=surplus).delete()
    return subscription


def push_unsubscribe(*, user: User, credential: str) -> None:
    """End the notifications of this session's browser, if it gets any."""
    with write():
        PushSubscription.objects.filter(user=user, device__credential=credential).delete()


def push_test(*, user: User, credential: str) -> None:
    """Send a notification to this session's browser. Raise ChatError PUSH_NOT_SUBSCRIBED if it gets none."""
    now = log.now_ms()
    with write():
        subscription = PushSubscription.objects.filter(user=user, device__credential=credential).first()
        if subscription is None:
            raise ChatError(reasons.PUSH_NOT_SUBSCRIBED)
        expires_at = now + settings.IM_PUSH_TTL_SECONDS * 1000
        PushNotification.objects.update_or_create(
            subscription=subscription,
            channel=TEST_CHANNEL,
            defaults={"created_at": now, "due_at": now, "expires_at": expires_at, "attempts": 0},
        )


def _check(browser: BrowserKeys) -> None:
    try:
        check_endpoint(browser.endpoint)
        public, secret = keys.from_base64url(browser.p256dh), keys.from_base64url(browser.auth)
        if len(public) != _PUBLIC_KEY_BYTES or len(secret) != _AUTH_BYTES:
            raise ValueError("the length of a key")
        _load_public_key(public)
    except (UrlNotAllowed, ValueError) as error:
        raise ChatError(reasons.PUSH_ENDPOINT) from error


def _load_public_key(raw: bytes) -> None:
    """Raise ValueError if the bytes are no point of the curve."""
    from cryptography.hazmat.primitives.asymmetric import ec  # Only sites that send notifications need it.

    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
