"""Account pages for two-factor sign-in: re-authentication, the authenticator app, recovery codes."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic.edit import FormView

from accounts.actions import authenticator_app_create, authenticator_app_delete, recovery_codes_replace
from accounts.encryption import DecryptionError, decrypt, encrypt
from accounts.errors import AccountError, RateLimited
from accounts.forms.profile import ConfirmForm
from accounts.forms.second_factor import AppCodeForm
from accounts.own_pages import own_page
from accounts.qr_codes import qr_path
from accounts.rate_limits import second_factor_rate_limit
from accounts.reauthentication import (
    is_reauthenticated,
    is_recently_reauthenticated,
    remember_reauthentication,
)
from accounts.refusal_texts import localized
from accounts.second_factor import notices
from accounts.second_factor.challenges import site_of
from accounts.second_factor.totp import new_secret, provisioning_uri
from accounts.selectors.second_factor import has_authenticator_app, has_passkey, second_factors
from accounts.user_agents import browser_name
from accounts.views.profile import AccountPageView
from accounts.views.reauthentication import redirect_to_confirmation

_NEW_SECRET_KEY = "new_authenticator_secret"
_NEW_CODES_KEY = "new_recovery_codes"


@method_decorator(sensitive_post_parameters(), name="dispatch")
class ConfirmView(AccountPageView, FormView):  # type: ignore[type-arg]
    """Re-authenticate the user, then redirect to `next`."""

    form_class = ConfirmForm
    template_name = "accounts/confirm.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.user}

    def form_valid(self, form: ConfirmForm) -> HttpResponse:
        if not is_reauthenticated(self.request, self.user, form):
            return self.form_invalid(form)
        remember_reauthentication(self.request)
        return HttpResponseRedirect(self._next_page())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_key = has_passkey(self.user)
        # A recovery code is the last resort.
        is_first = has_key and not self.user.has_password and not has_authenticator_app(self.user)
        context = {"next": self._next_page(), "has_passkey": has_key, "shows_passkey_first": is_first}
        return super().get_context_data(**kwargs) | context

    def _next_page(self) -> str:
        wanted = self.request.POST.get(REDIRECT_FIELD_NAME) or self.request.GET.get(REDIRECT_FIELD_NAME, "")
        return own_page(self.request, wanted, reverse("accounts:second-factor"))


class ReauthenticatedPageView(AccountPageView):
    """Base of the pages that a user sees only soon after a re-authentication."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not is_recently_reauthenticated(request):
            # A form is not sent again by itself: the user comes back to the overview.
            page = request.path if request.method == "GET" else reverse("accounts:second-factor")
            return redirect_to_confirmation(page)
        return super().dispatch(request, *args, **kwargs)


class SecondFactorView(ReauthenticatedPageView):
    """Show the user's second factors."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "tab": "sign-in-methods",
            "factors": second_factors(self.user),
            "browser": browser_name(request.headers.get("User-Agent", "")),
        }
        return render(request, "accounts/second_factor.html", context)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class AuthenticatorAppView(ReauthenticatedPageView, FormView):  # type: ignore[type-arg]
    """Show the secret for a new authenticator app, as a QR code and as text, and store it once a code confirms it."""

    form_class = AppCodeForm
    template_name = "accounts/authenticator_app.html"

    def form_valid(self, form: AppCodeForm) -> HttpResponse:
        try:
            second_factor_rate_limit.take(str(self.user.pk))
            codes = authenticator_app_create(
                user_id=self.user.pk, secret=self._secret(), code=form.cleaned_data["code"]
            )
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        del self.request.session[_NEW_SECRET_KEY]
        notices.notify(self.user, notices.APP_ADDED)
        messages.success(self.request, _("Your authenticator app is set up."))
        return redirect(page_after_addition(self.request, codes))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        secret, host = self._secret(), site_of(self.request).host
        size, path = qr_path(provisioning_uri(secret, username=self.user.username, site=host))
        groups = [secret[start : start + 4] for start in range(0, len(secret), 4)]
        qr_code = {"tab": "sign-in-methods", "size": size, "path": path, "secret": " ".join(groups)}
        return super().get_context_data(**kwargs) | qr_code

    def _secret(self) -> str:
        """Return the secret of this session's set-up. It stays until a code confirms it."""
        kept = self.request.session.get(_NEW_SECRET_KEY)
        if kept is not None:
            try:
                return decrypt(kept)
            except DecryptionError:
                pass
        secret = new_secret()
        self.request.session[_NEW_SECRET_KEY] = encrypt(secret)
        return secret


class AuthenticatorAppRemoveView(ReauthenticatedPageView):
    """Remove the user's authenticator app."""

    def post(self, request: HttpRequest) -> HttpResponse:
        if authenticator_app_delete(user_id=self.user.pk):
            notices.notify(self.user, notices.APP_REMOVED)
            messages.success(request, _("Removed."))
        return redirect("accounts:second-factor")


class RecoveryCodesView(ReauthenticatedPageView):
    """Show new recovery codes once; make new ones by POST."""

    def get(self, request: HttpRequest) -> HttpResponse:
        kept = request.session.pop(_NEW_CODES_KEY, None)
        try:
            codes = json.loads(decrypt(kept)) if kept is not None else None
        except DecryptionError:
            codes = None
        if codes is None:
            return redirect("accounts:second-factor")
        return render(request, "accounts/recovery_codes.html", {"tab": "sign-in-methods", "codes": codes})

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            second_factor_rate_limit.take(str(self.user.pk))
            codes = recovery_codes_replace(user_id=self.user.pk)
        except RateLimited as refusal:
            messages.error(request, localized(refusal))
            return redirect("accounts:second-factor")
        except AccountError:
            # Another tab has turned two-factor sign-in off.
            return redirect("accounts:second-factor")
        notices.notify(self.user, notices.RECOVERY_CODES_REPLACED)
        return redirect(page_after_addition(request, codes))


def page_after_addition(request: HttpRequest, codes: list[str]) -> str:
    """Return the URL of the page that shows the new recovery codes once; that of the overview if there are none."""
    if not codes:
        return reverse("accounts:second-factor")
    request.session[_NEW_CODES_KEY] = encrypt(json.dumps(codes))
    return reverse("accounts:recovery-codes")
