"""Passkeys on the account pages: add, rename, remove."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.actions import passkey_create, passkey_delete, passkey_rename
from accounts.numbers import parse_decimal
from accounts.rate_limits import second_factor_rate_limit
from accounts.second_factor import notices
from accounts.second_factor.challenges import keep_challenge, site_of, take_challenge
from accounts.second_factor.webauthn import check_creation, creation_options
from accounts.selectors.second_factor import passkey_ids, second_factors
from accounts.views.passkey_base import PasskeyView, read_answer
from accounts.views.second_factor import ReauthenticatedPageView, page_after_addition

_ADD = "add"


class PasskeyOptionsView(ReauthenticatedPageView, PasskeyView):
    """Return the options that the browser gives the authenticator for a new passkey."""

    def post(self, request: HttpRequest) -> HttpResponse:
        user = self.user
        options, state = creation_options(
            site_of(request),
            user_handle=str(user.pk).encode(),
            username=user.username,
            nickname=user.nickname,
            existing=passkey_ids(user),
        )
        keep_challenge(request, _ADD, state)
        return JsonResponse(options)


class PasskeyAddView(ReauthenticatedPageView, PasskeyView):
    """Store the new passkey. Responds with `next`, the page to open."""

    def post(self, request: HttpRequest) -> HttpResponse:
        second_factor_rate_limit.take(str(self.user.pk))
        key = check_creation(site_of(request), take_challenge(request, _ADD), read_answer(request))
        codes = passkey_create(user_id=self.user.pk, name=request.POST.get("name", ""), key=key)
        added = second_factors(self.user).passkeys[-1]
        notices.notify(self.user, notices.PASSKEY_ADDED, passkey=added.name)
        messages.success(request, _("The passkey was added."))
        return JsonResponse({"next": page_after_addition(request, codes)})


class PasskeyRenameView(ReauthenticatedPageView):
    """Rename a passkey of the user."""

    def post(self, request: HttpRequest, passkey_id: str) -> HttpResponse:
        passkey_rename(
            user_id=self.user.pk, passkey_id=parse_decimal(passkey_id) or 0, name=request.POST.get("name", "")
        )
        messages.success(request, _("Saved."))
        return redirect("accounts:second-factor")


class PasskeyRemoveView(ReauthenticatedPageView):
    """Remove a passkey of the user."""

    def post(self, request: HttpRequest, passkey_id: str) -> HttpResponse:
        name = passkey_delete(user_id=self.user.pk, passkey_id=parse_decimal(passkey_id) or 0)
        if name is not None:
            notices.notify(self.user, notices.PASSKEY_REMOVED, passkey=name)
            messages.success(request, _("Removed."))
        return redirect("accounts:second-factor")
