"""Account pages: sign in, register, sign out, change the password."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, authenticate
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, LogoutView, RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import RedirectView, View
from django.views.generic.edit import FormView

from accounts.actions import guest_create, password_change, user_register
from accounts.errors import GUESTS_DISABLED, AccountError
from accounts.forms.sign_in import ChangePasswordForm, RegisterForm, SetPasswordForm, SignInForm
from accounts.models import User
from accounts.names import name_key
from accounts.numbers import parse_decimal
from accounts.oauth.providers import authorization_origins, enabled_providers
from accounts.rate_limits import registration_rate_limit
from accounts.reauthentication import must_confirm_first
from accounts.refusal_texts import localized
from accounts.second_step import continue_sign_in
from accounts.selectors.users import app_by_number
from accounts.sign_in import current_credential, renew_session, sign_in
from accounts.views.reauthentication import redirect_to_confirmation

_LOCKOUT_USERNAME_MAX_LENGTH = 255
"""Length of the column in which django-axes stores it."""


class SignInView(LoginView):
    """Sign in with name and password, then redirect to `next` if it is a page of this site.

    A user with a second factor is asked for it first.
    """

    form_class = SignInForm
    template_name = "accounts/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        return continue_sign_in(self.request, form.get_user(), self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "registration": settings.IM_REGISTRATION,
            "guests": settings.IM_GUESTS,
            "mail": settings.MAIL_IS_SENT,
            "providers": enabled_providers(),
        }

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        return _allow_provider_forms(self.request, super().render_to_response(context, **kwargs))


class AdminSignInRedirectView(RedirectView):
    """Redirect the admin's sign-in URL to the site's one sign-in page, and from there back to the admin.

    Staff who are signed in without the second factor that their role demands are led to its settings.
    """

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        if isinstance(self.request.user, User) and self.request.user.awaits_second_factor:
            return reverse("accounts:second-factor")
        query = self.request.GET.copy()
        if not query.get(REDIRECT_FIELD_NAME):
            query[REDIRECT_FIELD_NAME] = reverse("admin:index")
        return f"{reverse('accounts:login')}?{query.urlencode()}"


def _allow_provider_forms(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the Content-Security-Policy of the page accept forms that redirect to the OAuth providers."""
    response.form_targets = authorization_origins(request)  # type: ignore[attr-defined]
    return response


class GuestSignInView(View):
    """Create a guest and sign the browser in as that guest. The chat page calls it.

    POST `name` and `appId`. Responds 201; else, with `reason` and a translated `error`, 403 if guests are not allowed,
    429 past IM_REGISTRATION_RATE, 400. The guest gets a browser session, because scripts could read a token.
    """

    def post(self, request: HttpRequest) -> JsonResponse:
        app = app_by_number(parse_decimal(request.POST.get("appId", "")) or 0)
        try:
            if app is None or not (settings.IM_GUESTS and app.guests_allowed):
                raise AccountError(GUESTS_DISABLED)
            registration_rate_limit.take(request.META["REMOTE_ADDR"])
            guest = guest_create(name=request.POST.get("name", ""))
        except AccountError as refusal:
            status = refusal.reason.http if refusal.reason.http in (403, 429) else 400
            return JsonResponse({"error": localized(refusal), "reason": refusal.reason.key}, status=status)
        sign_in(request, guest)
        # Signing in replaces the CSRF token, and the chat page does not reload.
        return JsonResponse({"userId": guest.public_name, "id": str(guest.pk), "csrf": get_token(request)}, status=201)


class SignOutView(LogoutView):
    """End this browser's session and close its connections. POST only."""


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class RegisterView(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    """Create an account, sign in, and redirect to `next` or the chat."""

    form_class = RegisterForm
    template_name = "accounts/register.html"
    next_page = "/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.IM_REGISTRATION:
            return render(request, "accounts/closed.html", {"next": self.get_redirect_url()}, status=403)
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: RegisterForm) -> HttpResponse:
        try:
            registration_rate_limit.take(self.request.META["REMOTE_ADDR"])
            user = user_register(**form.cleaned_data)
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        sign_in(self.request, user)
        return HttpResponseRedirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            self.redirect_field_name: self.get_redirect_url(),
            "providers": enabled_providers(),
        }

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        return _allow_provider_forms(self.request, super().render_to_response(context, **kwargs))


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class PasswordChangeView(LoginRequiredMixin, FormView):  # type: ignore[type-arg]
    """Change or set the user's password. Signs out all other browsers and tokens; this browser stays signed in."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("accounts:password")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, User) and request.user.is_guest:
            # Guests have no password; they are offered an account.
            return redirect("accounts:register")
        if isinstance(request.user, User) and request.user.signs_in_by_ldap:
            context = {"page": settings.IM_LDAP_PASSWORD_URL}
            return render(request, "accounts/password_elsewhere.html", context)
        if isinstance(request.user, User) and must_confirm_first(request, request.user):
            return redirect_to_confirmation(request.path)
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> type[SetPasswordForm]:
        """Return the form without the current password for users who signed up with a provider and have none."""
        return ChangePasswordForm if cast(User, self.request.user).has_usable_password() else SetPasswordForm

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        user, current_password = cast(User, self.request.user), form.cleaned_data.get("current_password")
        # authenticate() counts wrong guesses towards the sign-in lock.
        if (
            current_password is not None
            and authenticate(self.request, username=user.username, password=current_password) is None
        ):
            form.add_error("current_password", _("The password is incorrect."))
            return self.form_invalid(form)
        try:
            password_change(
                user=user,
                new_password=form.cleaned_data["password"],
                keep_credential=current_credential(self.request),
            )
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        renew_session(self.request, user)
        messages.success(self.request, _("Your password has been changed. Your other devices are signed out."))
        return super().form_valid(form)


def lockout_response(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Return the page for too many failed sign-ins. It is the same whether or not the name exists."""
    minutes = max(1, round(settings.IM_LOGIN_LOCK_SECONDS / 60))
    page = render(request, "accounts/locked.html", {"minutes": minutes}, status=429)
    page["Retry-After"] = str(settings.IM_LOGIN_LOCK_SECONDS)
    return page


def lockout_username(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Return the name that failed sign-ins count for. It is normalized, so that all spellings share one count."""
    username = (credentials or {}).get("username") or request.POST.get("username") or ""
    return name_key(str(username))[:_LOCKOUT_USERNAME_MAX_LENGTH]
