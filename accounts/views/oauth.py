"""Sign-in with an account at a provider: start, callback, choice of a user name; linking and unlinking."""

from __future__ import annotations

import contextlib
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.generic import View
from django.views.generic.edit import FormView

from accounts import errors
from accounts.actions import oauth_link_create, oauth_link_delete, oauth_user_register
from accounts.actions.profile import avatar_set
from accounts.errors import AccountError, RateLimited
from accounts.forms.profile import ReauthenticationForm
from accounts.forms.sign_in import OAuthSignUpForm
from accounts.models import User
from accounts.oauth import flow
from accounts.oauth.flow import OAuthRefused, PendingSignUp
from accounts.oauth.identity import Identity, suggested_nickname, suggested_user_name
from accounts.oauth.providers import (
    ProviderConfig,
    authorization_origins,
    enabled_provider,
    enabled_providers,
    provider_backend,
)
from accounts.rate_limits import oauth_rate_limit, registration_rate_limit
from accounts.reauthentication import is_reauthenticated
from accounts.refusal_texts import localized
from accounts.selectors.sign_in_methods import email_taken, user_by_oauth_link
from accounts.selectors.users import guest_name_taken
from accounts.sign_in import sign_in
from accounts.views.profile import AccountPageView


class OAuthView(View):
    """Base of the pages of one provider. Shows an AccountError on a page of its own."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.provider = _provider_or_404(kwargs["slug"])
        try:
            return super().dispatch(request, *args, **kwargs)
        except AccountError as refusal:
            return refusal_page(request, refusal, self.provider)


def refusal_page(request: HttpRequest, refusal: AccountError, provider: ProviderConfig) -> HttpResponse:
    """Return the page that says why a sign-in did not succeed."""
    title, status = _("You are not signed in"), 429 if isinstance(refusal, RateLimited) else 403
    if isinstance(refusal, OAuthRefused):
        title, status = _(refusal.heading) % {"title": provider.title}, refusal.reason.http
    context = {"title": title, "text": localized(refusal)}
    return render(request, "accounts/refused.html", context, status=status)


def _provider_or_404(slug: str) -> ProviderConfig:
    provider = enabled_provider(slug)
    if provider is None:
        raise Http404("This provider is not enabled.")
    return provider


@method_decorator(never_cache, name="dispatch")
class OAuthStartView(OAuthView):
    """Redirect the browser to the provider to sign in."""

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        oauth_rate_limit.take(request.META["REMOTE_ADDR"])
        return HttpResponseRedirect(flow.start(request, self.provider, next_page=request.POST.get("next") or "/"))


class OAuthLinkView(OAuthView, AccountPageView, FormView):  # type: ignore[type-arg]
    """Redirect the browser to the provider to link it as a sign-in method.

    Requires re-authentication, so that a stranger at an open browser cannot add a sign-in method of their own.
    """

    form_class = ReauthenticationForm
    template_name = "accounts/link.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.user}

    def form_valid(self, form: ReauthenticationForm) -> HttpResponse:
        if not is_reauthenticated(self.request, self.user, form):
            return self.form_invalid(form)
        oauth_rate_limit.take(self.request.META["REMOTE_ADDR"])
        return HttpResponseRedirect(flow.start(self.request, self.provider, link_to=self.user))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"tab": "sign-in-methods", "title": self.provider.title}

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        response = super().render_to_response(context, **kwargs)
        response.form_targets = authorization_origins(self.request)  # type: ignore[attr-defined]
        return response


@method_decorator(never_cache, name="dispatch")
class OAuthCallbackView(OAuthView):
    """Handle the redirect back from the provider: sign in, link, sign up, or ask for a user name."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        identity, next_page, link_to = flow.finish(request, self.provider)
        if link_to is not None:
            return self._link(request, identity, link_to)
        user = user_by_oauth_link(identity.provider, identity.subject)
        if user is not None:
            return self._sign_in(request, user, next_page)
        _require_sign_up_allowed(identity, self.provider)
        pending = PendingSignUp(self.provider.slug, identity, next_page)
        username = suggested_user_name(identity)
        if not username or guest_name_taken(username) or email_taken(identity.email):
            flow.keep_pending_sign_up(request, pending)
            return redirect("accounts:oauth-sign-up")
        registration_rate_limit.take(request.META["REMOTE_ADDR"])
        return _complete_sign_up(request, self.provider, pending, username, suggested_nickname(identity))

    def _link(self, request: HttpRequest, identity: Identity, user_id: int) -> HttpResponse:
        user = flow.require_link_owner(request, user_id)
        oauth_link_create(user_id=user.pk, identity=identity, title=self.provider.title)
        messages.success(request, _("You can now sign in with %(title)s.") % {"title": self.provider.title})
        return redirect("accounts:sign-in-methods")

    def _sign_in(self, request: HttpRequest, user: User, next_page: str) -> HttpResponse:
        if not user.is_active:
            raise OAuthRefused(flow.NOT_SIGNED_IN, errors.OAUTH_ACCOUNT_CLOSED)
        sign_in(request, user)
        return HttpResponseRedirect(next_page)


