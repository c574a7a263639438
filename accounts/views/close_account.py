"""CloseAccountView one's account: it is asked for certain, done, and the browser is signed out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView

from accounts.actions import user_deactivate
from accounts.errors import AccountError
from accounts.forms.profile import ReauthenticationForm
from accounts.reauthentication import is_certain
from accounts.views.profile import OwnPage


class CloseAccountView(OwnPage, FormView):  # type: ignore[type-arg]
    """One way to end it. `end(user_id=…)` does it, or raises an AccountError, which the form shows."""

    form_class = ReauthenticationForm
    end: ClassVar[Callable[..., None]]
    ended: ClassVar[Any]
    """What the person is told then."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.person}

    def form_valid(self, form: ReauthenticationForm) -> HttpResponse:
        if not is_certain(self.request, self.person, form):
            return self.form_invalid(form)
        try:
            type(self).end(user_id=self.person.pk)
        except AccountError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        logout(self.request)
        messages.success(self.request, self.ended)
        return redirect("accounts:login")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"here": "own-data"}


class Deactivate(CloseAccountView):
    """Shut oneself out; an administrator can open the account again."""

    template_name = "accounts/deactivate.html"
    end = staticmethod(user_deactivate)
    ended = _("Your account is closed. An administrator can open it again.")
