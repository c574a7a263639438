"""Password reset by mail. The pages never reveal whether an account has an address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic.edit import FormView

from accounts.actions import password_change
from accounts.errors import AccountError
from accounts.forms.profile import PasswordResetForm
from accounts.forms.sign_in import SetPasswordForm
from accounts.mail import send_in_background
from accounts.models import User
from accounts.rate_limits import mail_rate_limit
from accounts.selectors.users import user_by_email


@method_decorator(never_cache, name="dispatch")
class PasswordResetView(FormView):  # type: ignore[type-arg]
    """Send a reset link. The response and the work before it are the same for known and unknown addresses."""

    form_class = PasswordResetForm
    template_name = "accounts/reset.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.MAIL_IS_SENT:
            raise Http404("This site does not send mail.")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        email = form.cleaned_data["email"].lower()
        try:
            mail_rate_limit.take(self.request.META["REMOTE_ADDR"])
            mail_rate_limit.take(email)
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        known_user = user_by_email(email)
        user = known_user or User(pk=0, username="nobody")
        uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
        context: dict[str, object] = {
            "name": user.username,
            "url": self.request.build_absolute_uri(reverse("accounts:reset-confirm", args=[uid, token])),
            "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
            "is_elsewhere": user.signs_in_by_ldap,
            "page": settings.IM_LDAP_PASSWORD_URL,
        }
        send_in_background(email if known_user else "", _("Reset your password"), "accounts/mail/reset.txt", context)
        messages.success(
            self.request, _("If an account has this address, we sent a link to it. The link expires in an hour.")
        )
        return redirect("accounts:login")


class SetNewPasswordForm(SetPasswordForm):
    """A SetPasswordForm with the constructor that Django's PasswordResetConfirmView expects."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class SetNewPasswordView(PasswordResetConfirmView):
    """Handle the reset link: set a new password and sign out every browser and token of the user."""

    form_class = SetNewPasswordForm  # type: ignore[assignment]
    template_name = "accounts/reset_confirm.html"
    success_url = reverse_lazy("accounts:login")

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        if not isinstance(user, User) or not user.is_active or user.kind != User.Kind.PERSON:
            return None
        return None if user.signs_in_by_ldap else user

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            password_change(user=form.user, new_password=form.cleaned_data["password"])
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        del self.request.session["_password_reset_token"]
        messages.success(self.request, _("Your password has been changed. Sign in with it."))
        return HttpResponseRedirect(str(self.get_success_url()))
