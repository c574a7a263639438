"""Signing in by an account elsewhere: there, back, a name if one is needed; linking and unlinking."""

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

from accounts.actions import oauth_link_create, oauth_link_delete, oauth_user_register
from accounts.actions.profile import avatar_set
from accounts.errors import AccountError, TooOften
from accounts.forms.profile import ReauthenticationForm
from accounts.forms.sign_in import NewcomerForm
from accounts.models import User
from accounts.oauth import flow
from accounts.oauth.flow import Refused
from accounts.oauth.identity import Identity, suggested_nickname, suggested_user_name
from accounts.oauth.providers import ProviderConfig, origins, provider, way, ways
from accounts.rate_limits import oauth_rate_limit, registration_rate_limit
from accounts.reauthentication import is_certain
from accounts.selectors.sign_in_methods import email_taken, user_by_oauth_link
from accounts.selectors.users import guest_name_taken
from accounts.sign_in import sign_in
from accounts.views.profile import OwnPage


class OAuthView(View):
    """A page of one way in; a page that says what happened, where it cannot go on."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.way = _way(kwargs["slug"])
        try:
            return super().dispatch(request, *args, **kwargs)
        except AccountError as refusal:
            return refused(request, refusal, self.way)


def refused(request: HttpRequest, refusal: AccountError, way: ProviderConfig) -> HttpResponse:
    status = refusal.status if isinstance(refusal, Refused) else 429 if isinstance(refusal, TooOften) else 403
    title = _(refusal.heading) % {"title": way.title} if isinstance(refusal, Refused) else _("You are not signed in")
    context = {"title": title, "text": _(refusal.text) % refusal.params}
    return render(request, "accounts/refused.html", context, status=status)


def _way(slug: str) -> ProviderConfig:
    found = way(slug)
    if found is None:
        raise Http404("There is no such way in.")
    return found


@method_decorator(never_cache, name="dispatch")
class OAuthStart(OAuthView):
    """Go to the provider, to come in by it."""

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        oauth_rate_limit.take(request.META["REMOTE_ADDR"])
        return HttpResponseRedirect(flow.leave(request, self.way, next_page=request.POST.get("next") or "/"))


class Link(OAuthView, OwnPage, FormView):  # type: ignore[type-arg]
    """Go to the provider, to come in by it from now on. Who only sits at an open browser gets no way in by that."""

    form_class = ReauthenticationForm
    template_name = "accounts/link.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.person}

    def form_valid(self, form: ReauthenticationForm) -> HttpResponse:
        if not is_certain(self.request, self.person, form):
            return self.form_invalid(form)
        oauth_rate_limit.take(self.request.META["REMOTE_ADDR"])
        return HttpResponseRedirect(flow.leave(self.request, self.way, link_to=self.person))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"here": "ways-in", "title": self.way.title}

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        answer = super().render_to_response(context, **kwargs)
        answer.form_targets = origins(self.request)  # type: ignore[attr-defined]
        return answer


@method_decorator(never_cache, name="dispatch")
class OAuthCallback(OAuthView):
    """Come back from the provider: be signed in, be linked, be asked for a name, or be told why not."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        identity, next_page, person = flow.come_back(request, self.way)
        if person is not None:
            user = flow.may_be_linked(request, person)
            oauth_link_create(user_id=user.pk, identity=identity, title=self.way.title)
            messages.success(request, _("You can sign in by %(title)s now.") % {"title": self.way.title})
            return redirect("accounts:ways-in")
        known = user_by_oauth_link(identity.provider, identity.subject)
        if known is not None:
            return self._enter(request, known, next_page)
        _check_newcomer(identity, self.way)
        name = suggested_user_name(identity)
        if not name or guest_name_taken(name) or email_taken(identity.email):
            flow.keep_newcomer(request, self.way, identity, next_page)
            return redirect("accounts:newcomer")
        registration_rate_limit.take(request.META["REMOTE_ADDR"])
        return welcome(request, self.way, identity, next_page, name, suggested_nickname(identity))

    def _enter(self, request: HttpRequest, user: User, next_page: str) -> HttpResponse:
        if not user.is_active:
            raise Refused(flow.DECLINED, gettext_noop("This account is closed."))
        sign_in(request, user)
        return HttpResponseRedirect(next_page)


def _check_newcomer(identity: Identity, way: ProviderConfig) -> None:
    if not settings.IM_REGISTRATION:
        text = gettext_noop("Accounts are made by an administrator here. Ask yours for one.")
        raise Refused(gettext_noop("Registration is closed"), text)
    if identity.email_unconfirmed:
        text = gettext_noop("%(title)s has not confirmed that your email address is yours. Confirm it there first.")
        raise Refused(flow.DECLINED, text, title=way.title)


def welcome(
    request: HttpRequest, way: ProviderConfig, identity: Identity, next_page: str, username: str, nickname: str
) -> HttpResponse:
    """Make the account with what comes along, and sign in. AccountError if that cannot be."""
    user = oauth_user_register(username=username, nickname=nickname, identity=identity, title=way.title)
    picture = provider(way, request).picture(identity.picture) if identity.picture else None
    if picture:
        # A person without a picture is a person.
        with contextlib.suppress(AccountError):
            avatar_set(user_id=user.pk, picture=picture)
    flow.forget_newcomer(request)
    sign_in(request, user)
    return HttpResponseRedirect(next_page)


@method_decorator(never_cache, name="dispatch")
class OAuthSignUp(FormView):  # type: ignore[type-arg]
    """Somebody has come from a provider whose name there cannot be theirs here: they choose one."""

    form_class = NewcomerForm
    template_name = "accounts/newcomer.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        known = flow.newcomer(request)
        if known is None:
            return redirect("accounts:login")
        slug, self.identity, self.next_page = known
        self.way = _way(slug)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        name = suggested_user_name(self.identity)
        return {
            "username": "" if guest_name_taken(name) else name,
            "nickname": suggested_nickname(self.identity),
        }

    def form_valid(self, form: NewcomerForm) -> HttpResponse:
        given = form.cleaned_data
        try:
            _check_newcomer(self.identity, self.way)
            registration_rate_limit.take(self.request.META["REMOTE_ADDR"])
            return welcome(self.request, self.way, self.identity, self.next_page, given["username"], given["nickname"])
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        taken = self.identity.email if email_taken(self.identity.email) else ""
        return super().get_context_data(**kwargs) | {"title": self.way.title, "taken": taken}


class Unlink(LoginRequiredMixin, OAuthView):
    """Sign in by that provider no more."""

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        user = cast(User, request.user)
        oauth_link_delete(user_id=user.pk, provider=self.way.backend, others=[one.backend for one in ways()])
        messages.success(request, _("You cannot sign in by %(title)s any more.") % {"title": self.way.title})
        return redirect("accounts:ways-in")
