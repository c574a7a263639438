"""Answers to forms whose CSRF check fails: usually the user has signed in elsewhere since the page was loaded."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.forms import BaseForm, FileInput, PasswordInput
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.middleware.csrf import REASON_NO_CSRF_COOKIE, get_token
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import ResolverMatch
from django.utils.cache import add_never_cache_headers
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.generic import View
from django.views.generic.edit import FormMixin

from accounts.errors import FORM_REFUSED
from accounts.models import User
from accounts.oauth.providers import authorization_origins
from accounts.own_pages import own_page
from accounts.templatetags.form_user import FORM_USER_FIELD
from accounts.views.passkey_base import PasskeyView
from accounts.views.sign_in import GuestSignInView

_SIGN_OUT_VIEWS = {"accounts:logout", "admin:logout"}
_HIDDEN_FIELDS = {"csrfmiddlewaretoken", FORM_USER_FIELD}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a POST that the CSRF middleware refuses. This is the CSRF_FAILURE_VIEW.

    A sign-out happens anyway, unless another site asks for it. A form of this site is offered again with its input,
    except passwords, files and the input of another user. Nothing else is done. A call of the page's script gets JSON,
    with a new token in `csrf`. `reason` is Django's English explanation.
    """
    match = request.resolver_match
    assert match is not None, "the middleware checks requests that have a view"
    is_own_form = _is_own_form(reason)
    is_own_page = is_own_form or request.headers.get("Sec-Fetch-Site") == "same-origin"
    if match.view_name in _SIGN_OUT_VIEWS and is_own_page:
        logout(request)
        return redirect(settings.LOGOUT_REDIRECT_URL)
    text = _explanation(request, reason) if is_own_form else _foreign_explanation()
    if issubclass(getattr(match.func, "view_class", View), (GuestSignInView, PasskeyView)):
        token = {"csrf": get_token(request)} if is_own_form and not _is_anothers(request) else {}
        return JsonResponse({"error": text, "reason": FORM_REFUSED.key, **token}, status=FORM_REFUSED.http)
    response = (_form_again(request, match, text) if is_own_form else None) or _refusal_page(request, text, is_own_form)
    add_never_cache_headers(response)
    return response


def _is_own_form(reason: str) -> bool:
    """Return whether only the token is wrong. Django checks the origin first, for other reasons than these."""
    return reason.startswith("CSRF ")


def _is_anothers(request: HttpRequest) -> bool:
    """Return whether the form was made for another user than the present one. A sign-in form is made for no user."""
    return request.POST.get(FORM_USER_FIELD, "") not in ("", str(request.user.pk))


def _explanation(request: HttpRequest, reason: str) -> str:
    if reason == REASON_NO_CSRF_COOKIE:
        return _("Your browser did not send this site's cookies. Allow them, then send the form again.")
    if isinstance(request.user, User) and _is_anothers(request):
        return _(
            "Nothing was sent, because this page was opened by another user. This browser is now signed in as %(name)s."
        ) % {"name": request.user.public_name}
    if isinstance(request.user, User):
        return _(
            "Nothing was sent, because you signed in after you had opened this page. You are signed in as %(name)s. "
            "Check the form, then send it again."
        ) % {"name": request.user.public_name}
    return _("Nothing was sent, because this page was out of date. Check the form, then send it again.")


def _foreign_explanation() -> str:
    return _(
        "Nothing was sent, because the form seems to come from another site. If you opened it on this site, tell your "
        "administrator: the site's address or its proxy may be set up incorrectly."
    )


def _form_again(request: HttpRequest, match: ResolverMatch, text: str) -> HttpResponseBase | None:
    """Return the page of the form as a GET shows it, with the user's own input; None if the view has no such page.

    The view may redirect instead, such as to the sign-in page.
    """
    if not _shows_form(match):
        return None
    # Read before the method changes: Django parses the body of a POST only.
    typed, files, is_anothers = request.POST, request.FILES, _is_anothers(request)
    request.method = "GET"
    messages.error(request, text)
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    if isinstance(response, TemplateResponse):
        context = response.context_data or {}
        form = getattr(context.get("adminform"), "form", context.get("form"))
        if isinstance(form, BaseForm) and not is_anothers:
            _fill_in(form, typed, files)
        response.status_code = 403
    return response


def _shows_form(match: ResolverMatch) -> bool:
    """Return whether the view shows its form on GET: account pages, and the admin's pages that add or change a row."""
    view_class = getattr(match.func, "view_class", None)
    if view_class is not None:
        return issubclass(view_class, FormMixin)
    return hasattr(match.func, "model_admin") and (match.url_name or "").endswith(("_add", "_change"))


def _fill_in(form: BaseForm, typed: QueryDict, files: MultiValueDict[str, Any]) -> None:
    for name, field in form.fields.items():
        key, widget = form.add_prefix(name), field.widget
        is_kept = not (field.disabled or isinstance(widget, PasswordInput | FileInput))
        if is_kept and not widget.value_omitted_from_data(typed, files, key):
            form.initial[name] = widget.value_from_datadict(typed, files, key)


def _refusal_page(request: HttpRequest, text: str, is_own_form: bool) -> HttpResponse:
    """Return a page with the explanation. It offers to submit the user's own form again if that is safe and complete.

    Without an `Origin`, the form may come from another site, which must not get a valid token for its fields.
    """
    has_secrets = any("password" in name for name in request.POST) or bool(request.FILES)
    can_repeat = is_own_form and "Origin" in request.headers and not has_secrets and not _is_anothers(request)
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name not in _HIDDEN_FIELDS]
    came_from = own_page(request, request.headers.get("Referer", ""), "")
    context = {"text": text, "can_repeat": can_repeat, "fields": fields, "came_from": came_from}
    page = render(request, "accounts/form_refused.html", context, status=403)
    # The form may start a sign-in with a provider.
    page.form_targets = authorization_origins(request)  # type: ignore[attr-defined]
    return page
