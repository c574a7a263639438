"""What lets one in: password, email address, accounts elsewhere, and the browsers and tokens that are signed in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic.edit import FormView

from accounts.actions import email_set, session_end, sign_out_everywhere, token_revoke
from accounts.errors import AccountError
from accounts.forms.profile import EmailForm
from accounts.mail import email_proof, email_proven, post
from accounts.models import Device
from accounts.oauth.providers import ways
from accounts.rate_limits import mail_rate_limit
from accounts.reauthentication import is_certain
from accounts.selectors.sign_in_methods import device_by_id, devices, email_taken, linked_providers
from accounts.sign_in import current_credential, remember_device
from accounts.views.profile import OwnPage


class WaysIn(OwnPage):
    """All of it on one page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user, present = self.person, current_credential(request)
        # Of a session from before there were devices.
        remember_device(request, user)
        linked = linked_providers(user)
        context = {
            "here": "ways-in",
            "ways": [{"way": way, "linked": way.backend in linked} for way in ways()],
            "devices": [
                {"device": one, "present": one.credential == present, "at": one.last_seen_at or one.created_at}
                for one in devices(user)
            ],
            "mail": settings.MAIL_IS_SENT,
        }
        return render(request, "accounts/ways_in.html", context)


class SignOutDevice(OwnPage):
    """Sign out one of one's browsers or tokens; the present browser too."""

    def post(self, request: HttpRequest, device_id: int) -> HttpResponse:
        found = device_by_id(self.person, device_id)
        if found is None:
            messages.error(request, _("It was signed out already."))
            return redirect("accounts:ways-in")
        if found.credential == current_credential(request):
            logout(request)
            return redirect("accounts:login")
        if found.kind == Device.Kind.BROWSER and found.session_id is not None:
            session_end(user_id=self.person.pk, session_key=found.session_id)
        else:
            token_revoke(user_id=self.person.pk, credential=found.credential)
        messages.success(request, _("Signed out."))
        return redirect("accounts:ways-in")


class SignOutAll(OwnPage):
    """Sign out everywhere, here too."""

    def post(self, request: HttpRequest) -> HttpResponse:
        sign_out_everywhere(user_id=self.person.pk)
        logout(request)
        return redirect("accounts:login")


class Email(OwnPage, FormView):  # type: ignore[type-arg]
    """Name an email address. It counts when the person has shown, by a mail sent there, that it is theirs."""

    form_class = EmailForm
    template_name = "accounts/email.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.person}

    def form_valid(self, form: EmailForm) -> HttpResponse:
        if not is_certain(self.request, self.person, form):
            return self.form_invalid(form)
        email = form.cleaned_data["email"].lower()
        try:
            mail_rate_limit.take(self.request.META["REMOTE_ADDR"])
            mail_rate_limit.take(email)
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        path = reverse("accounts:email-confirm", args=[email_proof(self.person.pk, self.person.email, email)])
        context: dict[str, object] = {
            "name": self.person.username,
            "url": self.request.build_absolute_uri(path),
            "taken": email_taken(email),
        }
        post(email, _("Your email address"), "accounts/mail/email.txt", context)
        messages.success(self.request, _("We have written to %(email)s. Follow the link there.") % {"email": email})
        return redirect("accounts:ways-in")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"here": "ways-in"}


class EmailConfirm(OwnPage):
    """The link in that mail. A look at it changes nothing, because programs follow links too."""

    def get(self, request: HttpRequest, proof: str) -> HttpResponse:
        proven = self._proven(proof)
        return render(request, "accounts/email_confirm.html", {"email": proven}, status=200 if proven else 400)

    def post(self, request: HttpRequest, proof: str) -> HttpResponse:
        email = self._proven(proof)
        if email is None:
            return self.get(request, proof)
        try:
            email_set(user_id=self.person.pk, email=email)
        except AccountError as refusal:
            messages.error(request, _(refusal.text) % refusal.params)
        else:
            messages.success(request, _("Saved."))
        return redirect("accounts:ways-in")

    def _proven(self, proof: str) -> str | None:
        known = email_proven(proof)
        return known[2] if known is not None and known[:2] == (self.person.pk, self.person.email) else None


class EmailForget(OwnPage):
    """Keep no address any more."""

    def post(self, request: HttpRequest) -> HttpResponse:
        email_set(user_id=self.person.pk, email=None)
        messages.success(request, _("Saved."))
        return redirect("accounts:ways-in")