def _require_sign_up_allowed(identity: Identity, provider: ProviderConfig) -> None:
    """Raise OAuthRefused if registration is closed or the provider has not verified the email address."""
    if not settings.IM_REGISTRATION:
        raise OAuthRefused(gettext_noop("Registration is closed"), errors.OAUTH_REGISTRATION_CLOSED)
    if identity.email_unconfirmed:
        raise OAuthRefused(flow.NOT_SIGNED_IN, errors.OAUTH_EMAIL_UNCONFIRMED, title=provider.title)


def _complete_sign_up(
    request: HttpRequest, provider: ProviderConfig, pending: PendingSignUp, username: str, nickname: str
) -> HttpResponse:
    """Create the account with the provider's picture and sign in. Raises AccountError."""
    identity = pending.identity
    user = oauth_user_register(username=username, nickname=nickname, identity=identity, title=provider.title)
    picture = provider_backend(provider, request).picture(identity.picture) if identity.picture else None
    if picture:
        # An unusable picture does not prevent the sign-up.
        with contextlib.suppress(AccountError):
            avatar_set(user_id=user.pk, picture=picture)
    flow.forget_pending_sign_up(request)
    sign_in(request, user)
    return HttpResponseRedirect(pending.next_page)


@method_decorator(never_cache, name="dispatch")
class OAuthSignUpView(FormView):  # type: ignore[type-arg]
    """Ask a new user for a user name, because the one at the provider is taken or not valid here."""

    form_class = OAuthSignUpForm
    template_name = "accounts/oauth_sign_up.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        pending = flow.pending_sign_up(request)
        if pending is None:
            return redirect("accounts:login")
        self.pending = pending
        self.provider = _provider_or_404(pending.provider_slug)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        username = suggested_user_name(self.pending.identity)
        return {
            "username": "" if guest_name_taken(username) else username,
            "nickname": suggested_nickname(self.pending.identity),
        }

    def form_valid(self, form: OAuthSignUpForm) -> HttpResponse:
        names = form.cleaned_data
        try:
            _require_sign_up_allowed(self.pending.identity, self.provider)
            registration_rate_limit.take(self.request.META["REMOTE_ADDR"])
            return _complete_sign_up(self.request, self.provider, self.pending, names["username"], names["nickname"])
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        email = self.pending.identity.email
        taken = email if email_taken(email) else ""
        return super().get_context_data(**kwargs) | {"title": self.provider.title, "taken": taken}


class OAuthUnlinkView(LoginRequiredMixin, OAuthView):
    """Remove the provider as a sign-in method."""

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        user = cast(User, request.user)
        backends = [provider.backend for provider in enabled_providers()]
        oauth_link_delete(user_id=user.pk, provider=self.provider.backend, others=backends)
        messages.success(request, _("You can no longer sign in with %(title)s.") % {"title": self.provider.title})
        return redirect("accounts:sign-in-methods")
