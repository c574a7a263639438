"""Passkeys as the only step of a sign-in, as its second step, and as re-authentication.

Each has one call for the options that the browser gives the authenticator, and one for the authenticator's answer. This
one responds with `next`, the page to open.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from accounts import errors
from accounts.actions import passkey_record_use
from accounts.errors import AccountError, PasskeyRefused
from accounts.models import User
from accounts.own_pages import own_page
from accounts.rate_limits import sign_in_rate_limit
from accounts.reauthentication import remember_reauthentication
from accounts.second_factor.challenges import keep_challenge, site_of, take_challenge
from accounts.second_factor.webauthn import check_assertion, read_assertion, request_options
from accounts.second_step import PendingStep, complete_sign_in, pending_step
from accounts.selectors.second_factor import passkey_by_credential, passkey_ids
from accounts.sign_in import sign_in
from accounts.views.passkey_base import PasskeyView, read_answer

_SIGN_IN, _SECOND_STEP, _CONFIRM = "sign-in", "second-step", "confirm"


class SignInOptionsView(PasskeyView):
    """Return options for any passkey of the site. The authenticator lets the user choose, so no name is needed."""

    def post(self, request: HttpRequest) -> HttpResponse:
        sign_in_rate_limit.take(request.META["REMOTE_ADDR"])
        return _options(request, _SIGN_IN, None, verifies_user=True)


class PasskeySignInView(PasskeyView):
    """Sign in with a passkey alone, which is both steps: the authenticator has verified its user."""

    def post(self, request: HttpRequest) -> HttpResponse:
        sign_in_rate_limit.take(request.META["REMOTE_ADDR"])
        user = _user_by_answer(request, _SIGN_IN)
        sign_in(request, user)
        return _next_page(request, reverse("home"))


class SecondStepOptionsView(PasskeyView):
    """Return options for the passkeys of the user who has taken the first step."""

    def post(self, request: HttpRequest) -> HttpResponse:
        return _options(request, _SECOND_STEP, passkey_ids(_pending(request).user), verifies_user=False)


class PasskeySecondStepView(PasskeyView):
    """Take the second step with a passkey."""

    def post(self, request: HttpRequest) -> HttpResponse:
        pending = _pending(request)
        sign_in_rate_limit.take(request.META["REMOTE_ADDR"])
        _user_by_answer(request, _SECOND_STEP, pending.user)
        complete_sign_in(request, pending)
        return JsonResponse({"next": pending.next_page})


class ConfirmOptionsView(LoginRequiredMixin, PasskeyView):
    """Return options for the passkeys of the signed-in user."""

    def post(self, request: HttpRequest) -> HttpResponse:
        return _options(request, _CONFIRM, passkey_ids(cast(User, request.user)), verifies_user=True)


class PasskeyConfirmView(LoginRequiredMixin, PasskeyView):
    """Re-authenticate with a passkey that verifies its user: another person may sit at an open browser."""

    def post(self, request: HttpRequest) -> HttpResponse:
        sign_in_rate_limit.take(request.META["REMOTE_ADDR"])
        _user_by_answer(request, _CONFIRM, cast(User, request.user))
        remember_reauthentication(request)
        return _next_page(request, reverse("accounts:second-factor"))


def _pending(request: HttpRequest) -> PendingStep:
    pending = pending_step(request)
    if pending is None:
        raise AccountError(errors.SECOND_STEP_EXPIRED)
    return pending


def _options(request: HttpRequest, purpose: str, allowed: list[bytes] | None, *, verifies_user: bool) -> HttpResponse:
    options: dict[str, Any]
    options, state = request_options(site_of(request), allowed=allowed, verifies_user=verifies_user)
    keep_challenge(request, purpose, state)
    return JsonResponse(options)


def _user_by_answer(request: HttpRequest, purpose: str, expected: User | None = None) -> User:
    """Return the user whose passkey has signed the challenge. Raise PasskeyRefused, also for another than `expected`.

    The refusals of unknown passkeys, wrong signatures and closed accounts are alike.
    """
    state = take_challenge(request, purpose)
    assertion = read_assertion(read_answer(request))
    passkey = passkey_by_credential(assertion.credential_id)
    if passkey is None or (expected is not None and passkey.user_id != expected.pk) or not passkey.user.is_active:
        raise PasskeyRefused
    if assertion.user_handle not in (None, b"", str(passkey.user_id).encode()):
        raise PasskeyRefused
    sign_count = check_assertion(site_of(request), state, assertion, bytes(passkey.attested_data))
    passkey_record_use(passkey_id=passkey.pk, sign_count=sign_count)
    return passkey.user


def _next_page(request: HttpRequest, default: str) -> JsonResponse:
    return JsonResponse({"next": own_page(request, request.POST.get(REDIRECT_FIELD_NAME, ""), default)})
