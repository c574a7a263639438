"""The account pages: sign in, register, sign out, change the password."""

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
from accounts.errors import AccountError, TooOften
from accounts.forms.sign_in import FirstPasswordForm, PasswordForm, RegisterForm, SignInForm
from accounts.models import User
from accounts.names import name_key
from accounts.oauth.providers import origins, ways
from accounts.rate_limits import registration_rate_limit
from accounts.selectors.users import app_by_number
from accounts.sign_in import current_credential, session_renew, sign_in


class SignIn(LoginView):
    """Sign in by name and password, then on to `next` if that is a page of this site."""

    form_class = SignInForm
    template_name = "accounts/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        sign_in(self.request, form.get_user())
        return HttpResponseRedirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "registration": settings.IM_REGISTRATION,
            "guests": settings.IM_GUESTS,
            "mail": settings.MAIL_IS_SENT,
            "ways": ways(),
        }

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        return _leading_out(self.request, super().render_to_response(context, **kwargs))


class AdminSignIn(RedirectView):
    """The admin's own address for it: the one page to sign in, and from there into the admin."""

    def get_redirect_url(self, *args: Any, **kwargs: Any) -> str:
        query = self.request.GET.copy()
        if not query.get(REDIRECT_FIELD_NAME):
            query[REDIRECT_FIELD_NAME] = reverse("admin:index")
        return f"{reverse('accounts:login')}?{query.urlencode()}"


def _leading_out(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    """The page, whose buttons may lead to the other ways in."""
    page.form_targets = origins(request)  # type: ignore[attr-defined]
    return page


class Guest(View):
    """Come in as a new guest, by a browser session instead of a token that scripts can read; for the chat page.

    POST `name` and `appId`. 201, or 400 with `error` in the person's language; 403 where guests are not allowed.
    """

    def post(self, request: HttpRequest) -> JsonResponse:
        number = request.POST.get("appId", "")
        app = app_by_number(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None
        if app is None or not (settings.IM_GUESTS and app.guests_allowed):
            return JsonResponse({"error": _("Guests are not allowed here. Sign in.")}, status=403)
        try:
            registration_rate_limit.take(request.META["REMOTE_ADDR"])
            guest = guest_create(name=request.POST.get("name", ""))
        except AccountError as refusal:
            status = 429 if isinstance(refusal, TooOften) else 400
            return JsonResponse({"error": _(refusal.text) % refusal.params}, status=status)
        sign_in(request, guest)
        # Who signs in gets another CSRF token; the page goes on without being loaded anew.
        return JsonResponse({"userId": guest.public_name, "id": str(guest.pk), "csrf": get_token(request)}, status=201)


class SignOut(LogoutView):
    """End this browser's session, by POST only. Its connections close."""


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class Register(RedirectURLMixin, FormView):  # type: ignore[type-arg]
    """Make an account, be signed in, go on to `next` or the chat."""

    form_class = RegisterForm
    template_name = "accounts/register.html"
    next_page = "/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.IM_REGISTRATION:
            return render(request, "accounts/closed.html", status=403)
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
            "ways": ways(),
        }

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        return _leading_out(self.request, super().render_to_response(context, **kwargs))


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class PasswordChange(LoginRequiredMixin, FormView):  # type: ignore[type-arg]
    """Change one's password. Every other browser and token of the person is signed out, this one stays."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("accounts:password")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, User) and request.user.is_guest:
            # A guest has none to change; an account is what they can have.
            return redirect("accounts:register")
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> type[FirstPasswordForm]:
        """Who has come by an account elsewhere has no password yet, and sets the first."""
        return PasswordForm if cast(User, self.request.user).has_usable_password() else FirstPasswordForm

    def form_valid(self, form: FirstPasswordForm) -> HttpResponse:
        user, present = cast(User, self.request.user), form.cleaned_data.get("present")
        # Through the sign-in, so that guessing here counts towards the same lock.
        if present is not None and authenticate(self.request, username=user.username, password=present) is None:
            form.add_error("present", _("This is not your password."))
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
        session_renew(self.request, user)
        messages.success(self.request, _("Your password is changed. All your other devices are signed out."))
        return super().form_valid(form)


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """The answer to whoever tried too many passwords, the same whether or not the name exists."""
    minutes = max(1, round(settings.IM_LOGIN_LOCK_SECONDS / 60))
    answer = render(request, "accounts/locked.html", {"minutes": minutes}, status=429)
    answer["Retry-After"] = str(settings.IM_LOGIN_LOCK_SECONDS)
    return answer


def locked_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The name that failures are counted for: its compared form, or each spelling would have a count of its own."""
    given = (credentials or {}).get("username") or request.POST.get("username") or ""
    return name_key(str(given))[:255]
