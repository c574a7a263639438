"""Sign-in with an account at a provider: start, callback, choice of a user name; linking and unlinking."""

from __future__ import annotations

import contextlib
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
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
from accounts.oauth.pending import PendingSignIn
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
from accounts.second_step import continue_sign_in, pending_step
from accounts.selectors.sign_in_methods import email_taken, user_by_oauth_link
from accounts.selectors.users import guest_name_taken
from accounts.sign_in import sign_in
from accounts.views.reauthentication import ReauthenticatingFormView

_REPEATED = "repeated"
"""Query parameter of a callback that the browser repeats by itself."""
_REPEAT_SECONDS = 1


class OAuthView(View):
    """Base of the pages of one provider. Shows an AccountError on a page of its own."""

    next_page = ""
    """Page that the sign-in leads to, as far as it is known."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.provider = _provider_or_404(kwargs["slug"])
        try:
            return super().dispatch(request, *args, **kwargs)
        except AccountError as refusal:
            return refusal_page(request, refusal, self.provider, self.next_page)


def refusal_page(
    request: HttpRequest, refusal: AccountError, provider: ProviderConfig, next_page: str = ""
) -> HttpResponse:
    """Return the page with the reason why a sign-in did not succeed. Its next attempt leads to `next_page`."""
    title, status = _("You are not signed in"), 429 if isinstance(refusal, RateLimited) else 403
    if isinstance(refusal, OAuthRefused):
        title, status = _(refusal.heading) % {"title": provider.title}, refusal.reason.http
    context = {"title": title, "text": localized(refusal), "next": next_page}
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
        self.next_page = flow.require_own_page(request, request.POST.get("next") or "/")
        oauth_rate_limit.take(request.META["REMOTE_ADDR"])
        return flow.start(request, self.provider, next_page=self.next_page)


class OAuthLinkView(OAuthView, ReauthenticatingFormView):
    """Redirect the browser to the provider to link it as a sign-in method.

    Requires re-authentication, so that a stranger at an open browser cannot add a sign-in method of their own.
    """

    form_class = ReauthenticationForm
    template_name = "accounts/link.html"

    def form_valid(self, form: ReauthenticationForm) -> HttpResponse:
        if not is_reauthenticated(self.request, self.user, form):
            return self.form_invalid(form)
        oauth_rate_limit.take(self.request.META["REMOTE_ADDR"])
        methods = reverse("accounts:sign-in-methods")
        return flow.start(self.request, self.provider, next_page=methods, link_to=self.user)

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
        pending = flow.find_pending(request, self.provider)
        self.next_page = pending.next_page
        if pending.completed_as is not None:
            return self._return_again(request, pending)
        try:
            identity = flow.finish(request, self.provider, pending)
        except OAuthRefused as refusal:
            if refusal.reason is not errors.OAUTH_EXPIRED or _REPEATED in request.GET:
                raise
            return self._repeat_once(request, refusal)
        if pending.link_to is not None:
            return self._link(request, identity, pending, pending.link_to)
        user = user_by_oauth_link(identity.provider, identity.subject)
        if user is not None:
            return self._sign_in(request, user, pending)
        _require_sign_up_allowed(identity, self.provider)
        sign_up = PendingSignUp(self.provider.slug, identity, pending.next_page)
        username = suggested_user_name(identity)
        if not username or guest_name_taken(username) or email_taken(identity.email):
            flow.keep_pending_sign_up(request, sign_up)
            return flow.mark_completed(request, redirect("accounts:oauth-sign-up"), pending, 0)
        registration_rate_limit.take(request.META["REMOTE_ADDR"])
        response = _complete_sign_up(request, self.provider, sign_up, username, suggested_nickname(identity))
        return flow.mark_completed(request, response, pending, cast(User, request.user).pk)

    def _return_again(self, request: HttpRequest, pending: PendingSignIn) -> HttpResponse:
        """Answer a browser that returns from a completed sign-in again: by a reload, or by going back."""
        if pending.completed_as == 0 and flow.pending_sign_up(request) is not None:
            return redirect("accounts:oauth-sign-up")
        if request.user.is_authenticated and pending.completed_as in (0, request.user.pk):
            return HttpResponseRedirect(pending.next_page)
        step = pending_step(request)
        if step is not None and pending.completed_as == step.user.pk:
            return redirect("accounts:second-step")
        raise OAuthRefused(flow.UNKNOWN_SIGN_IN, errors.OAUTH_EXPIRED)

    def _repeat_once(self, request: HttpRequest, refusal: OAuthRefused) -> HttpResponse:
        """Return a refusal that the browser soon replaces by the answer to the same request, sent once more.

        Of two requests at once, such as by a double click, one completes the sign-in. The other does not know the
        outcome; its browser has the cookies of the first answer a moment later.
        """
        page = refusal_page(request, refusal, self.provider, self.next_page)
        page["Refresh"] = f"{_REPEAT_SECONDS}; url={request.get_full_path()}&{_REPEATED}=1"
        return page

    def _link(self, request: HttpRequest, identity: Identity, pending: PendingSignIn, user_id: int) -> HttpResponse:
        user = flow.require_link_owner(request, user_id)
        oauth_link_create(user_id=user.pk, identity=identity, title=self.provider.title)
        messages.success(request, _("You can now sign in with %(title)s.") % {"title": self.provider.title})
        return flow.mark_completed(request, HttpResponseRedirect(pending.next_page), pending, user.pk)

    def _sign_in(self, request: HttpRequest, user: User, pending: PendingSignIn) -> HttpResponse:
        if not user.is_active:
            raise OAuthRefused(flow.NOT_SIGNED_IN, errors.OAUTH_ACCOUNT_CLOSED)
        response = continue_sign_in(request, user, pending.next_page)
        return flow.mark_completed(request, response, pending, user.pk)


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
    flow.forget_pending_sign_up(request, pending)
    sign_in(request, user)
    return HttpResponseRedirect(pending.next_page)


@method_decorator(never_cache, name="dispatch")
class OAuthSignUpView(FormView):  # type: ignore[type-arg]
    """Ask a new user for a user name, because the one at the provider is taken or not valid here."""

    form_class = OAuthSignUpForm
    template_name = "accounts/oauth_sign_up.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        pending = flow.pending_sign_up(request, request.POST.get("sign_up", ""))
        if pending is None or (pending.is_expired and pending.next_page == "/"):
            return redirect("accounts:login")
        if pending.is_expired:
            return redirect_to_login(pending.next_page)
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
        login = f"{reverse('accounts:login')}?{urlencode({'next': self.pending.next_page})}"
        sign_up = {"title": self.provider.title, "taken": taken, "login": login, "key": self.pending.key}
        return super().get_context_data(**kwargs) | sign_up


class OAuthUnlinkView(LoginRequiredMixin, OAuthView):
    """Remove the provider as a sign-in method."""

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        user = cast(User, request.user)
        backends = [provider.backend for provider in enabled_providers()]
        oauth_link_delete(user_id=user.pk, provider=self.provider.backend, others=backends)
        messages.success(request, _("You can no longer sign in with %(title)s.") % {"title": self.provider.title})
        return redirect("accounts:sign-in-methods")
