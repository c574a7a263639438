"""Base of the account pages whose form re-authenticates the user."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.generic.edit import FormView

from accounts.models import User
from accounts.reauthentication import must_confirm_first
from accounts.views.profile import AccountPageView


class ReauthenticatingFormView(AccountPageView, FormView):  # type: ignore[type-arg]
    """A page whose form is a ReauthenticationForm. Leads to the confirmation page first the users who need it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, User) and must_confirm_first(request, request.user):
            return redirect_to_confirmation(request.path)
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.user}


def redirect_to_confirmation(next_page: str) -> HttpResponse:
    """Return the redirect to the page that re-authenticates the user and leads to `next_page`."""
    return redirect(f"{reverse('accounts:confirm')}?{urlencode({REDIRECT_FIELD_NAME: next_page})}")
