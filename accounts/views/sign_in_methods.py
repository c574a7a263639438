"""Account pages for sign-in methods, the email address, and signed-in browsers and tokens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actions import email_set, session_end, sign_out_everywhere, sign_out_others, token_revoke
from accounts.errors import AccountError
from accounts.forms.profile import EmailForm
from accounts.mail import email_confirmation_token, read_email_confirmation_token, send_in_background
from accounts.models import Device
from accounts.numbers import parse_decimal
from accounts.oauth.providers import enabled_providers
from accounts.rate_limits import mail_rate_limit
from accounts.reauthentication import is_reauthenticated
from accounts.refusal_texts import localized
from accounts.second_factor import notices
from accounts.selectors.sign_in_methods import device_by_id, devices, email_taken, linked_providers
from accounts.sign_in import current_credential, record_device, renew_session
from accounts.views.profile import AccountPageView
from accounts.views.reauthentication import ReauthenticatingFormView


class SignInMethodsView(AccountPageView):
    """Show the sign-in methods and the signed-in devices."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user, this_credential = self.user, current_credential(request)
        found = devices(user)
        if all(device.credential != this_credential for device in found):
            # A session that is older than the device table has no row yet.
            record_device(request, user)
            found = devices(user)
        linked = linked_providers(user)
        context = {
            "tab": "sign-in-methods",
            "providers": [
                {"provider": provider, "linked": provider.backend in linked} for provider in enabled_providers()
            ],
            "devices": [
                {
                    "device": device,
                    "is_current": device.credential == this_credential,
                }
                for device in found
            ],
            "mail": settings.MAIL_IS_SENT,
        }
        return render(request, "accounts/sign_in_methods.html", context)


class SignOutDeviceView(AccountPageView):
    """Sign out a browser or token of the user, which may be this browser."""

    def post(self, request: HttpRequest, device_id: str) -> HttpResponse:
        device = device_by_id(self.user, parse_decimal(device_id) or 0)
        if device is None:
            messages.error(request, _("This device was already signed out."))
            return redirect("accounts:sign-in-methods")
        if device.credential == current_credential(request):
            logout(request)
            return redirect("accounts:login")
        if device.kind == Device.Kind.BROWSER and device.session_id is not None:
            session_end(user_id=self.user.pk, session_key=device.session_id)
        else:
            token_revoke(user_id=self.user.pk, credential=device.credential)
        messages.success(request, _("Signed out."))
        return redirect("accounts:sign-in-methods")


class SignOutEverywhereView(AccountPageView):
    """Sign out all browsers and tokens of the user, including this browser."""

    def post(self, request: HttpRequest) -> HttpResponse:
        sign_out_everywhere(user_id=self.user.pk)
        logout(request)
        return redirect("accounts:login")


class SignOutOthersView(AccountPageView):
    """Sign out all browsers and tokens of the user except this browser, whose session gets a new key."""

    def post(self, request: HttpRequest) -> HttpResponse:
        sign_out_others(user_id=self.user.pk, keep_credential=current_credential(request))
        self.user.refresh_from_db(fields=["sign_in_epoch"])
        renew_session(request, self.user)
        messages.success(request, _("Your other devices are signed out."))
        return redirect("accounts:sign-in-methods")


class EmailChangeView(ReauthenticatingFormView):
    """Ask for a new email address and send a confirmation link to it. The address is stored once confirmed."""

    form_class = EmailForm
    template_name = "accounts/email.html"

    def form_valid(self, form: EmailForm) -> HttpResponse:
        if not is_reauthenticated(self.request, self.user, form):
            return self.form_invalid(form)
        email = form.cleaned_data["email"].lower()
        try:
            mail_rate_limit.take(self.request.META["REMOTE_ADDR"])
            mail_rate_limit.take(email)
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        token = email_confirmation_token(self.user.pk, self.user.email, email)
        context: dict[str, object] = {
            "name": self.user.username,
            "url": self.request.build_absolute_uri(reverse("accounts:email-confirm", args=[token])),
            "taken": email_taken(email),
        }
        send_in_background(email, _("Confirm your email address"), "accounts/mail/email.txt", context)
        messages.success(self.request, _("We sent a link to %(email)s. Open it to confirm.") % {"email": email})
        return redirect("accounts:sign-in-methods")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"tab": "sign-in-methods"}


class EmailConfirmView(AccountPageView):
    """Handle the confirmation link. GET changes nothing, because mail scanners follow links too."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        email = self._confirmed_email(token)
        return render(request, "accounts/email_confirm.html", {"email": email}, status=200 if email else 400)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        email = self._confirmed_email(token)
        if email is None:
            return self.get(request, token)
        try:
            email_set(user_id=self.user.pk, email=email)
        except AccountError as refusal:
            messages.error(request, localized(refusal))
        else:
            # This user has been read before the change.
            notices.notify(self.user, notices.EMAIL_CHANGED)
            messages.success(request, _("Saved."))
        return redirect("accounts:sign-in-methods")

    def _confirmed_email(self, token: str) -> str | None:
        """Return the address that the token confirms for this user; None if the token is not valid for them."""
        content = read_email_confirmation_token(token)
        if content is None:
            return None
        user_id, previous_email, email = content
        return email if (user_id, previous_email) == (self.user.pk, self.user.email) else None


class EmailRemoveView(AccountPageView):
    """Remove the user's email address."""

    def post(self, request: HttpRequest) -> HttpResponse:
        email_set(user_id=self.user.pk, email=None)
        notices.notify(self.user, notices.EMAIL_CHANGED)
        messages.success(request, _("Saved."))
        return redirect("accounts:sign-in-methods")
